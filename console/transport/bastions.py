"""Jump hosts: one connection for all who go through it, closed behind the last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from console.errors import HostError
from console.model.questions import Question
from console.transport.base import Prompter
from console.transport.closing import Closing
from console.transport.sshconfig import Hop


class Carrier(Protocol):
    """A live connection to a jump host."""

    async def tunnel(self, factory: Callable[[], Any], address: str, port: int) -> tuple[Any, Any]:
        """Open a TCP channel as asyncssh's `create_connection`; a cancelled opening leaves none behind."""
        ...

    def gone(self) -> str:
        """Why it is gone; empty while it lives."""
        ...

    def idle(self) -> float:
        """Seconds since it was last heard of."""
        ...

    @property
    def aclose(self) -> Closing: ...


class Lease:
    """One user's hold on a jump host's connection."""

    def __init__(self, bastions: Bastions, shared: _Shared, carrier: Carrier, label: str) -> None:
        self._bastions = bastions
        self._shared: _Shared | None = shared
        self._carrier = carrier
        self.label = label

    def gone(self) -> str:
        """Why the jump host is gone; empty while it lives."""
        return self._carrier.gone()

    def idle(self) -> float:
        """Seconds since the jump host was last heard of."""
        return self._carrier.idle()

    async def create_connection(
        self, session_factory: Callable[[], Any], remote_host: str, remote_port: int
    ) -> tuple[Any, Any]:
        """What asyncssh wants of a tunnel."""
        return await self._carrier.tunnel(session_factory, remote_host, remote_port)

    async def release(self) -> None:
        """Let go; the last one out closes the connection and waits for it. Idempotent, never raises."""
        shared, self._shared = self._shared, None
        if shared is not None:
            await self._bastions.leave(shared)


@dataclass(eq=False, slots=True)
class _Voice:
    """One who waits for a jump host, and can be asked on its behalf."""

    host: str
    prompter: Prompter | None
    asking: asyncio.Task[tuple[str, ...] | None] | None = None
    left: bool = False


class Chorus:
    """A prompter for a dial that several wait for: asks the first who is still there."""

    def __init__(self) -> None:
        self._voices: list[_Voice] = []

    def join(self, host: str, prompter: Prompter | None) -> _Voice:
        voice = _Voice(host, prompter)
        self._voices.append(voice)
        return voice

    def leave(self, voice: _Voice) -> None:
        """The question passes to the next."""
        voice.left = True
        self._voices.remove(voice)
        if voice.asking is not None:
            voice.asking.cancel()

    def someone(self) -> bool:
        return any(voice.prompter is not None for voice in self._voices)

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        """As `Prompter.ask`; no when everybody has left."""
        while voice := next((v for v in self._voices if v.prompter is not None), None):
            assert voice.prompter is not None
            voice.asking = asyncio.ensure_future(voice.prompter.ask(replace(question, host=voice.host)))
            try:
                return await voice.asking
            except asyncio.CancelledError:
                me = asyncio.current_task()
                if not voice.left or (me is not None and me.cancelling()):
                    voice.asking.cancel()
                    raise
            finally:
                voice.asking = None
        return None


@dataclass(eq=False, slots=True)
class _Shared:
    """A jump host's connection, or the dial that will make it."""

    hops: tuple[Hop, ...]
    chorus: Chorus
    users: int = 0
    dial: asyncio.Task[Carrier] | None = None
    closing: asyncio.Task[None] | None = field(default=None)


Dial = Callable[[str, tuple[Hop, ...], Chorus], Awaitable[Carrier]]
"""Connects to the last of these hops, by leases on those before; raises HostError."""


class Bastions:
    """All jump hosts in use, by the way to them."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._shared: dict[tuple[Hop, ...], _Shared] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many connections are held or being made."""
        return len(self._shared)

    async def lease(self, host: str, hops: Sequence[Hop], prompter: Prompter | None) -> Lease:
        """Use the connection to the last of `hops`, making it if there is none.

        Everybody who waits for one dial gets its outcome. Raises HostError, in the name of the first.
        """
        way = tuple(hops)
        shared = self._shared.get(way)
        if shared is not None and _is_gone(shared):
            self._forget(shared)
            shared = None
        if shared is None:
            shared = self._shared[way] = _Shared(way, Chorus())
        voice = shared.chorus.join(host, prompter)
        shared.users += 1
        if shared.dial is None:
            shared.dial = asyncio.ensure_future(self._dial(host, way, shared.chorus))
        try:
            carrier = await asyncio.shield(shared.dial)
        except BaseException as exc:
            shared.chorus.leave(voice)
            if isinstance(exc, HostError):
                self._forget(shared)
            await self.leave(shared)
            raise
        shared.chorus.leave(voice)
        return Lease(self, shared, carrier, way[-1].label)

    def _forget(self, shared: _Shared) -> None:
        """Whoever comes next makes a connection of their own."""
        if self._shared.get(shared.hops) is shared:
            del self._shared[shared.hops]

    async def leave(self, shared: _Shared) -> None:
        """One user fewer; behind the last one the connection is closed."""
        shared.users -= 1
        if shared.users:
            return
        self._forget(shared)
        closing = asyncio.ensure_future(self._close(shared))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        await asyncio.shield(closing)

    async def _close(self, shared: _Shared) -> None:
        dial = shared.dial
        assert dial is not None
        dial.cancel()
        await asyncio.gather(dial, return_exceptions=True)
        if not dial.cancelled() and dial.exception() is None:
            await dial.result().aclose()

    async def aclose(self) -> None:
        """Wait for connections that are being closed; those in use are their users'."""
        await asyncio.gather(*self._closing, return_exceptions=True)


def _is_gone(shared: _Shared) -> bool:
    dial = shared.dial
    if dial is None or not dial.done():
        return False
    return dial.cancelled() or dial.exception() is not None or bool(dial.result().gone())
