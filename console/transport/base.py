"""The protocols between `service` and a way to reach hosts; `live` and `memory` implement them.

Everything is asynchronous and belongs to the one loop it was made on (the network loop). A `Transport`
makes a `HostLink` per connection (one SSH connection); the link makes an `Engine` (its Docker API) and
a `HostProbe` (the machine). All texts in what they return are sanitised, all errors are of
`console.errors`. Closing is idempotent, never raises, and awaits whatever it owns.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from console.errors import HostError
from console.model.actions import Action
from console.model.containers import Container, Inspection
from console.model.events import EngineEvent
from console.model.hosts import EngineFacts, HostLoad, HostSpec
from console.model.logs.lines import LogFrames
from console.model.logs.wish import ClockReading
from console.model.questions import Question
from console.model.stock.things import DiskUsage, Image, Kind, Network, Volume
from console.model.text import SafeText
from console.transport.inside import Inside

if TYPE_CHECKING:
    from console.transport.sight import Sight
    from console.transport.wiring import Wiring


class Prompter(Protocol):
    """Puts a question to the operator."""

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        """Return one answer per prompt ("yes" for a host key), or None for no."""
        ...


@dataclass(frozen=True, slots=True)
class CgroupUsage:
    """One container's figures as its cgroup has them at one moment."""

    cpu_seconds: float
    """Used since the container started, all cores together."""
    memory_bytes: int
    """Without inactive page cache, as `docker stats` counts."""
    memory_limit: int = 0
    """0: none."""


@dataclass(frozen=True, slots=True)
class ProbeSample:
    """One reading of a machine."""

    at: float
    """Our clock, seconds of the Unix epoch, at the moment the host took the figures (half the trip back)."""
    monotonic: float
    """A monotonic clock of the host in seconds (its uptime), to divide CPU seconds by."""
    rtt: float
    load: HostLoad
    usage: Mapping[str, CgroupUsage]
    """By full id; a container without cgroup figures is absent."""


class HostProbe(Protocol):
    """The machine behind an engine, read through one shell; nothing is asked of the engine."""

    async def sample(self, running: Collection[str]) -> ProbeSample:
        """Read load, memory, disk of the data root and the cgroups of these full ids.

        Raises CapabilityMissing where there is no shell or it did not answer within 3 s.
        """
        ...


@dataclass(frozen=True, slots=True)
class StatsFrame:
    """One frame of an engine's own `GET /containers/{id}/stats`, for hosts without a shell."""

    at: float
    cpu_percent: float | None
    memory_bytes: int
    memory_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAsk:
    """Which part of a container's log; without anything the whole of what the engine has."""

    follow: bool = False
    tail: int | None = None
    """At most that many of the newest frames (a line of more than 16 KiB has several)."""
    since_ns: int | None = None
    """Frames stamped at this nanosecond or later."""
    until_ns: int | None = None
    tty: bool = False
    """As the container's `LogSetup` says: engines before API 1.42 do not tell in their answer."""


class LogReader(Protocol):
    """The logs of one engine."""

    def logs(self, container_id: str, ask: LogAsk) -> AbstractAsyncContextManager[AsyncIterator[LogFrames]]:
        """Read a container's log, its stdout and stderr with engine time stamps.

        Entering returns when the engine has accepted. The iterator gives what has come since it was last
        asked, never empty, and holds the engine back while nobody takes; it ends when the engine says that
        the log ends (without `follow` at once, else when the container stops). A stream that is cut raises
        HostUnreachable or EngineDown, so that it is never taken for an end.

        Entering raises NotFound, EngineError (also where the log driver keeps nothing that could be read),
        CapabilityMissing where as many streams are open as the carrier allows, EngineDown, HostUnreachable.
        Podman answers a follow with its first line only: there the iterator may be what raises them.
        """
        ...

    async def clock(self) -> ClockReading:
        """How far the engine's clock is ahead of ours, by its own answer. Raises EngineDown, HostUnreachable,
        EngineError.
        """
        ...


class StockReader(Protocol):
    """Images, volumes and networks of one engine. All raise EngineError, EngineDown, HostUnreachable."""

    async def images(self) -> tuple[Image, ...]:
        """All but intermediate ones (`GET /images/json`); what they share is not known yet."""
        ...

    async def volumes(self) -> tuple[Volume, ...]:
        """All (`GET /volumes`), without sizes."""
        ...

    async def networks(self) -> tuple[Network, ...]:
        """All (`GET /networks`)."""
        ...

    async def disk_usage(self) -> DiskUsage:
        """Measure (`GET /system/df`): minutes on a host with large volumes, so only when somebody looks."""
        ...


class Acting(Protocol):
    """Changes to the containers of one engine, and to what it has in store."""

    async def act(self, container_id: str, action: Action) -> bool:
        """Do it; return whether anything changed (False: it was already so).

        Waits as long as the engine does, a stop's time-out included. Never repeated by itself. Raises
        NotFound, Conflict, EngineError, EngineDown, HostUnreachable: nothing has changed; OutcomeUnknown:
        the request was sent and the answer lost.
        """
        ...

    async def discard(self, kind: Kind, ident: str, pins: tuple[str, ...]) -> None:
        """Remove an image by its id, a volume by its name, a network by its id, never by force.

        Raises Conflict where a container uses it, running or not, or where `pins` (of the thing as it was
        listed) do not hold any more; else as `act`.
        """
        ...


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far an image has come."""

    text: SafeText
    """What is done now, in the engine's words."""
    done: int = 0
    total: int = 0
    """Bytes over all layers that are known by now; 0: not known."""


