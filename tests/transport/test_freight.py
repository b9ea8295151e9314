"""Images from one engine to another: every byte, no faster than the slower one, nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from console.errors import EngineDown, EngineError, NotFound
from console.model.hosts import HostSpec
from console.transport.base import Engine
from console.transport.live import LiveTransport

from .fake_engine import FakeEngine, Request, chunks_of, hang
from .waiting import until

BLOCK = bytes(range(256)) * 256
LOADED = {"stream": "Loaded image: web:2\n"}


class Two:
    """A host that has an image, and one that does not."""

    def __init__(self) -> None:
        self.source, self.goal = FakeEngine(), FakeEngine()
        self.goal.unread.append("/images/load")
        self.engines: list[Engine] = []
        self.given = self.taken = 0
        self.arrived: list[bytes] = []

    def gives(self, blocks: int) -> None:
        async def archive(request: Request) -> None:
            request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
            for _ in range(blocks):
                request.chunk(BLOCK)
                await request.writer.drain()
                self.given += len(BLOCK)
            request.writer.write(b"0\r\n\r\n")

        self.source.faults["/images/web:2/get"] = archive

    def takes(self, *, said: dict[str, object] = LOADED, start: asyncio.Event | None = None) -> None:
        async def load(request: Request) -> None:
            if start is not None:
                await start.wait()
            async for chunk in chunks_of(request.reader):
                self.taken += len(chunk)
                self.arrived.append(chunk[:16])
            request.answer(200, said)

        self.goal.faults["/images/load"] = load

    async def send(self) -> None:
        source, goal = self.engines
        async with source.deeds.export("web:2") as parts:
            await goal.deeds.load(parts)


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[Two]:
    made, transport = Two(), LiveTransport()
    async with AsyncExitStack() as stack:
        for name, fake in (("a", made.source), ("b", made.goal)):
            await stack.enter_async_context(fake.serving(folder / name))
            link = await transport.connect(HostSpec(name=name, local=str(folder / name)), None)
            made.engines.append(await link.engine())
        try:
            yield made
        finally:
            await transport.aclose()
            await until(lambda: not made.source.open and not made.goal.open)


async def test_every_byte_arrives(tmp_path: Path) -> None:
    async with two(tmp_path) as t:
        t.gives(200)
        t.takes()
        await t.send()
        assert t.taken == t.given == 200 * len(BLOCK)


async def test_the_slower_one_holds_the_other_back(tmp_path: Path) -> None:
    """A hundred megabytes never wait in the console."""
    async with two(tmp_path) as t:
        start = asyncio.Event()
        t.gives(1600)
        t.takes(start=start)
        sending = asyncio.create_task(t.send())
        before = -1
        while t.given != before:  # until nothing moves any more
            before = t.given
            await asyncio.sleep(0.3)
        assert 0 < t.given < 20 << 20
        start.set()
        await sending
        assert t.taken == 1600 * len(BLOCK)


async def test_an_engine_that_cannot_keep_it_says_so(tmp_path: Path) -> None:
    async with two(tmp_path) as t:
        t.gives(20)
        t.takes(said={"errorDetail": {"message": "no space left on device"}, "error": "x"})
        with pytest.raises(EngineError, match="x"):
            await t.send()


async def test_an_engine_that_says_no_in_the_middle_is_not_sent_the_rest(tmp_path: Path) -> None:
    async with two(tmp_path) as t:
        t.gives(1600)

        async def refuse(request: Request) -> None:
            request.writer.write(request.head(500, "Connection: close", "Content-Length: 23"))
            request.writer.write(b'{"message":"disk full"}')
            await request.writer.drain()

        t.goal.faults["/images/load"] = refuse
        with pytest.raises(EngineError, match="disk full"):
            await t.send()
        assert t.given < 1600 * len(BLOCK)


async def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    async with two(tmp_path) as t:

        async def gone(request: Request) -> None:
            request.answer(404, {"message": "No such image: web:2"})

        t.source.faults["/images/web:2/get"] = gone
        t.takes()
        with pytest.raises(NotFound, match="No such image"):
            await t.send()


async def test_an_archive_that_is_cut_is_not_one_that_ended(tmp_path: Path) -> None:
    async with two(tmp_path) as t:

        async def cut(request: Request) -> None:
            request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
            request.chunk(BLOCK)
            await request.writer.drain()
            await until(lambda: t.taken)
            request.writer.transport.abort()

        t.source.faults["/images/web:2/get"] = cut
        ended = asyncio.Event()

        async def load(request: Request) -> None:
            try:
                async for chunk in chunks_of(request.reader):
                    t.taken += len(chunk)
            except (asyncio.IncompleteReadError, ValueError):
                ended.set()

        t.goal.faults["/images/load"] = load
        with pytest.raises(EngineDown):
            await t.send()
        async with asyncio.timeout(30):
            await ended.wait()


async def test_who_does_not_wait_any_more_leaves_nothing_behind(tmp_path: Path) -> None:
    async with two(tmp_path) as t:
        t.gives(1600)
        t.goal.faults["/images/load"] = hang
        sending = asyncio.create_task(t.send())
        await until(lambda: t.given > 1 << 20)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        # Both engines see their connection closed; the others are those of the start.
        await until(lambda: len(t.source.open) <= 1 and len(t.goal.open) <= 1)
