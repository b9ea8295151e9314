"""`Sight` of a real host: one question to a shell of its own, and the reading of the answer."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.errors import CapabilityMissing
from console.model.hosts import ObserveMode
from console.model.links.sight import HostSight
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.transport.shell import HostShell
from console.transport.sight_read import Reading, Rows, read
from console.transport.sight_script import SCRIPT

if TYPE_CHECKING:
    from console.model.links.sight import Counters, Socket
    from console.transport.channels import Dialer
    from console.transport.sight import SightAsk

DEADLINE = 5.0
"""Seconds: `ss -p` walks the files of every process, and sudo may have to ask a directory."""
ADDRESSES_EVERY = 30.0
"""Seconds for which the machine's own addresses are believed."""
SUDO_AGAIN = 300.0
"""Seconds after which a sudo that refused is tried again: each refusal may send mail."""
LOOKS = 16
"""Over how many looks their cost is the mean: a shell tells CPU time in steps of 10 ms."""

AT_ONCE = 500
"""Lines that are read before others have their turn."""

NO_ROOT = safe("no root")
OFF = safe("observe: off")
NO_TRACKING = safe("no connection tracking in this kernel")
NO_ROWS = safe("connection tracking has no rows: no firewall rule asks for it")

_MODES = {ObserveMode.OFF: 0, ObserveMode.AUTO: 1, ObserveMode.SUDO: 2}
_TIMES = re.compile(r"(\d+)m(\d+(?:\.\d+)?)s (\d+)m(\d+(?:\.\d+)?)s\Z")


class LiveSight:
    """Looks at one host. A Sight; its engine closes it."""

    def __init__(self, host: str, dialer: Dialer, shell: HostShell | None = None) -> None:
        self._host = host
        # Its own: a look must not wait for what mappings or figures ask.
        self._shell = shell or HostShell(host, dialer, SCRIPT)
        self._turn = asyncio.Lock()
        self._rows: Rows = {}
        self._addresses: frozenset[str] = frozenset()
        self._addresses_at = float("-inf")
        self._refused = NOTHING
        self._refused_at = float("-inf")
        self._spent: deque[float] = deque(maxlen=LOOKS + 1)
        self._openings = 0

    async def aclose(self) -> None:
        """End the shell. Idempotent."""
        await self._shell.aclose()

    async def look(self, ask: SightAsk) -> HostSight:
        """See `Sight`."""
        async with self._turn:
            return await self._look(ask)

    async def _look(self, ask: SightAsk) -> HostSight:
        now = time.monotonic()
        mode = _MODES[ask.mode]
        held_back = mode == 2 and now - self._refused_at < SUDO_AGAIN
        fresh = now - self._addresses_at >= ADDRESSES_EVERY
        wanted = [ident for ident in dict.fromkeys(ask.sockets) if ident in ask.pids]
        asked = set(wanted)
        ids = [*wanted, *(ident for ident in ask.pids if ident not in asked)]
        answer = await self._shell.ask(
            "look",
            1 if held_back else mode,
            int(ask.host_sockets),
            int(fresh),
            len(wanted),
            *(ask.pids[ident] for ident in ids),
            deadline=DEADLINE,
        )
        reading = Reading()
        # New rows cost 25 microseconds each, and every host's bytes wait meanwhile.
        for at in range(0, len(answer.lines), AT_ONCE):
            read(answer.lines[at : at + AT_ONCE], self._rows, reading)
            await asyncio.sleep(0)
        if not reading.told:
            raise CapabilityMissing(self._host, "its shell cannot look at connections: there is no awk")
        self._rows = reading.rows
        if fresh and reading.addresses:
            self._addresses, self._addresses_at = reading.addresses, now
        blind = self._blind(ask.mode, reading, now, held_back)
        return HostSight(
            host=self._host,
            at=answer.begun - max(0.0, answer.begun - answer.sent) / 2,
            flows=None if blind else reading.flows,
            blind=blind,
            counters=_counters(reading, ids),
            sockets=_sockets(reading, ids[: len(wanted)], ask.host_sockets),
            addresses=self._addresses,
            cost=self._cost(answer.lines),
            dropped=reading.dropped,
        )

    def _blind(self, mode: ObserveMode, reading: Reading, now: float, held_back: bool) -> SafeText:
        """Why there are no flows; empty where there are."""
        if mode is ObserveMode.OFF:
            return OFF
        if held_back and not reading.root:
            return self._refused
        if reading.absent == "root":
            return NO_ROOT
        if mode is ObserveMode.SUDO and not reading.root and reading.said and not reading.read:
            if "No such file" in reading.said:
                return NO_TRACKING
            words = reading.said.removeprefix("sudo:").strip()
            self._refused, self._refused_at = sanitise(f"sudo: {words}", 200), now
            return self._refused
        if reading.absent:
            return NO_TRACKING
        # Whoever logs in over the network has a row there: with none at all nothing is tracked.
        return NOTHING if reading.read else NO_ROWS

    def _cost(self, lines: Sequence[str]) -> float | None:
        """CPU seconds of a look, the mean of the last ones."""
        if self._openings != self._shell.openings:
            self._openings = self._shell.openings
            self._spent.clear()
        total = spent(lines)
        if total is None:
            return None
        self._spent.append(total)
        if len(self._spent) < 2:
            return None
        return max(0.0, self._spent[-1] - self._spent[0]) / (len(self._spent) - 1)


def spent(lines: Sequence[str]) -> float | None:
    """CPU seconds of a shell and of what it ran, as `times` prints them in two lines; None: it did not."""
    found = [match for line in lines[-2:] if (match := _TIMES.match(line))]
    if len(found) != 2:
        return None
    parts = [[float(part) for part in match.groups()] for match in found]
    return sum(60 * (a + c) + b + d for a, b, c, d in parts)


def _counters(reading: Reading, ids: Sequence[str]) -> Mapping[str, Counters]:
    return {ids[k]: found for k, found in reading.counters.items() if k < len(ids)}


def _sockets(reading: Reading, ids: Sequence[str], machine: bool) -> Mapping[str, tuple[Socket, ...]]:
    """Only those whose sockets could be read: nothing is not the same as unread."""
    places = {str(k): ident for k, ident in enumerate(ids)} | ({"h": ""} if machine else {})
    return {ident: tuple(reading.sockets.get(k, ())) for k, ident in places.items() if k in reading.whole}
