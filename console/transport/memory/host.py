"""One host of the memory fleet: an engine, a machine, and everything that can go wrong with either."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.errors import EngineDown, HostError, HostUnreachable
from console.model.clock import Clock
from console.model.hosts import EngineFacts, HostLoad, HostSpec
from console.model.questions import Question
from console.model.text import safe
from console.transport.memory.bus import EventBus
from console.transport.memory.daemon import MemoryDaemon

if TYPE_CHECKING:
    from console.model.links.sight import Flow
    from console.transport.memory.flows import Talk
    from console.transport.memory.sight import Tally


@dataclass(slots=True)
class Asked:
    """A question put at every connect; a host key or passphrase is not asked for again once it was right."""

    question: Question
    right: tuple[str, ...] | None = None
    """The answers that are accepted; None: any."""


@dataclass(slots=True)
class Faults:
    """What is wrong with a host. Set a field at any time; `MemoryHost` has methods for what acts at once."""

    refuse: HostError | None = None
    """Every connect raises this."""
    forbid: HostError | None = None
    """SSH works, reaching for the engine raises this."""
    black_hole: bool = False
    """Connects never answer."""
    engine_down: bool = False
    no_shell: str = ""
    """Why no shell can be opened; empty: it can."""
    delay: float = 0.0
    """Seconds every answer takes."""
    lost_answers: int = 0
    """How many of the next requests are carried out and never answered."""
    questions: list[Asked] = field(default_factory=list)
    before_deed: Callable[[str], None] | None = None
    """Called with the name of each change that mappings ask for, before it is made; it may raise."""
    after_deed: Callable[[str], None] | None = None
    """The same when it is made, and its answer is on the way."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The figures of a host that do not move."""

    cpus: int = 4
    memory: int = 8 << 30
    disk: int = 80 << 30
    disk_used: int = 31 << 30
    load: float = 0.6
    rtt: float = 0.012
    boot: float = 0.0
    """When it was started, seconds of the Unix epoch."""
    os: str = "Debian GNU/Linux 12 (bookworm)"
    kernel: str = "6.1.0-25-amd64"
    version: str = "27.3.1"
    api: str = "1.47"


class MemoryHost:
    """A host that lives in memory."""

    def __init__(self, spec: HostSpec, clock: Clock, machine: Machine = Machine(), skew: float = 0.0) -> None:
        self.spec = spec
        self.clock = clock
        self.machine = machine
        self.faults = Faults()
        self.daemon = MemoryDaemon(EventBus(spec.name, clock, skew))
        self.connects = 0
        """Connections asked for so far."""
        self.root = spec.user in ("", "root")
        """Whether the login is root there."""
        self.sudoer = True
        """Whether it may read connection tracking by sudo where it is not root."""
        self.talks: dict[str, tuple[Talk, ...]] = {}
        """What its containers keep connected, by their names; flows, counters and sockets follow from it."""
        self.flows: list[Flow] = []
        """Further rows of its connection tracking."""
        self.tally: Tally | None = None
        self.fleet: Callable[[], Iterable[MemoryHost]] = lambda: (self,)
        """All machines that can be reached from it, itself among them."""
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._quiet_since = 0.0
        self._on_cut: set[Callable[[HostError], None]] = set()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def ahead(self) -> float:
        """Seconds its clock is ahead of the fleet's; set it at any time, also back."""
        return self.daemon.bus.skew

    @ahead.setter
    def ahead(self, seconds: float) -> None:
        self.daemon.logs.set_clock(seconds)

    @property
    def links(self) -> int:
        """Connections open now."""
        return len(self._on_cut)

    def facts(self, carrier: str) -> EngineFacts:
        """What its engine says of itself."""
        machine = self.machine
        return EngineFacts(
            engine=safe("docker"),
            version=safe(machine.version),
            api=safe(machine.api),
            carrier=safe(carrier),
            os=safe(machine.os),
            kernel=safe(machine.kernel),
            arch=safe("x86_64"),
        )

    def load(self) -> HostLoad:
        """The machine's figures now; they wander as its containers' do."""
        now, machine = self.clock.now(), self.machine
        used = sum(c.figures.memory_at(now) for c in self.daemon.containers.values() if c.alive)
        return HostLoad(
            at=now,
            load1=round(max(0.0, machine.load * (1 + 0.4 * math.sin(now / 60 + len(self.name)))), 2),
            cpus=machine.cpus,
            memory_total=machine.memory,
            memory_used=min(machine.memory, used + (420 << 20)),
            disk_total=machine.disk,
            disk_used=machine.disk_used - self.daemon.freed,
            skew=self.daemon.bus.skew,
        )

    def attach(self, on_cut: Callable[[HostError], None]) -> None:
        """A link registers to be told when it is cut."""
        self._on_cut.add(on_cut)

    def detach(self, on_cut: Callable[[HostError], None]) -> None:
        """A link has closed itself. Idempotent."""
        self._on_cut.discard(on_cut)

    def cut(self, reason: str = "connection reset by peer") -> None:
        """Cut every connection."""
        error = HostUnreachable(self.name, reason, next_step="it is tried again by itself")
        for on_cut in tuple(self._on_cut):
            on_cut(error)
        self._on_cut.clear()

    def go_quiet(self) -> None:
        """Nothing arrives any more, and nothing says why."""
        if self.flowing.is_set():
            self._quiet_since = self.clock.monotonic()
            self.flowing.clear()

    def speak(self) -> None:
        """End of `go_quiet`: what was held back arrives."""
        self.flowing.set()

    def silence(self) -> float:
        """Seconds since the last byte; SSH's keep-alive is answered while nothing is wrong."""
        return 0.0 if self.flowing.is_set() else self.clock.monotonic() - self._quiet_since

    def engine_stops(self) -> None:
        """`systemctl stop docker`: SSH stays, streams end, calls fail; containers go on (live-restore)."""
        self.faults.engine_down = True
        self.daemon.bus.end_all(self.engine_error())
        self.daemon.logs.fail(self.engine_error())
        self.daemon.logs.hold(True)

    def engine_starts(self) -> None:
        """The engine is back."""
        self.faults.engine_down = False
        self.daemon.logs.hold(False)

    def engine_error(self) -> EngineDown:
        """What a call to a stopped engine raises."""
        return EngineDown(
            self.name,
            "the engine does not answer: /var/run/docker.sock: connection refused",
            next_step="look at `systemctl status docker` on the host",
        )
