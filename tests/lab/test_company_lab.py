"""A container in the network of another one that is redeployed, on a real engine: they stay together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.redeploying import CASES, Redeploying, images_and_networks


@pytest.fixture
def at(lab: Lab, tmp_path: Path) -> Iterator[Redeploying]:
    """`web`, and `proxy` in its network."""
    file = tmp_path / "hosts.yml"
    file.write_text(lab.hosts_yml.read_text() + "redeploy: {stable: 1s, timeout: 20s}\n")
    with images_and_networks(lab["h1"]):
        made = Redeploying(lab["h1"], file, tmp_path, CASES["rich"])
        lab["h1"].docker(
            "run", "-d", "--name", "proxy", "--restart=always", "--network", "container:web", "good:1"
        )
        assert together(lab["h1"])
        yield made
        lab["h1"].engine.clear()


def together(host: LabHost) -> bool:
    """Whether both run in one network namespace."""
    spaces = set()
    for name in ("web", "proxy"):
        state = host.engine.inspect(name)["State"]
        assert isinstance(state, dict)
        assert state["Running"], f"{name} does not run"
        spaces.add(os.stat(f"/proc/{state['Pid']}/ns/net").st_ino)
    return len(spaces) == 1


def test_it_goes_with_the_new_one(at: Redeploying) -> None:
    before = at.host.engine.inspect("proxy")["Id"]
    done = at.dockcon("redeploy", "--image", "good:2", *at.words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "proxy uses its network" in done.stdout
    assert at.check() == "new"
    assert together(at.host)
    assert at.host.engine.inspect("proxy")["Id"] != before
    assert at.host.engine.inspect("proxy.dockcon-prev")["Id"] == before
    assert not at.half_done()


def test_it_goes_back_with_the_old_one(at: Redeploying) -> None:
    before = at.host.engine.inspect("proxy")["Id"]
    done = at.dockcon("redeploy", "--image", "sick:1", *at.words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert at.check() == "old"
    assert together(at.host)
    assert at.host.engine.inspect("proxy")["Id"] == before


@pytest.mark.parametrize("goal", ["--finish", "--undo"])
@pytest.mark.parametrize("step", ["start", "keep"])
def test_killed_in_the_middle_and_recovered(at: Redeploying, step: str, goal: str) -> None:
    at.case = replace(at.case, image="good:2")
    at.begin()
    assert at.at(step)
    assert at.process is not None
    at.process.kill()
    at.end()
    for _ in range(2):
        at.dockcon("recover", goal, "--yes")
        if not at.half_done():
            break
    assert not at.half_done()
    assert at.check() in ("old", "new")
    assert together(at.host)
