"""From the bytes of a log's HTTP answer to columns: chunks, frames and stamps, in this process, without SSH.

Lines of 100 bytes as Docker sends them, one HTTP chunk and one frame each, in packets of so many lines as
sshd makes them of a fast engine, of a slow one, and of one that is read from a file at once.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterable

from console.transport.http import Sink
from console.transport.httpconn import HttpConnection
from console.transport.logfeed import LogFeed
from tests.bench.figures import line
from tests.transport.log_bytes import NOON, frame, stamp

LINES = 50_000
ROUNDS = 7
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Entry = Callable[[int], bytes]


def multiplexed(number: int) -> bytes:
    return frame(1 + number % 7 // 6, stamp(NOON + number * 9_173) + b"x" * 99 + b"\n")


def terminal(number: int) -> bytes:
    return stamp(NOON + number * 9_173) + b"x" * 98 + b"\r\n"


def podman(number: int) -> bytes:
    return frame(1, stamp(NOON + number * 9_173)[:19] + b"+01:00 " + b"x" * 99 + b"\n")


def by_fives(number: int) -> bytes:
    """Five frames in a chunk, as no engine sends them: the slow path."""
    return b"".join(multiplexed(n) for n in range(number, number + 5)) if number % 5 == 0 else b""


def packets(entry: Entry, sizes: Iterable[int]) -> list[bytes]:
    entries = filter(None, map(entry, range(LINES)))
    chunks = (b"%x\r\n%s\r\n" % (len(data), data) for data in entries)
    return [p for size in sizes if (p := b"".join(itertools.islice(chunks, size)))]


def as_recorded() -> Iterable[int]:
    """Lines in a packet of sshd's while a fast engine writes: a third are single, few are long."""
    choice = random.Random(1)
    while True:
        yield choice.choice((1, 1, 1, 2, 3, 3, 4, 5, 20, 21, 22, 40))


async def seconds(data: list[bytes], tty: bool) -> float:
    """CPU per line, in microseconds."""
    feed: Sink = LogFeed(tty, most_lines=1 << 60, most_bytes=1 << 60)
    connection = HttpConnection()
    connection.send(b"", feed)
    connection.data(HEAD)
    begun = time.process_time()
    for packet in data:
        connection.data(packet)
    assert isinstance(feed, LogFeed)
    frames = await feed.next()
    took = time.process_time() - begun
    assert frames is not None
    assert len(frames) == LINES
    return took / LINES * 1e6


def main() -> None:
    for what, entry, sizes, tty in (
        ("frames, packets as recorded", multiplexed, as_recorded(), False),
        ("frames, a packet each", multiplexed, itertools.repeat(1), False),
        ("frames, 200 in a packet", multiplexed, itertools.repeat(200), False),
        ("frames with Podman's stamps, as recorded", podman, as_recorded(), False),
        ("frames, five in a chunk", by_fives, as_recorded(), False),
        ("terminal, packets as recorded", terminal, as_recorded(), True),
        ("terminal, 200 in a packet", terminal, itertools.repeat(200), True),
    ):
        data = packets(entry, itertools.islice(sizes, LINES))
        print(line(what, [asyncio.run(seconds(data, tty)) for _ in range(ROUNDS)], "us/line"))


if __name__ == "__main__":
    main()
