"""`dockcon` without a verb and without a file: what is offered."""

from __future__ import annotations

import io
import sys
import threading
import time
from pathlib import Path

import pytest

from console.cli import start
from console.config.schema import Settings
from console.service.handle import FleetHandle
from console.service.who import Who
from tests.cli.conftest import Done, Run


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[FleetHandle, Settings, dict[str, object]]]:
    """What the console was opened with, instead of a screen."""
    seen: list[tuple[FleetHandle, Settings, dict[str, object]]] = []

    def run(handle: FleetHandle, settings: Settings, **rest: object) -> int:
        import asyncio

        seen.append((handle, settings, rest))
        asyncio.run(handle.aclose())
        return 0

    from console.ui import app

    monkeypatch.setattr(app, "run", run)
    monkeypatch.setattr(start, "on_terminal", lambda: True)
    return seen


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


Opened = list[tuple[FleetHandle, Settings, dict[str, object]]]


def test_the_demo(run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    answer(monkeypatch, "")
    assert run("--read-only", "--demo", "--host", "app-*").code == 0
    ((handle, _, rest),) = opened
    assert handle.fleet == "demo"
    assert [spec.name for spec in handle.hosts] == ["app-1", "app-2"]
    assert isinstance(rest.pop("who"), Who)
    assert rest == {
        "read_only": True,
        "shared": None,
        "state": home / ".local/state/dockcon",
        "themes": home / ".config/dockcon/themes",
    }


def offered(run: Run, monkeypatch: pytest.MonkeyPatch, home: Path, text: str) -> Done:
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/config").write_text("Host one two\n")
    monkeypatch.setattr("console.config.offers._is_socket", lambda path: path == "/var/run/docker.sock")
    answer(monkeypatch, text)
    return run()


def test_what_is_there_is_offered(
    run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    done = offered(run, monkeypatch, home, "\n")
    assert done.code == 2
    assert "there is no hosts.yml: looked for" in done.err
    assert "1  the engine of this machine (/var/run/docker.sock)" in done.err
    assert f"2  the 2 hosts of {home}/.ssh/config (one and two)" in done.err
    assert "3  a demo" in done.err
    assert opened == []


@pytest.mark.parametrize(
    ("text", "hosts"), [("1\n", ["here"]), ("2\n", ["one", "two"]), ("3\n", ["app-1", "app-2", "db-1"])]
)
def test_a_choice_opens_the_console(
    run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch, home: Path, text: str, hosts: list[str]
) -> None:
    from console.transport.clock import SystemClock
    from console.transport.memory import MemoryFleet, MemoryTransport

    monkeypatch.setattr("console.cli.setup._live", lambda: MemoryTransport(MemoryFleet(SystemClock())))
    assert offered(run, monkeypatch, home, text).code == 0
    assert [spec.name for spec in opened[0][0].hosts] == hosts


def test_a_choice_of_nothing(run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert offered(run, monkeypatch, home, "9\n").code == 2


def test_mistakes_in_the_settings_stop_nobody(
    run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (home / ".config/dockcon").mkdir(parents=True)
    (home / ".config/dockcon/settings.yml").write_text("fps: many\ntheme: dark\n")
    answer(monkeypatch, "")
    done = run("--demo")
    assert done.code == 0
    assert "fps: `many` is not a whole number" in done.err
    assert opened[0][1].theme == "dark"


def test_the_time_zone_of_the_settings(
    run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("TZ", "EST5")
    time.tzset()
    try:
        (home / ".config/dockcon").mkdir(parents=True)
        (home / ".config/dockcon/settings.yml").write_text("time_zone: utc\n")
        answer(monkeypatch, "")
        assert run("--demo").code == 0
        assert time.localtime(0).tm_hour == 0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_screen_that_cannot_be_loaded_leaves_nothing_behind(
    run: Run, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "")
    monkeypatch.setitem(sys.modules, "console.ui.app", None)
    monkeypatch.delattr("console.ui.app", raising=False)
    with pytest.raises(ImportError):
        run("--demo")
    assert "dockcon-network" not in {thread.name for thread in threading.enumerate()}