class Rebuilding(Protocol):
    """What a redeploy asks of one engine besides `Engine` and `Acting`.

    Documents hold secrets and unsafe text: they are neither shown nor logged. Every method raises NotFound,
    Conflict, EngineError, EngineDown or HostUnreachable; those that change something OutcomeUnknown, too,
    where the answer was lost.
    """

    async def image(self, reference: str) -> Mapping[str, object] | None:
        """`GET /images/{name}/json`, by reference or id; None where there is none."""
        ...

    async def pull(self, reference: str, progress: Callable[[PullProgress], None]) -> None:
        """Pull; `progress` is called on the loop as it goes."""
        ...

    def export(self, reference: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """`GET /images/{name}/get`: an archive of one image, with its name where it is named so. The engine
        is held back while nobody takes.
        """
        ...

    async def load(self, parts: AsyncIterator[bytes]) -> None:
        """`POST /images/load`: take an archive, no faster than the engine does. Cancelled, it is given up."""
        ...

    async def create(self, name: str, body: Mapping[str, object]) -> str:
        """Create a container; return its full id."""
        ...

    async def connect(self, network: str, container_id: str, endpoint: Mapping[str, object]) -> None:
        """Connect a container to a further network."""
        ...

    async def set_restart_policy(self, container_id: str, policy: str) -> None:
        """`no`, `always`, `unless-stopped`, `on-failure:3`."""
        ...

    async def changed_files(self, container_id: str) -> tuple[SafeText, ...]:
        """What it has written into its own layer (`GET /containers/{id}/changes`): lost with it."""
        ...


class EngineDeeds(Acting, Rebuilding, Protocol):
    """Everything that changes an engine, apart from what only reads, so that nobody changes by accident."""


class Engine(LogReader, Protocol):
    """One host's Docker Engine API on one connection."""

    @property
    def facts(self) -> EngineFacts: ...

    @property
    def deeds(self) -> EngineDeeds:
        """What changes it."""
        ...

    @property
    def stock(self) -> StockReader:
        """Its images, volumes and networks."""
        ...

    @property
    def inside(self) -> Inside:
        """What goes on inside its containers: processes and files."""
        ...

    @property
    def wiring(self) -> Wiring:
        """What mappings ask of it and of its host; some of that changes them."""
        ...

    @property
    def sight(self) -> Sight:
        """What is seen of the host's connections."""
        ...

    async def ping(self) -> float:
        """Seconds of one round trip. Raises EngineDown or HostUnreachable."""
        ...

    async def containers(self, ids: Collection[str] | None = None) -> tuple[Container, ...]:
        """All containers, running or not; with `ids` only those of them that exist."""
        ...

    async def inspect(self, container_id: str) -> Inspection:
        """Everything of one container. Raises NotFound."""
        ...

    def events(self, since_ns: int | None = None) -> AbstractAsyncContextManager[AsyncIterator[EngineEvent]]:
        """Subscribe. Entering returns when the engine has accepted the subscription, so that a list taken
        afterwards misses nothing. The iterator ends with HostUnreachable or EngineDown, never quietly.
        """
        ...

    def stats(self, container_id: str) -> AbstractAsyncContextManager[AsyncIterator[StatsFrame]]:
        """Follow the engine's own statistics of one container; ends when the container stops."""
        ...

    async def info(self) -> Mapping[str, object]:
        """`GET /info` as it came (unsafe text): for `check` and the incident bundle."""
        ...

    async def aclose(self) -> None: ...


class HostLink(Protocol):
    """One connection to one host."""

    @property
    def route(self) -> str:
        """The way there as an operator would say it: `ops@10.0.0.12:22 via bastion`."""
        ...

    def idle(self) -> float:
        """Seconds since the host last sent a byte."""
        ...

    async def engine(self, carrier: str = "") -> Engine:
        """Climb the carrier ladder, `carrier` (remembered from last time) first, and agree on an API version.

        Raises EngineForbidden, EngineTooOld, EngineDown or HostUnreachable.
        """
        ...

    async def probe(self, data_root: str = "") -> HostProbe:
        """Open the host's shell. Raises CapabilityMissing."""
        ...

    async def lost(self) -> HostError:
        """Wait until the connection is gone; return why."""
        ...

    async def aclose(self) -> None: ...


class Transport(Protocol):
    """A way to reach hosts."""

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> HostLink:
        """Connect to one host; at most about ten seconds, not counting time a person takes to answer.

        With `prompter` None nothing is asked: AnswerNeeded is raised where a question would have been.
        Raises HostUnreachable, AnswerNeeded, HostKeyRefused or LoginRefused.
        """
        ...

    async def aclose(self) -> None:
        """Close every link and wait for them."""
        ...
