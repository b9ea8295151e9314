"""The operator's terminal, a real one of the kernel's, while a process has it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from fcntl import ioctl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.escapes import TYPED_AT_MOST, Escapes
from console.model.inside import Ended
from console.service.inside.terminal import Parting, attend, term_for
from console.service.inside.wire import Wire
from console.transport.inside import STDOUT
from tests.ui.waiting import until


class Echo:
    """A process that says what it is told, in capitals, and ends at `q`."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.typed = b""
        self.sizes: list[tuple[int, int]] = []

    async def read(self) -> tuple[int, bytes] | None:
        data = await self.pieces.get()
        return None if data is None else (STDOUT, data)

    async def write(self, data: bytes) -> None:
        self.typed += data
        self.pieces.put_nowait(data.upper())
        if data == b"q":
            self.pieces.put_nowait(None)

    def write_eof(self) -> None: ...

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def ended(self) -> Ended:
        return Ended(0)


class Seat:
    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        os.set_blocking(self.ours, False)
        self.size(80, 24)
        self.before = termios.tcgetattr(self.theirs)
        self.process = Echo()
        self.wire = Wire()
        self.seen = b""

    def size(self, columns: int, rows: int) -> None:
        ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data: bytes) -> None:
        os.write(self.ours, data)

    def shows(self, text: bytes) -> bool:
        with suppress(OSError):
            self.seen += os.read(self.ours, 65536)
        return text in self.seen

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[asyncio.Task[Parting]]:
        carrying = asyncio.create_task(self.wire.carry(self.process))
        attending = asyncio.create_task(attend(self.wire, self.theirs, "hello\r\n"))
        try:
            await until(lambda: self.shows(b"hello\r\n"), "the first line")
            yield attending
        finally:
            self.wire.close()
            for task in (attending, carrying):
                task.cancel()
            await asyncio.gather(attending, carrying, return_exceptions=True)
            self.wire.free()
            for each in (self.ours, self.theirs):
                with suppress(OSError):
                    os.close(each)

    @property
    def as_before(self) -> bool:
        return termios.tcgetattr(self.theirs) == self.before


async def test_keys_go_through_and_it_is_given_back() -> None:
    seat = Seat()
    async with seat.taken() as attending:
        assert not seat.as_before
        seat.type(b"abc\x03\x04\x1a\r")
        await until(lambda: seat.shows(b"ABC\x03\x04\x1a\r"), "the echo")
        seat.size(132, 43)
        os.kill(os.getpid(), signal.SIGWINCH)
        await until(lambda: seat.process.sizes[-1:] == [(132, 43)], "the new size")
        seat.type(b"q")
        assert await attending is Parting.ENDED
        assert seat.as_before
        assert seat.shows(b"Q\x1b[0m\x1b[?25h")
        assert b"?1049l" not in seat.seen


async def test_the_escape_leaves_a_process_that_says_nothing() -> None:
    seat = Seat()
    async with seat.taken() as attending:
        for key in (b"\r", b"~", b"."):
            seat.type(key)
            await asyncio.sleep(0.02)
        assert await attending is Parting.LEFT
        assert seat.process.typed == b"\r"
        assert seat.as_before
        assert seat.shows(b"\x1b[?1049l")


async def test_megabytes_that_are_pasted_arrive_whole() -> None:
    seat = Seat()
    pasted = b"".join(b"\r~.line %06d of what is pasted\r" % number for number in range(30_000))
    async with seat.taken() as attending:
        sent = shown = 0
        async with asyncio.timeout(60):
            while shown < len(pasted) + len(b"hello\r\n"):
                if sent < len(pasted):
                    with suppress(BlockingIOError):
                        sent += os.write(seat.ours, pasted[sent : sent + 3000])
                seat.shows(b"")
                shown = len(seat.seen)
                await asyncio.sleep(0.0005)
        assert not attending.done()
        assert seat.process.typed == pasted
        assert seat.seen == b"hello\r\n" + pasted.upper()


async def test_a_terminal_that_goes_away() -> None:
    seat = Seat()
    async with seat.taken() as attending:
        os.close(seat.ours)
        async with asyncio.timeout(30):
            assert await attending is Parting.HUNG_UP


async def test_cancelled_it_is_given_back() -> None:
    seat = Seat()
    async with seat.taken() as attending:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        assert seat.as_before


async def test_what_is_no_terminal_is_said() -> None:
    wire = Wire()
    file = os.open(os.devnull, os.O_RDWR)
    with pytest.raises(OSError):  # noqa: PT011 - the system's own words
        await attend(wire, file, "")
    os.close(file)
    wire.free()


def fed(*pieces: bytes) -> tuple[bytes, bool]:
    escapes = Escapes()
    return b"".join(map(escapes.feed, pieces)), escapes.left


@pytest.mark.parametrize(
    ("typed", "passed", "left"),
    [
        ((b"~", b"."), b"", True),
        ((b"ls\r~.",), b"ls\r", True),
        ((b"a~.",), b"a~.", False),
        ((b"\r~~.",), b"\r~.", False),
        ((b"\r", b"~", b"x", b"~."), b"\r~x~.", False),
        ((b"~", b"\r", b"~."), b"~\r", True),
        ((b"\r", b"~" + b"p" * TYPED_AT_MOST,), b"\r~" + b"p" * TYPED_AT_MOST, False),
        ((b"\r~.pasted" + b"p" * TYPED_AT_MOST,), b"\r~.pasted" + b"p" * TYPED_AT_MOST, False),
    ],
)  # fmt: skip
def test_the_way_back(typed: tuple[bytes, ...], passed: bytes, left: bool) -> None:
    assert fed(*typed) == (passed, left)


@given(st.lists(st.binary(max_size=40).filter(lambda piece: b"~" not in piece), max_size=8))
def test_what_has_no_tilde_passes_as_it_is(pieces: list[bytes]) -> None:
    assert fed(*pieces) == (b"".join(pieces), False)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("xterm-256color", "xterm-256color"), ("tmux-256color", "screen-256color"), ("screen", "screen"),
        ("xterm-kitty", "xterm-256color"), ("alacritty", "xterm-256color"), ("", "xterm"), ("dumb", "dumb"),
    ],
)  # fmt: skip
def test_the_name_of_the_terminal(ours: str, theirs: str) -> None:
    assert term_for(ours) == theirs
