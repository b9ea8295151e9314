"""Where mappings are kept: nobody overwrites what he has not seen, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.errors import ConfigError, StoreChanged, StoreFailed
from console.model.mappings.mapping import Book
from console.service.mappings.bookfile import HISTORY
from console.service.mappings.store import FileStore, MemoryStore
from tests.unit.mapping_samples import a_mapping

HAND = "# ours\nmappings:\n  db: {port: 1, to: [{host: a, container: b}], for: [{host: a, container: c}]}\n"


class TestClock:
    """Counts up a second with every look; sleeping is short."""

    __test__ = False

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def now(self) -> float:
        self.at += 1
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.005)


def put(path: Path, text: str) -> None:
    path.write_text(text)


def text_of(path: Path) -> str:
    return path.read_text()


def become_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mappings.yml"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[FileStore]:
    store = FileStore(file, TestClock(), lambda: "ops")
    yield store
    await store.aclose()


@pytest.fixture
async def other(file: Path) -> AsyncIterator[FileStore]:
    """Another console on the same file."""
    store = FileStore(file, TestClock(), lambda: "dba")
    yield store
    await store.aclose()


async def test_no_file_is_an_empty_book_and_the_first_write_makes_it(store: FileStore, file: Path) -> None:
    book = await store.read()
    assert book == Book()
    assert os.listdir(file.parent) == []
    after = await store.write(book.version, "db", a_mapping(), "ops")
    assert after.mappings == {"db": a_mapping()}
    assert await store.read() == after
    assert sorted(os.listdir(file.parent)) == [".mappings.yml.lock", HISTORY, "mappings.yml"]


async def test_revisions_count_up_and_name_their_parent(store: FileStore) -> None:
    version = ""
    wordings = [a_mapping(), a_mapping(ports=(5433,)), None, a_mapping()]
    for mapping in wordings:
        version = (await store.write(version, "db", mapping, "ops")).version
    history = await store.history("db")
    assert [one.number for one in history] == [4, 3, 2, 1]
    assert [one.mapping for one in reversed(history)] == wordings
    digests = [mapping.digest if mapping else "" for mapping in wordings]
    assert [one.parent for one in reversed(history)] == ["", *digests[:3]]
    assert {one.who for one in history} == {"ops"}
    assert await store.history("mq") == ()


async def test_what_is_already_so_is_no_revision(store: FileStore) -> None:
    book = await store.write("", "db", a_mapping(), "ops")
    assert await store.write(book.version, "db", a_mapping(), "ops") == book
    assert len(await store.history("db")) == 1


async def test_who_has_not_seen_the_newest_book_changes_nothing(
    store: FileStore, other: FileStore, file: Path
) -> None:
    mine = await store.read()
    await other.write((await other.read()).version, "db", a_mapping(), "dba")
    before = text_of(file)
    with pytest.raises(StoreChanged, match=r"db by dba.*nothing was changed"):
        await store.write(mine.version, "mq", a_mapping("mq"), "ops")
    assert text_of(file) == before
    assert (await store.read()).mappings == {"db": a_mapping()}


async def test_wordings_by_hand_are_in_the_history_once(
    store: FileStore, other: FileStore, file: Path
) -> None:
    put(file, HAND)
    book = await store.read()
    await other.read()
    history = await other.history("db")
    assert [(one.number, one.who) for one in history] == [(1, "by hand, seen by ops")]
    assert history[0].mapping == book.mappings["db"]
    put(file, "mappings:\n")
    await other.read()
    newest = (await store.history("db"))[0]
    assert (newest.number, newest.mapping) == (2, None)
    assert len((file.parent / HISTORY).read_text().splitlines()) == 2


async def test_an_edit_by_hand_between_read_and_write_is_not_overwritten(
    store: FileStore, file: Path
) -> None:
    book = await store.write("", "db", a_mapping(), "ops")
    put(file, HAND)
    with pytest.raises(StoreChanged):
        await store.write(book.version, "db", a_mapping(ports=(9,)), "ops")
    assert text_of(file) == HAND


async def test_a_file_with_problems_is_refused_and_left_alone(store: FileStore, file: Path) -> None:
    put(file, "mappings:\n  db: {}\n")
    with pytest.raises(ConfigError, match=r"mappings\.yml:2"):
        await store.read()
    become_directory(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        await store.read()


async def test_comments_mode_and_link_stay(tmp_path: Path) -> None:
    real = tmp_path / "git" / "shop.yml"
    real.parent.mkdir()
    real.write_text(HAND)
    real.chmod(0o660)
    link = tmp_path / "mappings.yml"
    link.symlink_to(real)
    store = FileStore(link, TestClock(), lambda: "ops")
    await store.write((await store.read()).version, "mq", a_mapping("mq"), "ops")
    await store.aclose()
    assert link.is_symlink()
    assert real.read_text().startswith(HAND)
    assert "  mq:\n" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o660
    assert (real.parent / HISTORY).exists()


async def test_fifty_wordings_are_kept_and_the_file_does_not_grow_for_ever(
    store: FileStore, other: FileStore, file: Path
) -> None:
    version = ""
    for port in range(1, 131):
        version = (await store.write(version, "db", a_mapping(ports=(port,)), "ops")).version
    history = await other.history("db")
    assert [one.number for one in history] == list(range(130, 80, -1))
    assert len((file.parent / HISTORY).read_text().splitlines()) <= 101


async def test_damaged_lines_are_passed_over_and_said(
    store: FileStore, other: FileStore, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = await store.write("", "db", a_mapping(), "ops")
    path = file.parent / HISTORY
    good = path.read_text()
    bad = json.loads(good) | {"mapping": {"id": "db"}}
    path.write_text(f'{good}\x00\xff junk\n{json.dumps(bad)}\n[1]\n{{"id": "db", "num')
    with caplog.at_level(logging.WARNING):
        assert len(await other.history("db")) == 1
    assert "damaged lines are passed over: 2, 3, 4, 5" in caplog.text
    await other.write(book.version, "db", a_mapping(ports=(2,)), "dba")
    assert [one.number for one in await store.history("db")] == [2, 1]


@contextmanager
def small_disk() -> Iterator[None]:
    """Files cannot become larger than 600 bytes: what a full disk does to whoever writes.

    It holds for the whole process, a report of tests that goes to a file included: not for long.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("what", ["book", "history"])
