"""Secrets planted in a container on a real engine: on no screen, in no audit file, in no log of ours."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.console import Console
from tests.lab.lab import Lab
from tests.lab.options import QUICK, make_image

ENV, URL, LABEL, FLAG = "Xenon-Plum-41", "Quartz-Fig-42", "Basalt-Pear-43", "Onyx-Lime-44"
QUIET = 0.7
"""Seconds: a dialog hears no key for half a second after it opens."""
PLANTED = (ENV, URL, LABEL, FLAG)


@pytest.fixture
def shop(lab: Lab) -> None:
    """One container that carries them all."""
    host = lab["h1"]
    make_image(host, "keeps:1")
    host.docker(
        *("run", "-d", "--name", "web", "--restart=always", "-e", f"DB_PASSWORD={ENV}"),
        *("-e", f"DATABASE_URL=postgres://shop:{URL}@db:5432/shop", "-l", f"vendor.api-token={LABEL}"),
        *("keeps:1", "sh", "-c", QUICK, "--", f"--password={FLAG}"),
    )


@pytest.mark.usefixtures("shop")
def test_no_screen_shows_a_planted_secret(lab: Lab, console: Console, tmp_path: Path) -> None:
    terminal, seen = console.terminal, tmp_path / "seen"
    terminal.size = (200, 50)
    terminal.start()
    # Every byte that reaches the terminal, not only what was on it when we looked.
    terminal.record(seen)
    console.open("web")
    terminal.keys("Home", "Enter")
    terminal.shows("--password=***")
    terminal.keys("2")
    terminal.shows("DB_PASSWORD")
    terminal.keys("3")
    terminal.shows("Config")
    terminal.keys("PageDown", "PageDown", "PageDown")
    terminal.keys("Escape")
    terminal.hides("3 Inspect")
    terminal.keys("r")
    terminal.shows("Restart 1 container?")
    time.sleep(QUIET)
    terminal.keys("Escape")
    terminal.hides("Restart 1 container?")
    terminal.keys("R")
    terminal.shows("what shall be different?")
    time.sleep(QUIET)
    terminal.keys("Escape")
    terminal.hides("what shall be different?")
    for pane in "23457":
        terminal.keys(pane)
    terminal.keys("1")
    terminal.shows("web")
    for word in PLANTED:
        assert word not in seen.read_text(errors="replace"), word
        assert word not in console.log(), word


@pytest.mark.usefixtures("shop")
def test_no_verb_and_no_audit_file_tells_a_planted_secret(lab: Lab, console: Console) -> None:
    def dockcon(*words: str) -> str:
        done = subprocess.run(
            [*console.command.split(), *words],
            env={"PATH": "/usr/bin:/bin", "HOME": str(console.home), "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    said = dockcon("ps", "--json", "h1/web")
    said += dockcon("restart", "--yes", "--wait", "h1/web")
    said += dockcon("redeploy", "--dry-run", "h1/web", "--no-pull")
    said += dockcon("redeploy", "--yes", "--no-pull", "--json", "h1/web")
    said += dockcon("events", "--since", "5m", "--no-follow", "--json")
    said += dockcon("audit", "--json")
    assert "redeploy" in said
    written = [path for path in console.home.rglob("*") if path.is_file()]
    assert any("audit" in path.name for path in written)
    for word in PLANTED:
        assert word not in said, word
        for path in written:
            assert word.encode() not in path.read_bytes(), (word, path)
