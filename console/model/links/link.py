"""A link: a consumer and where it goes, with a state, a reason and the evidence for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.model.containers import ContainerKey
from console.model.text import NOTHING, SafeText, safe


class LinkState(StrEnum):
    """Worst first. The first rule that matches decides; what nobody has checked is never green."""

    BROKEN = "broken"
    """It cannot work now; `Link.fault` says how."""
    STALE = "stale"
    """It leads where the endpoint is not any more: gone, recreated, moved to another host or port."""
    FOREIGN = "foreign"
    """Its ambassador was altered by somebody else."""
    UNKNOWN = "unknown"
    """What would tell cannot be read, or was read too long ago."""
    UNDECLARED = "undeclared"
    """It is seen, and no mapping states it."""
    CONFIGURED = "configured"
    """A consumer says that it dials this; nothing is seen, and no mapping states it."""
    IDLE = "idle"
    """Checked and well; nobody is connected."""
    OK = "ok"
    """Connections are seen, and what can be checked is well."""


class Fault(StrEnum):
    """How a link is broken."""

    NONE = ""
    DNS = "dns"
    """The name is not known to the consumer."""
    REFUSED = "refused"
    TIMEOUT = "timeout"
    STOPPED = "stopped"
    PAUSED = "paused"


class Known(StrEnum):
    """How a link is known."""

    DECLARED = "declared"
    """By a mapping."""
    CONFIGURED = "configured"
    """By what the consumer's configuration says."""
    OBSERVED = "observed"
    """By flows."""


class EndKind(StrEnum):
    CONTAINER = "container"
    MACHINE = "machine"
    """A host of the fleet itself: a process that is in no container."""
    OUTSIDE = "outside"
    """An address that is nobody's in the fleet."""
    NAME = "name"
    """A name that a consumer dials and that leads nowhere we know."""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class End:
    """One end of a link."""

    kind: EndKind
    host: str = ""
    """Of a container or machine; else empty."""
    id: str = ""
    """Full id of a container that is there; empty where only its name is known."""
    name: SafeText = NOTHING
    """The container's name; an address for `outside`; the name dialled for `name`."""
    port: int = 0
    """The port it answers on there (a container's own port); 0 for consumers and where it is not known."""

    @property
    def key(self) -> ContainerKey | None:
        """The container, where it is one that is there."""
        return (self.host, self.id) if self.id else None

    @property
    def text(self) -> SafeText:
        """`postgres@db-1`, `db-1 itself`, `10.0.0.9`; without the port."""
        match self.kind:
            case EndKind.CONTAINER:
                return safe(f"{self.name}@{self.host}")
            case EndKind.MACHINE:
                return safe(f"{self.host} itself")
            case _:
                return self.name

    @property
    def with_port(self) -> SafeText:
        """`postgres@db-1:5432`."""
        return safe(f"{self.text}:{self.port}") if self.port else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that is known, and from where."""

    text: SafeText
    """`12 connections`, `check of dockcon-db: refused`, `variable DATABASE_URL`, `paused`."""
    ok: bool | None = None
    """True: it speaks for the link; False: against it; None: neither."""
    source: SafeText = NOTHING
    """Who says so: `connection tracking of app-1`, `counters`, `HAProxy of dockcon-db`, `engine of db-1`."""
    at: float | None = None
    """When it was read, seconds of the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One station of the way from the consumer to the endpoint, both included."""

    end: End
    how: SafeText = NOTHING
    """How one gets here from the station before: `as db:5432 on network dockcon-net-app`, `published on
    10.0.0.21:15432`, `on the same bridge`; empty for the first."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One consumer's way to one endpoint at one time (seconds of the Unix epoch)."""

    consumer: End
    endpoint: End
    dials: SafeText
    """What the consumer dials, as it would write it: `db:5432`, `10.0.0.21:15432`; never with a secret."""
    mapping: str = ""
    """Id of the mapping that states it; empty: none does."""
    via: SafeText = NOTHING
    """`ambassador`, `alias`, `hosts`, `published`, `bridge`, `direct`; empty: not known."""
    known: frozenset[Known] = frozenset()
    state: LinkState
    fault: Fault = Fault.NONE
    reason: SafeText = NOTHING
    next_step: SafeText = NOTHING
    sessions: int | None = None
    """Open connections now; None: cannot be told."""
    latency: float | None = None
    """Seconds of a round trip, by HAProxy's check, the kernel or a probe."""
    failing: int = 0
    """Attempts of the consumer that came to nothing in the last minute (of its whole network namespace)."""
    path: tuple[Hop, ...] = ()
    since: float
    """Since when it is in this state with this reason, as far as we have watched."""
    checked: float | None = None
    """When what its state rests on was read; None: never."""

    @property
    def identity(self) -> tuple[str, str, str, str, str, int]:
        """Equal for the same link seen again, also when a container was recreated under its name."""
        one, other = self.consumer, self.endpoint
        return (one.host, str(one.text), str(self.dials), other.host, str(other.text), other.port)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Of all its stations."""
        return tuple(one for hop in self.path for one in hop.evidence)

    @property
    def word(self) -> str:
        """`broken: refused`, `ok`."""
        return f"{self.state.value}: {self.fault.value}" if self.fault else self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkList:
    """All links of a fleet at one time; published whenever something about them changed."""

    links: tuple[Link, ...] = ()
    """Worst first, then by consumer."""
    partly: Mapping[str, SafeText] = field(default_factory=dict)
    """Hosts whose flows are not or only partly visible, and why."""
    looked: float | None = None
    """When the fleet was last looked at; None: not yet."""
    cost: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds of the last look on each host, where known."""
    attempts: Mapping[ContainerKey, tuple[tuple[float, int], ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """Failed attempts so far by the counters of each container, of the last minute (time, count): what
    `Link.failing` is told from."""
    sharing: tuple[tuple[ContainerKey, ContainerKey], ...] = field(default=(), compare=False, repr=False)
    """Containers that use another's network (`container:`), each with that other."""

    @property
    def broken(self) -> tuple[Link, ...]:
        """What an operator must look at: broken, stale and foreign ones."""
        bad = (LinkState.BROKEN, LinkState.STALE, LinkState.FOREIGN)
        return tuple(link for link in self.links if link.state in bad)

    def of(self, key: ContainerKey) -> tuple[Link, ...]:
        """Those a container takes part in: as consumer, as endpoint, or on the way."""
        return tuple(
            link
            for link in self.links
            if key in (link.consumer.key, link.endpoint.key) or any(hop.end.key == key for hop in link.path)
        )
