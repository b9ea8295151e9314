"""What is saved: every line whole, as text and as JSON lines, for its owner alone, off the loop."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from console.config.schema import LogCaps
from console.model.logs.lines import NoteKind, Stream
from console.ui.logs import saving
from tests.ui.logs.tap import MS, NOON_NS, WEB, FakeDesk, Logs, logs, note, source, view
from tests.ui.waiting import until

LONG = b"x" * 2_000_000 + b" tail"


Rows = list[dict[str, object]]


def read(directory: Path) -> tuple[list[str], Rows]:
    """Both files, line by line."""
    text, rows = sorted(directory.iterdir(), reverse=True)
    assert (text.suffix, rows.suffix, text.stem) == (".txt", ".jsonl", rows.stem)
    for path in (text, rows):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    return text.read_text().split("\n")[:-1], [json.loads(row) for row in rows.read_text().splitlines()]


async def saved(console: Logs, directory: Path) -> tuple[list[str], Rows]:
    """Save, and read both files."""
    await console.press("ctrl+s")
    await until(lambda: "saved " in console.status)
    return read(directory)


async def test_lines_are_whole_and_harmless(tmp_path: Path) -> None:
    desk = FakeDesk(view(WEB), view(source(1, "db", "db-1")))
    async with logs(desk, (120, 24), saved_to=tmp_path / "saved") as console:
        gap = note(NoteKind.GAP, "12 lines may be missing", 1, NOON_NS + 21 * MS, from_ns=1, to_ns=2)
        await console.feed("one", (1, Stream.ERR, b"\x1b[31mred\x9b\rover\xff"), gap, LONG)
        text, rows = await saved(console, tmp_path / "saved")
    assert text[0].startswith("prod: Logs, web@app-1, follow")
    assert text[1] == "2024-06-01T12:00:00.007000000Z web@app-1 | one"
    assert text[2] == "2024-06-01T12:00:00.014000000Z db@db-1 ! red\ufffd over\ufffd"
    assert text[3] == "2024-06-01T12:00:00.021000000Z db@db-1 * 12 lines may be missing"
    assert text[4].endswith(LONG.decode())
    assert len(text) == 5
    assert [row["message"] for row in rows] == [
        "one",
        "\x1b[31mred\ufffd\rover\ufffd",
        "12 lines may be missing",
        LONG.decode(),
    ]
    assert rows[1]["container"]["name"] == "db"  # type: ignore[index]
    assert rows[1]["stream"] == "stderr"
    assert rows[2]["dockcon"]["gap"]["reason"] == "12 lines may be missing"  # type: ignore[index]


async def test_what_the_filter_shows_is_what_is_saved(tmp_path: Path) -> None:
    async with logs(
        size=(120, 24), saved_to=tmp_path / "saved", caps=LogCaps(lines=16, bytes=1 << 20)
    ) as console:
        for turn in range(4):
            await console.feed(*(f"{'odd' if n % 2 else 'even'} {turn}.{n}" for n in range(8)))
        await console.press("ampersand")
        await console.type("odd")
        await console.press("enter")
        text, rows = await saved(console, tmp_path / "saved")
        shown = console.view.shown.count
    assert [line.split("| ")[1] for line in text[1:]] == [row["message"] for row in rows]
    assert len(rows) == shown > 0
    assert all(str(row["message"]).startswith("odd") for row in rows)


async def test_it_is_written_in_a_thread_while_lines_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, threads = threading.Event(), []
    write = saving.write

    def slow(*given: object) -> tuple[Path, int]:
        threads.append(threading.current_thread())
        assert go.wait(30)
        return write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(saving, "write", slow)
    async with logs(size=(120, 24), saved_to=tmp_path / "saved") as console:
        await console.feed("before")
        await console.press("ctrl+s")
        await console.feed("after")
        assert "after" in console.rows()[-1]
        go.set()
        await until(lambda: "saved 1 line " in console.status)
    assert threads
    assert threads[0] is not threading.main_thread()


async def test_what_cannot_be_saved_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "plain", full)
    async with logs(size=(120, 24), saved_to=tmp_path / "saved") as console:
        await console.feed("x")
        await console.press("ctrl+s")
        await until(lambda: "No space left" in "\n".join(console.lines()))
    assert list((tmp_path / "saved").iterdir()) == []
