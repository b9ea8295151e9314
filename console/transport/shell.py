"""The one shell of a host: a bare POSIX sh that is fed a constant script and then asked by name.

Whatever varies is an integer or a full container id, so nothing an engine or an operator wrote can ever be
read as shell. Answers stand between two marks of an unguessable word; everything outside of them (what rc
files print, a banner) is thrown away.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.errors import CapabilityMissing, HostError
from console.model.text import sanitise
from console.transport.channels import Channel, ChannelRefused, Dialer
from console.transport.faults import afresh
from console.transport.wire_text import FULL_ID

ARGV = ("exec", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "/bin/sh")
OPEN_DEADLINE = 8.0
"""Seconds for the first answer: login scripts run before it."""
DEADLINE = 3.0
REOPEN_AFTER = 10.0
"""Seconds between two openings at least."""
ANSWER_LIMIT = 4 << 20

# A word on the line is the function of the script to call; its own standard input is not ours.
_FRAME = """\
ask() {
  n=$1; shift; printf '\\n%s begin\\n' "$n"
  "$@" </dev/null 2>/dev/null; printf '\\n%s end %d\\n' "$n" $?
}
"""
_FUNCTION = re.compile(r"[a-z][a-z_]{0,19}\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function printed, and when its host began to answer."""

    lines: tuple[str, ...]
    sent: float
    """`time.time()` when the question was written."""
    begun: float
    """`time.time()` when the first mark came: less `sent` this is one round trip."""


class _Exchange:
    """The marks of one question and what came between them."""

    def __init__(self, word: str) -> None:
        self._begin = f"\n{word} begin\n".encode()
        self._end = re.compile(rb"\n%s end (\d{1,3})\n" % word.encode())
        self._buffer = b""
        self._open = False
        self.begun = 0.0
        self.sent = time.time()
        self.done: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        if not self._open:
            at = self._buffer.find(self._begin)
            if at < 0:
                self._buffer = self._buffer[-ANSWER_LIMIT:]
                return
            self._open, self.begun = True, time.time()
            self._buffer = self._buffer[at + len(self._begin) - 1 :]
        found = self._end.search(self._buffer)
        if found is not None:
            text = self._buffer[: found.start()].decode(errors="replace")
            if not self.done.done():
                self.done.set_result(tuple(line for line in text.split("\n") if line))
        elif len(self._buffer) > ANSWER_LIMIT:
            self.fail(CapabilityMissing("", "the shell said more than can be an answer"))

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class _Pipe:
    """The shell's channel. A ChannelReader."""

    def __init__(self, on_gone: Callable[[_Pipe], None]) -> None:
        self._on_gone = on_gone
        self.channel: Channel | None = None
        self.exchange: _Exchange | None = None
        self.starting = True
        self.said = b""
        """What it said before its first answer, and on its standard error: why it would not start."""
        self.error: Exception | None = None
        self.status: int | None = None
        self.gone = asyncio.Event()

    def data(self, chunk: bytes) -> None:
        if self.starting:
            self.said = (self.said + chunk)[:2000]
        if self.exchange is not None:
            self.exchange.feed(chunk)

    def stderr(self, chunk: bytes) -> None:
        self.said = (self.said + chunk)[:2000]

    def eof(self) -> None:
        if self.channel is not None:
            self.channel.write_eof()

    def hold_writes(self, hold: bool) -> None:
        """Questions are small."""

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        self.error, self.status = error, exit_status
        self.gone.set()
        if self.exchange is not None:
            self.exchange.fail(_again(error) if error is not None else ShellEnded())
        self._on_gone(self)


def _again(error: Exception) -> Exception:
    return afresh(error) if isinstance(error, HostError) else error


class ShellEnded(Exception):
    """The shell ended by itself. Internal to `transport`."""