async def test_a_full_disk_loses_nothing(store: FileStore, other: FileStore, file: Path, what: str) -> None:
    version, number = "", 0
    failed: StoreFailed | None = None
    while failed is None:
        number += 1
        mapping_id = f"db{number}" if what == "book" else "db"
        before = {path.name: path.read_bytes() for path in file.parent.iterdir()}
        try:
            wanted = a_mapping(mapping_id, ports=(number,))
            with small_disk():
                version = (await store.write(version, mapping_id, wanted, "o")).version
        except StoreFailed as error:
            failed = error
        assert number < 30
    assert "nothing was changed" in str(failed)
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before
    assert (await other.read()).version == version


async def test_a_directory_that_cannot_be_written_says_what_to_do(
    store: FileStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(file, HAND)
    really = os.open

    def refusing(path: object, flags: int, *more: int) -> int:
        if flags & os.O_CREAT and str(path).startswith(str(file.parent)):
            raise PermissionError(13, "Permission denied")
        return really(path, flags, *more)  # type: ignore[call-overload]  # whatever os.open takes

    monkeypatch.setattr(os, "open", refusing)
    book = await store.read()
    assert [one.who for one in await store.history("db")] == ["by hand, seen by ops"]
    with pytest.raises(StoreFailed, match=f"Permission denied; nothing was changed; .*{file.parent}"):
        await store.write(book.version, "db", None, "ops")
    assert text_of(file) == HAND


async def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "gone" / "mappings.yml", TestClock(), lambda: "ops")
    assert await store.read() == Book()
    with pytest.raises(StoreFailed, match="there is no directory"):
        await store.write("", "db", a_mapping(), "ops")
    await store.aclose()


async def test_a_change_by_somebody_else_is_noticed_and_ones_own_is_not(
    store: FileStore, other: FileStore
) -> None:
    book = await store.read()
    waiting = asyncio.ensure_future(store.changed())
    book = await store.write(book.version, "db", a_mapping(), "ops")
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await other.write(book.version, "db", None, "dba")
    await asyncio.wait_for(waiting, 30)
    await store.read()
    again = asyncio.ensure_future(store.changed())
    await asyncio.sleep(0.05)
    assert not again.done()
    again.cancel()


HAMMER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from console.errors import StoreChanged
from console.service.mappings.store import FileStore
from tests.service.test_mapping_store import TestClock
from tests.unit.mapping_samples import a_mapping

async def main(path, name, times):
    store, lost = FileStore(Path(path), TestClock(), lambda: name), 0
    for number in range(int(times)):
        while True:
            book = await store.read()
            have = book.mappings.get("db")
            port = have.ports[0] + 1 if have else 1
            try:
                book = await store.write(book.version, "db", a_mapping(ports=(port,)), name)
                break
            except StoreChanged:
                lost += 1
    await store.aclose()
    print(lost)

asyncio.run(main(*sys.argv[1:]))
"""


def test_two_consoles_that_hammer_edits_lose_none(file: Path) -> None:
    times = 20
    running = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(file), name, str(times)], stdout=subprocess.PIPE, text=True
        )
        for name in ("ops", "dba")
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    lines = [json.loads(line) for line in (file.parent / HISTORY).read_text().splitlines()]
    assert [line["number"] for line in lines] == list(range(1, 2 * times + 1))
    assert [line["mapping"]["ports"][0] for line in lines] == list(range(1, 2 * times + 1))
    assert {line["who"] for line in lines} == {"ops", "dba"}
    assert f"port: {2 * times}\n" in file.read_text()


async def test_memory_behaves_alike() -> None:
    store = MemoryStore(TestClock(), Book({"db": a_mapping()}))
    book = await store.read()
    assert [one.number for one in await store.history("db")] == [1]
    waiting = asyncio.ensure_future(store.changed())
    await asyncio.sleep(0)
    after = await store.write(book.version, "db", None, "ops")
    await asyncio.wait_for(waiting, 30)
    assert after.mappings == {}
    with pytest.raises(StoreChanged):
        await store.write(book.version, "mq", a_mapping("mq"), "ops")
    again = await store.write(after.version, "db", replace(a_mapping(), ports=(1,)), "ops")
    assert again == await store.read()
    assert [(one.number, one.who) for one in await store.history("db")] == [
        (3, "ops"),
        (2, "ops"),
        (1, "demo"),
    ]
