"""An image that only one host has, redeployed on another: through the console, never whole in its memory."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.disk import data_root
from tests.lab.host import LabHost
from tests.lab.image import IMAGE
from tests.lab.lab import Lab
from tests.lab.machine import wait_for
from tests.lab.options import QUICK
from tests.lab.redeploying import CASES, Redeploying, images_and_networks

MEGABYTES = 192


@pytest.fixture
def hosts_yml(lab: Lab, tmp_path: Path) -> Path:
    file = tmp_path / "hosts.yml"
    file.write_text(lab.hosts_yml.read_text() + "redeploy: {stable: 1s, timeout: 20s}\n")
    return file


@pytest.fixture
def lender(lab: Lab) -> Iterator[LabHost]:
    """Has an image that is too large to be kept in memory unseen."""
    host = lab["h2"]
    host.docker(
        "run", "--name", "maker", IMAGE, "dd", "if=/dev/urandom", "of=/big", "bs=1M", f"count={MEGABYTES}"
    )
    host.docker("commit", "--change", f'CMD ["sh", "-c", "{QUICK}"]', "maker", "good:9")
    host.docker("rm", "maker")
    yield host
    for one in (host, lab["h1"]):
        one.engine.clear()
        one.docker("image", "rm", "-f", "good:9", check=False)


def peak_of(pid: int) -> int:
    """MiB that the process had at most by now; 0 where it has ended. (`wait4` counts the memory of whoever
    started it, too: it was that process for a moment.)
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) >> 10
    return 0


def image_id(host: LabHost) -> str:
    return host.docker("image", "inspect", "-f", "{{.Id}}", "good:9", check=False).strip("[]\n ")


def test_it_is_sent_and_the_console_stays_small(
    lab: Lab, hosts_yml: Path, tmp_path: Path, lender: LabHost
) -> None:
    with images_and_networks(lab["h1"]):
        at = Redeploying(lab["h1"], hosts_yml, tmp_path, CASES["plain"])
        words = ("redeploy", "--yes", "--image", "good:9", "h1/web")
        assert at.dockcon(*words, "--no-pull").returncode == 6
        began = time.monotonic()
        process = subprocess.Popen(
            at.command(*words, "--from-host", "h2"), env=at.environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        said, peak = "", 0
        with process.stdout as lines:
            for line in lines:
                said += line
                peak = peak_of(process.pid) or peak
        assert process.wait(60) == 0, said
        assert "its image is sent from h2 first: " in said
        assert "all of it sent: " in said
        seconds = time.monotonic() - began
        print(f"{MEGABYTES} MiB and the redeploy in {seconds:.1f} s, {peak} MiB of memory at most")
        assert 20 < peak < 130
        now = at.named("web")
        assert now is not None
        assert now["Image"] == image_id(lender)


def test_a_console_that_is_killed_meanwhile_leaves_no_image_and_the_old_one_alone(
    lab: Lab, hosts_yml: Path, tmp_path: Path, lender: LabHost
) -> None:
    with images_and_networks(lab["h1"]):
        at = Redeploying(lab["h1"], hosts_yml, tmp_path, replace(CASES["plain"], image="good:9"))
        at.words = ("--from-host", "h*", "--yes", "h1/web")
        at.begin()
        assert at.at("send")
        with at._step:
            assert at._step.wait_for(lambda: "of about" in at.log, 60), at.log
        assert at.process is not None
        at.process.kill()
        at.end()
        assert not at.half_done()
        assert at.check() == "old"
        assert not image_id(lab["h1"])
        wait_for(lambda: not list((data_root(lab["h1"]) / "tmp").iterdir()), "the engine to tidy up")
