"""Archives out of containers and into them: in pieces, and never taken for whole when they are not."""

from __future__ import annotations

import asyncio
import base64
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console.errors import (
    EngineDown,
    EngineError,
    OutcomeUnknown,
)
from console.model.hosts import HostSpec
from console.transport.engine import HttpEngine
from console.transport.httpinside import path_stat
from console.transport.live import LiveTransport

from .execs import ID, Execs
from .fake_engine import Request
from .waiting import until


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[Execs]:
    engine = Execs()
    async with engine.serving(tmp_path / "s"):
        yield engine


@pytest.fixture
async def engine(fake: Execs, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    found = await link.engine()
    fake.asked.clear()
    yield found  # type: ignore[misc]  # the protocol's Engine is this one here
    await transport.aclose()
    await until(lambda: not fake.open)


async def pieces(data: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def archive(**files: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return written.getvalue()


async def test_what_a_path_is(fake: Execs, engine: HttpEngine) -> None:
    found = await engine.inside.stat(ID, "/srv/my data")
    assert found is not None
    assert (found.name, found.size, found.plain, found.directory) == ("data", 5, True, False)
    assert fake.asked[-1][1] == {"path": ["/srv/my data"]}

    async def nothing(request: Request) -> None:
        request.writer.write(request.head(404, "Content-Length: 30"))

    fake.faults["/archive"] = nothing
    assert await engine.inside.stat(ID, "/none") is None
    assert (await engine.ping()) > 0, "the connection is still of use"


@pytest.mark.parametrize(
    "header", ["", "!!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()]
)
def test_a_stat_that_cannot_be_read(header: str) -> None:
    assert path_stat(header) is None


async def test_an_archive_is_read_to_its_end(fake: Execs, engine: HttpEngine) -> None:
    fake.archive = archive(a=b"x" * 300_000)
    async with engine.inside.fetch(ID, "/a") as stream:
        assert b"".join([piece async for piece in stream]) == fake.archive


async def test_an_archive_that_is_cut_is_no_end(fake: Execs, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
        request.chunk(b"x" * 1024)
        await request.writer.drain()
        request.writer.close()

    fake.faults["/archive"] = cut
    async with engine.inside.fetch(ID, "/a") as stream:
        with pytest.raises(EngineDown):
            async for _ in stream:
                pass


async def test_an_archive_is_sent_in_pieces(fake: Execs, engine: HttpEngine) -> None:
    data = archive(a=b"y" * 500_000)
    await engine.inside.store(ID, "/srv", pieces(data))
    assert fake.stored == data
    path, query, _ = fake.asked[-1]
    assert path == f"PUT containers/{ID}/archive"
    assert query == {"path": ["/srv"], "noOverwriteDirNonDir": ["1"]}


async def test_an_engine_that_refuses_an_archive_ends_the_sending(fake: Execs, engine: HttpEngine) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"z" * 65536
            await asyncio.sleep(0)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"message":"container rootfs is marked read-only"}'
        writer.write(b"HTTP/1.1 403 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        await reader.read()
        return None

    fake._read = refuse  # type: ignore[method-assign]  # before the body is there
    with pytest.raises(EngineError, match="read-only"):
        await engine.inside.store(ID, "/srv", endless())
    assert sent


async def test_an_archive_whose_answer_is_lost(fake: Execs, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        request.writer.transport.abort()

    fake.faults["/archive"] = cut
    with pytest.raises(OutcomeUnknown, match="some of it may be there"):
        await engine.inside.store(ID, "/srv", pieces(b"x" * 10))


async def test_an_archive_that_cannot_be_made_is_not_sent_to_its_end(fake: Execs, engine: HttpEngine) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        await engine.inside.store(ID, "/srv", broken())
    assert fake.stored == b""
