"""The operator's terminal while a process in a container has it: raw, and without ever blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import termios
import threading
import tty
from collections.abc import Iterator
from enum import StrEnum

from console.model.escapes import Escapes
from console.model.inside import TerminalSize
from console.service.inside.wire import Wire

WAYS_BACK = "(ctrl+d comes back; Enter ~ . if it hangs)"
"""Said when a shell opens."""

PIECE = 4096
LOOK_EVERY = 1000
"""Milliseconds between looks at the size, besides SIGWINCH, which not everybody passes on."""

# Colours, cursor, mouse, bracketed paste, keypad, margins: a program that is cut off leaves them anyhow.
_CALM = (
    b"\x1b[0m\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b7\x1b[r\x1b8"
)
_FROM_FULL_SCREEN = b"\x1b[?1049l"

_COMMON = ("xterm", "xterm-256color", "screen", "screen-256color", "linux", "vt100", "vt220", "rxvt", "ansi")


class Parting(StrEnum):
    """How a terminal was given back."""

    ENDED = "ended"
    """The process has ended, or cannot be reached any more."""
    LEFT = "left"
    """The operator typed the escape."""
    HUNG_UP = "hung up"
    """The terminal is gone."""


def term_for(name: str) -> str:
    """The name of a terminal as most containers know it: `tmux-256color` is in few of their databases."""
    if name in _COMMON:
        return name
    if name.startswith(("tmux", "screen")):
        return "screen-256color" if "256" in name or "direct" in name else "screen"
    return "xterm-256color" if name and name != "dumb" else name or "xterm"


def size_of(descriptor: int) -> TerminalSize:
    """Of a terminal; 80x24 where it does not say."""
    try:
        size = os.get_terminal_size(descriptor)
    except OSError:
        return TerminalSize(80, 24)
    return TerminalSize(size.columns or 80, size.lines or 24)


async def attend(wire: Wire, descriptor: int, intro: str) -> Parting:
    """Give the terminal of `descriptor` to the process at the other end of `wire` until it ends, is left, or
    the terminal is gone. `intro` is written first. Cancelled, the terminal is as it was before.

    On a thread of its own: a terminal that takes nothing holds up nobody but its process. While it lasts,
    the loop's handler of SIGWINCH is ours. Raises OSError where there is no terminal.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Parting] = loop.create_future()
    seat = _Seat(wire, descriptor, intro)

    def live() -> None:
        try:
            parting, error = seat.live(), None
        except (OSError, termios.error) as caught:
            parting, error = Parting.HUNG_UP, caught
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_settle, ended, parting, error)

    thread = threading.Thread(target=live, name="dockcon-terminal", daemon=True)
    with _size_changes(wire):
        thread.start()
        try:
            return await asyncio.shield(ended)
        finally:
            seat.stop()
            thread.join()


def _settle(ended: asyncio.Future[Parting], parting: Parting, error: Exception | None) -> None:
    if ended.done():
        return
    if isinstance(error, termios.error):
        ended.set_result(Parting.HUNG_UP)
    elif error is not None:
        ended.set_exception(error)
    else:
        ended.set_result(parting)


@contextlib.contextmanager
def _size_changes(wire: Wire) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, wire.wake)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


class _Seat:
    """The thread's side."""

    def __init__(self, wire: Wire, descriptor: int, intro: str) -> None:
        self._wire = wire
        self._terminal = descriptor
        self._intro = intro
        self._stopped = False
        self._pending = b""
        self._size = TerminalSize(0, 0)

    def stop(self) -> None:
        """Give the terminal back soon; from another thread."""
        self._stopped = True
        self._wire.wake()

    def live(self) -> Parting:
        """Until it is over. Raises OSError, termios.error."""
        # A descriptor of our own does not block, and those that others have go on as they are.
        device = os.open(os.ttyname(self._terminal), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            before = termios.tcgetattr(device)
            parting = Parting.HUNG_UP
            try:
                tty.setraw(device, termios.TCSANOW)
                self._pending = self._intro.encode()
                parting = self._loop(device)
            except BlockingIOError:
                raise
            except OSError:
                return Parting.HUNG_UP  # a terminal that is gone answers with errors
            finally:
                self._give_back(device, before, parting)
            return parting
        finally:
            os.close(device)

    def _give_back(self, device: int, before: list[object], parting: Parting) -> None:
        with contextlib.suppress(OSError):
            os.write(
                device,
                _CALM + (_FROM_FULL_SCREEN if parting is not Parting.ENDED or not self._wire.proper else b""),
            )
        with contextlib.suppress(termios.error):
            # What was typed for the process must not be read as keys of the console.
            termios.tcflush(device, termios.TCIFLUSH)
            termios.tcsetattr(device, termios.TCSANOW, before)  # type: ignore[arg-type]  # what tcgetattr gave

    def _loop(self, device: int) -> Parting:
        wire, escapes, poll = self._wire, Escapes(), select.poll()
        poll.register(wire.fileno(), select.POLLIN)
        while not self._stopped:
            self._tell_size(device)
            over = wire.over
            self._pending = self._pending or wire.take(PIECE)
            if over and not self._pending:
                return Parting.ENDED
            wanted = (select.POLLIN if wire.room else 0) | (select.POLLOUT if self._pending else 0)
            poll.register(device, wanted)
            found = dict(poll.poll(LOOK_EVERY))
            wire.hush()
            state = found.get(device, 0)
            if state & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
                return Parting.HUNG_UP
            if state & select.POLLOUT:
                self._show(device)
            if state & select.POLLIN:
                typed = os.read(device, PIECE)
                if not typed:
                    return Parting.HUNG_UP
                if passed := escapes.feed(typed):
                    wire.type(passed)
                if escapes.left:
                    return Parting.LEFT
        return Parting.LEFT

    def _show(self, device: int) -> None:
        try:
            written = os.write(device, self._pending)
        except BlockingIOError:
            return
        self._pending = self._pending[written:]

    def _tell_size(self, device: int) -> None:
        size = size_of(device)
        if size != self._size:
            self._size = size
            self._wire.resize(size)