class HostShell:
    """Asks one question at a time. Opened by the first; opened anew after a failure, not too often.

    `script` is shell text that defines the functions; it must be constant. `argv` starts the shell.
    """

    def __init__(self, host: str, dialer: Dialer, script: str, *, argv: Sequence[str] = ARGV) -> None:
        self._host = host
        self._argv = argv
        self._dialer = dialer
        self._script = script
        self._turn = asyncio.Lock()
        self._pipe: _Pipe | None = None
        self._pipes: set[_Pipe] = set()
        """All whose end has not been told yet, killed ones too."""
        self._word = ""
        self._count = 0
        self._opened_at = float("-inf")
        self._trouble = ""
        self._closed = False
        self.openings = 0
        """How often a shell was opened; what the script keeps in variables is lost each time."""

    async def ask(self, function: str, *arguments: int | str, deadline: float = DEADLINE) -> Answer:
        """Call a function of the script. Arguments are integers or full container ids, nothing else.

        A shell that has not answered after `deadline` seconds is killed: what may take long limits itself.

        Raises CapabilityMissing where no shell can be had or it does not answer in time, HostUnreachable
        when the connection is gone, ValueError for any other argument.
        """
        line = question(function, arguments)
        async with self._turn:
            pipe = self._pipe
            if pipe is not None and pipe.error is not None:
                raise _again(pipe.error)  # the connection is gone, not only the shell
            if pipe is None or pipe.gone.is_set():
                pipe = await self._open()
            return await self._exchange(pipe, line, deadline)

    async def _open(self) -> _Pipe:
        """Start the shell, feed it the script and wait until it has read it."""
        now = time.monotonic()
        if self._closed:
            raise self._missing("closed")
        if now - self._opened_at < REOPEN_AFTER:
            wait = REOPEN_AFTER - (now - self._opened_at)
            raise self._missing(f"{self._trouble or 'the shell ended'}; opened anew in {wait:.0f} s")
        self._opened_at = now
        self._word = f"dockcon-{secrets.token_hex(16)}"
        pipe = _Pipe(self._pipes.discard)
        try:
            async with asyncio.timeout(OPEN_DEADLINE):
                pipe.channel = await self._dialer.open_command(self._argv, pipe)
        except ChannelRefused as refused:
            raise self._missing(f"no shell can be opened: {refused.reason or 'refused'}") from refused
        except TimeoutError as late:
            raise self._missing(f"no shell within {OPEN_DEADLINE:g} s") from late
        self._pipe = pipe
        if not pipe.gone.is_set():
            self._pipes.add(pipe)
        pipe.channel.write((_FRAME + self._script).encode())
        await self._exchange(pipe, "true", OPEN_DEADLINE)
        pipe.starting, pipe.said = False, b""
        self.openings += 1
        return pipe

    async def _exchange(self, pipe: _Pipe, line: str, deadline: float) -> Answer:
        assert pipe.channel is not None
        self._count += 1
        word = f"{self._word}-{self._count}"
        exchange = pipe.exchange = _Exchange(word)
        pipe.channel.write(f"ask {word} {line}\n".encode("ascii"))
        try:
            async with asyncio.timeout(deadline):
                lines = await exchange.done
        except TimeoutError as late:
            self._kill(f"the shell did not answer within {deadline:g} s")
            raise self._missing(self._trouble) from late
        except (ShellEnded, CapabilityMissing) as ended:
            self._kill(self._why(pipe))
            raise self._missing(self._trouble) from ended
        except asyncio.CancelledError:
            self._kill("a question was given up")
            self._opened_at = float("-inf")  # nothing is wrong with the shell
            raise
        finally:
            pipe.exchange = None
        return Answer(lines, exchange.sent, exchange.begun)

    def _why(self, pipe: _Pipe) -> str:
        status = "" if pipe.status is None else f" with status {pipe.status}"
        said = sanitise(pipe.said.decode(errors="replace").strip(), 200)
        return f"the shell ended{status}" + (f": {said}" if said else "")

    def _kill(self, why: str) -> None:
        pipe, self._pipe = self._pipe, None
        self._trouble = why
        if pipe is not None and pipe.channel is not None:
            pipe.channel.abort()

    def _missing(self, why: str) -> CapabilityMissing:
        return CapabilityMissing(self._host, why)

    async def aclose(self) -> None:
        """End the shell. Idempotent."""
        self._closed = True
        self._kill("closed")
        for pipe in list(self._pipes):
            await pipe.gone.wait()


def question(function: str, arguments: Sequence[int | str]) -> str:
    """One line for the shell. Raises ValueError for anything but integers and full ids."""
    if not _FUNCTION.match(function):
        raise ValueError(f"not a function of the script: {function!r}")
    words = [function]
    for argument in arguments:
        if isinstance(argument, int) and not isinstance(argument, bool) and 0 <= argument < 1 << 63:
            words.append(str(argument))
        elif isinstance(argument, str) and FULL_ID.match(argument):
            words.append(argument)
        else:
            raise ValueError(f"not an integer or a full id: {argument!r}")
    return " ".join(words)
