"""The writer: order, room, readers who stop, readers who are gone, files that are full."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Iterator

import pytest

from console.cli.writer import ROOM, Sink, Writer
from console.errors import DockconError


class Pipe:
    """A pipe whose one end is a text stream, as standard output is."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.read_end, write_end = os.pipe()
        self.stream = os.fdopen(write_end, "w", encoding=encoding)

    def read(self, size: int = 1 << 16) -> bytes:
        return os.read(self.read_end, size)

    def hang_up(self) -> None:
        os.close(self.read_end)
        self.read_end = -1

    def close(self) -> None:
        self.stream.close()
        if self.read_end >= 0:
            self.hang_up()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "dockcon-output"]


async def gone(pipe: Pipe) -> None:
    """The thread ends with the pipe it is stuck with."""
    assert threads()
    pipe.hang_up()
    async with asyncio.timeout(30):
        while threads():  # noqa: ASYNC110 - threads set no event when they end
            await asyncio.sleep(0.01)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_one_order_for_both(pipe: Pipe) -> None:
    async with Writer(Sink(pipe.stream), Sink(pipe.stream)) as writer:
        for number in range(100):
            await writer.write(b"%d\n" % number, diagnostic=number % 3 == 0)
        await writer.flush()
        assert pipe.read() == b"".join(b"%d\n" % number for number in range(100))
    assert not threads()


async def test_who_does_not_read_is_waited_for(pipe: Pipe) -> None:
    line = b"x" * 10_000
    taken = 0

    async def pour(writer: Writer) -> None:
        nonlocal taken
        while True:
            await writer.write(line)
            taken += 1

    async with Writer(Sink(pipe.stream), Sink(io.StringIO())) as writer:
        task = asyncio.create_task(pour(writer))
        before = -1
        async with asyncio.timeout(30):
            while before != taken:
                before = taken
                await asyncio.sleep(0.1)
        # What fits the pipe, the room, and what was handed over last.
        assert taken * len(line) <= ROOM + (1 << 16) + 2 * len(line)
        for _ in range(40):
            await asyncio.to_thread(pipe.read)
        async with asyncio.timeout(30):
            while taken == before:  # noqa: ASYNC110 - the writer sets no event for others
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await gone(pipe)


async def test_ending_does_not_wait_for_who_does_not_read(pipe: Pipe) -> None:
    async with asyncio.timeout(30):
        async with Writer(Sink(pipe.stream), Sink(io.StringIO())) as writer:
            await writer.write(b"x" * (1 << 17))
    await gone(pipe)


async def test_a_reader_who_is_gone_is_noticed_without_a_line(pipe: Pipe) -> None:
    async with asyncio.timeout(30):
        async with Writer(Sink(pipe.stream), Sink(io.StringIO())) as writer:
            asyncio.get_running_loop().call_later(0.05, pipe.hang_up)
            with pytest.raises(BrokenPipeError):
                await writer.guard(forever())
    assert not threads()


async def test_a_reader_who_goes_in_the_middle_of_much(pipe: Pipe) -> None:
    async def pour(writer: Writer) -> None:
        while True:
            await writer.write(b"x" * 100_000)

    async with asyncio.timeout(30):
        async with Writer(Sink(pipe.stream), Sink(io.StringIO())) as writer:
            asyncio.get_running_loop().call_later(0.05, pipe.hang_up)
            with pytest.raises(BrokenPipeError):
                await writer.guard(pour(writer))


async def test_what_the_work_raises_comes_through(pipe: Pipe) -> None:
    async def fails() -> None:
        raise DockconError("no")

    async with Writer(Sink(pipe.stream), Sink(io.StringIO())) as writer:
        with pytest.raises(DockconError, match="no"):
            await writer.guard(fails())


async def test_a_full_disk_is_said() -> None:
    with os.fdopen(os.open("/dev/full", os.O_WRONLY), "w") as full:
        async with Writer(Sink(full), Sink(io.StringIO())) as writer:
            with pytest.raises(DockconError, match="cannot write the output: No space left"):
                await writer.guard(_write(writer))


async def _write(writer: Writer) -> None:
    await writer.write(b"x")
    await writer.flush()


async def test_a_file_that_somebody_made_nonblocking(pipe: Pipe) -> None:
    os.set_blocking(pipe.stream.fileno(), False)
    async with Writer(Sink(pipe.stream), Sink(io.StringIO())) as writer:
        await writer.write(b"x" * 300_000)
        read = 0
        while read < 300_000:
            read += len(await asyncio.to_thread(pipe.read))
        await writer.flush()


def test_an_output_of_another_encoding_spells_out_what_it_lacks() -> None:
    pipe = Pipe("latin-1")
    Sink(pipe.stream).write("caf\u00e9 \u3042\n".encode())
    assert pipe.read() == b"caf\xe9 \\u3042\n"
    assert Sink(pipe.stream).ascii
    pipe.close()
    text = io.StringIO()
    Sink(text).write("caf\u00e9\n".encode())
    assert text.getvalue() == "caf\u00e9\n"
