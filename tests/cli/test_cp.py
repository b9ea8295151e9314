"""`dockcon cp`."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from console.cli.cp import Place, place_of
from console.errors import UsageError
from console.transport.memory import MemoryFleet

from .conftest import HOSTS, Run

OBSERVED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: observe}")


@pytest.fixture(autouse=True)
def hosts() -> None:
    Path("hosts.yml").write_text(HOSTS, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a/web:/etc/hosts", Place("/etc/hosts", "a/web")),
        ("web@a:etc", Place("/etc", "web@a")),
        ("file", Place("file")),
        ("./a:b", Place("./a:b")),
        ("/a:b", Place("/a:b")),
        ("-", Place("-")),
    ],
)
def test_both_ends(text: str, place: Place) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", [":/etc", "a/web:"])
def test_an_end_that_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        place_of(text)


def test_out_in_and_out_again(run: Run, fleet: MemoryFleet) -> None:
    done = run("cp", "a/web:/app/README", "here")
    assert done.code == 0
    assert done.out.startswith("a/web:/app/README -> here: ")
    again = run("cp", "a/web:/app/README", "here")
    assert (again.code, Path("here").exists()) == (1, True)
    assert "--force" in again.err
    Path("here").write_text("changed")
    assert run("cp", "here", "a/web:/tmp").code == 0
    assert run("cp", "here", "a/web:/tmp").code == 1
    assert run("cp", "--force", "here", "a/web:/tmp", "--json").rows[0]["to"] == "a/web:/tmp"
    assert run("exec", "a/web", "--", "cat", "/tmp/here").out == "changed"
    assert run("cp", "a/web:/tmp/here", "b/db:/tmp").code == 0
    assert run("exec", "b/db", "--", "cat", "/tmp/here").out == "changed"


def test_an_archive_on_standard_output(run: Run, fleet: MemoryFleet) -> None:
    done = run("cp", "a/web:/app", "-")
    assert done.code == 0
    with tarfile.open(fileobj=io.BytesIO(done.out.encode())) as tar:
        assert "app/README" in tar.getnames()
    assert not Path("-").exists()


def test_guards_and_mistakes(run: Run, fleet: MemoryFleet) -> None:
    Path("f").write_text("x")
    assert run("cp", "f", "g").code == 2
    assert run("cp", "*/*:/etc", "g").code == 2
    assert run("--read-only", "cp", "f", "a/web:/tmp").code == 6
    assert run("--read-only", "cp", "a/web:/app/README", "copy").code == 0
    Path("hosts.yml").write_text(OBSERVED, encoding="utf-8")
    assert run("cp", "f", "b/db:/tmp").code == 6
    assert run("cp", "b/db:/app/README", "seen").code == 0
    assert run("cp", "a/web:/none", ".").code == 1
