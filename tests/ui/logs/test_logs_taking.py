"""What can be taken from the logs: copies, bookmarks, whole lines, files."""

from __future__ import annotations

import base64

import pytest

from console.model.logs.lines import Stream
from console.ui.logs.lines_pane import Bookmarked
from tests.ui.logs.tap import WEB, FakeDesk, logs, source, view
from tests.ui.waiting import until


async def test_copies_what_is_chosen_as_shown_or_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with logs(FakeDesk(view(WEB), view(source(1, "db", "db-1")))) as console:
        written: list[str] = []
        monkeypatch.setattr(console.app._driver, "write", written.append)

        def copied() -> str:
            return base64.b64decode([w for w in written if w.startswith("\x1b]52")][-1][7:-1]).decode()

        await console.feed('{"level": "info", "msg": "hello"}', (1, Stream.ERR, "\x1b[31mred"), "third")
        await console.press("up", "y")
        assert copied() == "12:00:00.014 db@db-1 red"
        await console.press("home", "space", "space", "y")
        assert copied() == "12:00:00.007 web@app-1 INFO  hello\n12:00:00.014 db@db-1 red"
        assert "2 lines" in console.status
        await console.press("Y")
        assert copied() == '{"level": "info", "msg": "hello"}\nred'


async def test_a_bookmark_tells_line_and_source() -> None:
    async with logs() as console:
        await console.feed("a", "b")
        await console.press("b")
        assert console.app.logs.bookmarks == []
        assert "up holds" in console.status
        await console.press("up", "b")
        await until(lambda: console.app.logs.bookmarks)
        (mark,) = console.app.logs.bookmarks
        assert isinstance(mark, Bookmarked)
        assert (mark.line.raw, mark.source) == (b"a", WEB)


async def test_a_line_is_read_whole() -> None:
    async with logs() as console:
        await console.feed('{"level": "error", "msg": "broken", "deep": {"a": [1, 2]}}', b"y" * 3_000_000)
        await console.press("enter")
        await until(lambda: "Unix time" in "\n".join(console.lines()) or "yyy" in "\n".join(console.lines()))
        await console.press("end")
        assert any("3,000,000 bytes (2.9M)" in row for row in console.lines())
        await console.press("escape", "up", "enter")
        await until(lambda: any('"deep": {' in row for row in console.lines()))
        said = "\n".join(console.lines())
        assert "12:00:00.007000000" in said
        assert "web@app-1" in said
        assert "standard output" in said
        assert "error" in said
