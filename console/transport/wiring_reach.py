"""Trying addresses: what one attempt from a host or from inside a container came to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.errors import CapabilityMissing
from console.model.text import SafeText, safe, sanitise
from console.transport.channels import ChannelRefused, NetDialer
from console.transport.wiring import Reached

HELD = 0.2
"""Seconds a connection must stay open, or bring a byte: a proxy with nothing behind it closes at once."""

_WORDS = (
    ("refused", "refused"),
    ("no route", "no route to it"),
    ("unreachable", "its network cannot be reached"),
    ("timed out", "no answer"),
    ("reset", "the connection was reset"),
)
_NAMELESS = ("not known", "bad address", "name resolution", "unknown host", "no address")


class _Glance:
    """Waits whether a new connection stays. A ChannelReader."""

    def __init__(self) -> None:
        self.held: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def _tell(self, held: bool) -> None:
        if not self.held.done():
            self.held.set_result(held)

    def data(self, chunk: bytes) -> None:
        self._tell(True)

    def stderr(self, chunk: bytes) -> None:
        """There is none."""

    def eof(self) -> None:
        self._tell(False)

    def hold_writes(self, hold: bool) -> None:
        """Nothing is written."""

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        if error is not None and not self.held.done():
            self.held.set_exception(error)
        self._tell(False)


async def knock(host: str, dialer: NetDialer, address: str, port: int, timeout: float) -> Reached:
    """Connect from the host, see whether it stays, and hang up.

    Raises HostUnreachable, and CapabilityMissing where the host carries no TCP for us.
    """
    glance = _Glance()
    try:
        async with asyncio.timeout(timeout):
            channel = await dialer.open_tcp(address, port, glance)
    except TimeoutError:
        return Reached(False, late(timeout))
    except ChannelRefused as refused:
        how = refusal(refused.reason)
        if refused.prohibited or how is None:
            why = "sshd does not carry TCP connections (AllowTcpForwarding)"
            raise CapabilityMissing(host, why) from refused
        return Reached(False, how)
    try:
        async with asyncio.timeout(HELD):
            held = await glance.held
    except TimeoutError:
        held = True
    finally:
        glance.held.cancel()
        channel.abort()
    return Reached(True, safe("connected")) if held else Reached(False, safe("connected and closed at once"))


def refusal(said: str) -> SafeText | None:
    """What a system's or a program's words mean; None where they mean nothing to us."""
    lower = said.lower()
    if any(words in lower for words in _NAMELESS):
        return safe("the name is not known")
    return next((safe(meaning) for words, meaning in _WORDS if words in lower), None)


def late(timeout: float) -> SafeText:
    """What is said of an attempt that took too long."""
    return safe(f"no answer within {timeout:g} s")


def verdict(lines: Sequence[str], name: str, seconds: float) -> Reached | None:
    """What the attempts of `wiring_script` print; None where they could not be made."""
    facts = {key: rest for key, _, rest in (line.partition(" ") for line in lines)}
    at = sanitise(facts.get("addr", ""), 64)
    where = f"{name} is {at}: " if at and at != name else ""
    if "lacking" in facts:
        return None
    if "unknown" in facts:
        return Reached(False, sanitise(f"the name {name} is not known"))
    if "slow" in facts:
        return Reached(False, sanitise(f"no answer for the name {name} within {seconds:g} s"))
    if "closed" in facts:
        return Reached(False, sanitise(f"{where}connected and closed at once"))
    if "held" in facts or "data" in facts:
        spent = facts.get("us", "")
        ms = f" in {int(spent) / 1000:.1f} ms" if spent.isascii() and spent.isdigit() else ""
        return Reached(True, sanitise(f"{where}connected{ms}"))
    how = refusal(" ".join(lines))
    if how is not None:
        named = f"the name {name} is not known" if how == "the name is not known" else f"{where}{how}"
        return Reached(False, sanitise(named))
    # 143: the BusyBox `timeout` of old says so
    if facts.get("rc") in ("124", "143"):
        return Reached(False, sanitise(f"{where}{late(seconds)}"))
    if facts.get("rc") == "0":
        return Reached(True, sanitise(f"{where}connected"))
    return None
