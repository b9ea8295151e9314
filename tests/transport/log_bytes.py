"""What engines send of logs, made by hand, and reading it."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from console.errors import HostError
from console.model.logs.lines import LogFrames
from console.transport.base import LogAsk, LogReader

from .fake_engine import Handler, Request, full_id, hang

NS = 1_000_000_000
NOON = int(datetime(2024, 1, 1, 12, tzinfo=UTC).timestamp()) * NS


def stamp(ns: int) -> bytes:
    """As Docker writes it, with its blank."""
    seconds, rest = divmod(ns, NS)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode() + b".%09dZ " % rest


def frame(stream: int, entry: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(entry)) + entry


def line(ns: int, text: bytes, stream: int = 1) -> bytes:
    """A frame of a line, or of a part of one."""
    return frame(stream, stamp(ns) + text)


Row = tuple[int, int, bytes]


def rows(*many: LogFrames) -> list[Row]:
    """Frames as (stamp, stream, text)."""
    out: list[Row] = []
    for frames in many:
        out += zip(frames.stamps, frames.streams, frames.payloads, strict=True)
    return out


ID = full_id(7)
CHUNKED = "Transfer-Encoding: chunked"
END = b"0\r\n\r\n"

LOG = [line(NOON + n, b"line %d\n" % n, 1 + n % 2) for n in range(50)]
TOLD = [(NOON + n, 1 + n % 2, b"line %d\n" % n) for n in range(50)]


def answering(
    *chunks: bytes, end: bytes = END, headers: tuple[str, ...] = (CHUNKED,), stay: bool = False
) -> Handler:
    async def handler(request: Request) -> None:
        request.writer.write(request.head(200, *headers))
        for chunk in chunks:
            request.chunk(chunk)
        request.writer.write(end)
        await request.writer.drain()
        if stay:
            await hang(request)
        else:
            request.writer.close()

    return handler


async def read(engine: LogReader, ask: LogAsk) -> list[Row]:
    async with engine.logs(ID, ask) as batches:
        return rows(*[batch async for batch in batches])


async def until_fault(batches: AsyncIterator[LogFrames]) -> tuple[list[Row], HostError]:
    """What comes, and the error that ends it."""
    got: list[Row] = []
    while True:
        try:
            got += rows(await anext(batches))
        except HostError as error:
            return got, error
