"""Running one command on a host and reading all it says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from console.transport.channels import Dialer

OUTPUT_LIMIT = 65536


@dataclass(frozen=True, slots=True)
class Output:
    """What a command said (unsafe text), and its exit status where it is known."""

    stdout: str
    stderr: str
    status: int | None


class _Collector:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: dict[int, bytes] = {1: b"", 2: b""}
        self.done: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def data(self, chunk: bytes) -> None:
        self._parts[1] = (self._parts[1] + chunk)[: self._limit]

    def stderr(self, chunk: bytes) -> None:
        self._parts[2] = (self._parts[2] + chunk)[: self._limit]

    def eof(self) -> None:
        """The exit status is still to come."""

    def hold_writes(self, hold: bool) -> None:
        """Nothing is written."""

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        if self.done.done():
            return
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(exit_status)

    def output(self, status: int | None) -> Output:
        return Output(
            self._parts[1].decode(errors="replace"), self._parts[2].decode(errors="replace"), status
        )


async def run(dialer: Dialer, argv: Sequence[str], *, deadline: float, limit: int = OUTPUT_LIMIT) -> Output:
    """Run `argv` with an empty standard input; what it says beyond `limit` bytes is dropped.

    Raises ChannelRefused, TimeoutError (the command is ended), or the connection's own error.
    """
    collector = _Collector(limit)
    async with asyncio.timeout(deadline):
        channel = await dialer.open_command(argv, collector)
        try:
            channel.write_eof()
            return collector.output(await collector.done)
        finally:
            channel.abort()
