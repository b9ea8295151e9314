"""Where mappings are kept: mappings.yml with its history beside it, or memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from console.config.mapping_edits import with_mapping
from console.errors import StoreChanged
from console.model.clock import Clock
from console.model.mappings.mapping import Book, Mapping, Revision
from console.service.mappings.annals import Wordings, added, following, missing
from console.service.mappings.bookfile import BookFile

FILE = "mappings.yml"
POLL = 1.0
"""Seconds between two looks at the file while somebody waits for a change."""

T = TypeVar("T")


class FileStore:
    """`Store` over one file. Belongs to one loop; the file is touched in a thread of its own."""

    def __init__(self, path: Path, clock: Clock, who: Callable[[], str]) -> None:
        """`who` says who sits here, for wordings that were written by hand and first seen by this console."""
        self._file = BookFile(path, clock, who)
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    async def read(self) -> Book:
        """The book; no file is an empty one. Raises ConfigError."""
        return await self._in_thread(self._file.read)

    async def write(self, version: str, mapping_id: str, mapping: Mapping | None, who: str) -> Book:
        """Put one mapping. Raises StoreChanged, StoreFailed, ConfigError."""
        return await self._in_thread(partial(self._file.write, version, mapping_id, mapping, who))

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first."""
        return await self._in_thread(partial(self._file.history, mapping_id))

    async def changed(self) -> None:
        """Wait until the file is not what it was when it was last read or written here."""
        file = self._file
        while True:
            now = await self._in_thread(file.stamp)
            if file.looked and now != file.seen:
                file.seen = now
                return
            file.seen, file.looked = now, True
            await self._clock.sleep(POLL)

    async def aclose(self) -> None:
        """Wait until what was begun is done."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="dockcon-mappings")
        # What was begun is finished, also when whoever waits for it is cancelled.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work))


class MemoryStore:
    """`Store` as long as it lives: for the demo, and fleets that stand in no file."""

    def __init__(self, clock: Clock, book: Book | None = None, who: str = "demo") -> None:
        self._clock = clock
        self._book = replace(book or Book(), version="1")
        self._wordings: Wordings = added(
            {}, missing({}, self._book.mappings, clock.now(), who) if book is not None else ()
        )
        self._waiting: asyncio.Event | None = None

    async def read(self) -> Book:
        """The book."""
        return self._book

    async def write(self, version: str, mapping_id: str, mapping: Mapping | None, who: str) -> Book:
        """Put one mapping. Raises StoreChanged."""
        if version != self._book.version:
            raise StoreChanged(
                "the mappings were changed by somebody else meanwhile",
                next_step="nothing was changed; plan again on what they say now",
            )
        if self._book.mappings.get(mapping_id) == mapping:
            return self._book
        revision = following(self._wordings, mapping_id, mapping, self._clock.now(), who)
        self._wordings = added(self._wordings, [revision])
        after = with_mapping(self._book, mapping_id, mapping)
        self._book = replace(after, version=str(int(version) + 1))
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.set()
        return self._book

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first."""
        return tuple(reversed(self._wordings.get(mapping_id, ())))

    async def changed(self) -> None:
        """Wait for the next write."""
        if self._waiting is None:
            self._waiting = asyncio.Event()
        await self._waiting.wait()

    async def aclose(self) -> None:
        """Nothing is held."""
