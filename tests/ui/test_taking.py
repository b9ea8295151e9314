"""Copying and saving: what goes where, and what is said about it."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from console.ui.clipboard import LIMIT, sequence
from console.ui.taking import save
from tests.ui.driving import driven
from tests.ui.fleet import NOON, small_fleet
from tests.ui.waiting import until


def test_plain_and_wrapped_for_tmux() -> None:
    plain = sequence("web@app-1", in_tmux=False)
    assert plain == f"\x1b]52;c;{base64.b64encode(b'web@app-1').decode()}\x07"
    both = sequence("web@app-1", in_tmux=True)
    assert both == plain + "\x1bPtmux;\x1b" + plain + "\x1b\\"


def test_too_much_is_not_sent() -> None:
    assert sequence("x" * LIMIT, in_tmux=False)
    assert sequence("x" * (LIMIT + 1), in_tmux=False) == ""
    assert sequence("", in_tmux=False) == ""


async def test_copy_names_rows_and_says_only_that_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with driven(small_fleet()) as console:
        written: list[str] = []
        monkeypatch.setattr(console.app._driver, "write", written.append)
        await console.press("down", "y")
        assert sequence("web@app-1", in_tmux=False) in written
        assert "sent to the terminal: web@app-1" in console.line("#status")
        await console.press("space", "space", "y")
        assert sequence("web@app-1\nworker@app-1", in_tmux=False) in written
        assert "sent to the terminal: 2 names" in console.line("#status")
        await console.press("Y")
        copied = [w for w in written if w.startswith("\x1b]52")][-1]
        assert "importer" in base64.b64decode(copied[7:-1]).decode()


async def test_saving_a_pane_whole(tmp_path: Path) -> None:
    async with driven(small_fleet(), (70, 20), state=tmp_path) as console:
        await console.press("ctrl+s")
        (saved,) = (tmp_path / "saved").iterdir()
        assert f"saved to {tmp_path}"[:60] in console.line("#status")
    text = saved.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "prod: Containers, 6, by host"
    assert "registry.example.com/shop/app:1.4" in text
    assert "~ db-1" in text
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.parent.stat().st_mode) == 0o700


async def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    (tmp_path / "saved").write_text("in the way")
    async with driven(small_fleet(), state=tmp_path) as console:
        await console.press("ctrl+s")
        await until(lambda: "not saved" in console.screen())


def test_two_files_of_one_second_have_two_names(tmp_path: Path) -> None:
    first, second = (save(tmp_path, "dockcon-x", text, NOON) for text in "ab")
    assert first != second
    assert (first.read_text(), second.read_text()) == ("a", "b")
