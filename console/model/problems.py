"""What an operator must look at: one pure function over snapshots, the same for screen and command line.

Of a host that is not up only that is reported: what its containers do now is not known, and a problem
seen earlier may be mended or may not. How many there were when it was last heard is part of the text, so
that losing a host does not look like mending it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from console.model.containers import Container, ContainerState, Health
from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.model.text import NOTHING, SafeText, safe
from console.model.units import size


class ProblemKind(StrEnum):
    HOST = "host"
    """A host is not up."""
    DEAD = "dead"
    HALF = "half-done"
    """A redeploy that was interrupted: it can be finished or taken back."""
    OOM = "oom"
    UNHEALTHY = "unhealthy"
    RESTARTING = "restarting"
    """Restarting now, or three starts in ten minutes."""
    EXITED = "exited"
    """Non-zero under a restart policy."""
    DISK = "disk"
    """The data root is over 90 % full."""
    MAPPING_BROKEN = "mapping-broken"
    """An address is as stated, and some or no endpoint answers."""
    MAPPING_PENDING = "mapping-pending"
    """Steps are left until an address is as stated."""
    MAPPING_FOREIGN = "mapping-foreign"
    """Something that nobody here has stated runs under our label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of one host, or of one container on it (`container` empty: the host itself)."""

    host: str
    container: str
    """Full id, or empty."""
    name: SafeText
    """The container's name, or empty."""
    kind: ProblemKind
    since: float | None
    """Seconds of the Unix epoch; None when not known."""
    text: SafeText
    mapping: str = ""
    """Id of the mapping it is about; then `name` is that, and `host` one of its consumers'."""

    @property
    def identity(self) -> tuple[str, str, ProblemKind]:
        """Equal for the same trouble seen again, so that a bell rings once."""
        return (self.host, f"mapping {self.mapping}" if self.mapping else self.container, self.kind)


PATIENCE = 10.0
"""Seconds a host may be connecting before that is a problem."""

LOOP_WINDOW, LOOP_STARTS = 600.0, 3
"""So many starts in so many seconds are a restart loop."""

OOM_WINDOW = 3600.0
"""Seconds for which a container killed for memory is a problem, whatever it did since."""

DISK_LIMIT = 90.0
"""Per cent of the data root's file system."""

HALF_DONE_AFTER = 180.0
"""Seconds after which a redeploy that is half done is not simply under way."""

_SIGNALS = frozenset({130, 137, 143})
"""Exit codes of processes that were told to end by SIGINT, SIGKILL and SIGTERM."""

_UNSTARTABLE = frozenset({126, 127, 128})
"""What the engine puts down as exit code when there was nothing to execute."""

_ORDER = (
    ProblemKind.HOST,
    ProblemKind.MAPPING_BROKEN,
    ProblemKind.DEAD,
    ProblemKind.HALF,
    ProblemKind.RESTARTING,
    ProblemKind.OOM,
    ProblemKind.EXITED,
    ProblemKind.UNHEALTHY,
    ProblemKind.MAPPING_FOREIGN,
    ProblemKind.MAPPING_PENDING,
    ProblemKind.DISK,
)
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}

_ENDED = frozenset({ContainerState.EXITED, ContainerState.DEAD, ContainerState.CREATED})
_RESTARTING_POLICIES = frozenset({"always", "unless-stopped"})


def find(snapshots: Iterable[HostSnapshot], now: float) -> tuple[Problem, ...]:
    """All problems of these hosts at `now`, seconds of the Unix epoch by our clock; worst first, then by
    host and name. A container has one problem at most, its worst.
    """
    return worst_first(problem for snapshot in snapshots for problem in of_host(snapshot, now))


def worst_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """In the order in which they are shown."""
    return tuple(sorted(problems, key=lambda p: (_RANK[p.kind], p.host, p.name, p.container)))


def of_host(snapshot: HostSnapshot, now: float) -> Iterator[Problem]:
    """The problems of one host and its containers, in no particular order."""
    # Its containers' times are by its own clock.
    there = now + ((snapshot.load.skew or 0.0) if snapshot.load else 0.0)
    sick = _containers(snapshot, there)
    if snapshot.status.state is not HostState.UP:
        yield from _host(snapshot, now, sum(1 for _ in sick))
        return
    yield from sick
    load = snapshot.load
    if load is not None and load.disk_percent is not None and load.disk_percent > DISK_LIMIT:
        free = f"{size(load.disk_free)} free"
        text = safe(f"disk of the engine's data root is {load.disk_percent:.0f} % full, {free}")
        yield _problem(snapshot, ProblemKind.DISK, None, text)


def _containers(snapshot: HostSnapshot, there: float) -> Iterator[Problem]:
    starts, ooms = snapshot.starts, snapshot.ooms
    for container in snapshot.containers.values():
        state = container.state
        # The well ones are most of them; they are passed over with as little work as possible.
        if (
            state is ContainerState.RUNNING
            and container.health is not Health.UNHEALTHY
            and not container.oom
            and container.id not in starts
            and container.id not in ooms
            and ".dockcon-" not in container.name
        ):
            continue
        problem = _container(snapshot, container, there)
        if problem is not None:
            yield problem


def _host(snapshot: HostSnapshot, now: float, sick: int) -> Iterator[Problem]:
    status = snapshot.status
    if status.state is HostState.OFF:
        return
    if status.state is HostState.CONNECTING and now - status.since < PATIENCE:
        return
    text = f"{status.state}: {status.reason}" if status.reason else str(status.state)
    if sick:
        text += f" (had {sick} container {'problem' if sick == 1 else 'problems'} when last heard)"
    yield _problem(snapshot, ProblemKind.HOST, status.since, safe(text))


def _container(snapshot: HostSnapshot, container: Container, there: float) -> Problem | None:
    kind_since_text = (
        _dead(container)
        or _half_done(container, there)
        or _looping(snapshot, container, there)
        or _out_of_memory(snapshot, container, there)
        or _exited(snapshot, container)
        or _unhealthy(container)
    )
    if kind_since_text is None:
        return None
    kind, since, text = kind_since_text
    return Problem(
        host=snapshot.name,
        container=container.id,
        name=container.name,
        kind=kind,
        since=since,
        text=safe(text),
    )


_Finding = tuple[ProblemKind, float | None, str]


def _dead(container: Container) -> _Finding | None:
    if container.state is not ContainerState.DEAD:
        return None
    return ProblemKind.DEAD, container.finished, "dead: the engine could not remove it"


def _half_done(container: Container, there: float) -> _Finding | None:
    """What only a redeploy under way has, and for too long."""
    ending = next((e for e in (".dockcon-next", ".dockcon-old") if container.name.endswith(e)), "")
    since = container.created if ending == ".dockcon-next" else container.finished
    if not ending or since is None or there - since < HALF_DONE_AFTER:
        return None
    name = container.name.removesuffix(ending)
    return ProblemKind.HALF, since, f"the redeploy of {name} is half done: U takes it back, F finishes it"


def _looping(snapshot: HostSnapshot, container: Container, there: float) -> _Finding | None:
    times = [at for at in snapshot.starts.get(container.id, ()) if at > there - LOOP_WINDOW]
    code = f", exit code {container.exit_code}" if container.exit_code is not None else ""
    if container.state is ContainerState.RESTARTING:
        again = f", {len(times)} starts in 10 minutes" if len(times) > 1 else ""
        return ProblemKind.RESTARTING, times[0] if times else container.finished, f"restarting{code}{again}"
    if len(times) >= LOOP_STARTS and container.id not in snapshot.stopped:
        return ProblemKind.RESTARTING, times[0], f"{len(times)} starts in 10 minutes{code}"
    return None


def _out_of_memory(snapshot: HostSnapshot, container: Container, there: float) -> _Finding | None:
    ended = snapshot.ooms.get(container.id) or (container.finished if container.oom else None)
    if ended is None or there - ended > OOM_WINDOW:
        return None
    running = " and runs again" if container.state is ContainerState.RUNNING else ""
    return ProblemKind.OOM, ended, f"killed: out of memory{running}"


def _exited(snapshot: HostSnapshot, container: Container) -> _Finding | None:
    """Exited non-zero although its policy says it should run, and not because somebody stopped it."""
    if container.state is not ContainerState.EXITED or not container.exit_code:
        return None
    if container.id in snapshot.stopped:
        return None
    policy = (container.restart_policy or NOTHING).partition(":")[0]
    if policy in _RESTARTING_POLICIES:
        # The engine restarts these for ever unless somebody stopped them, so somebody did; only a process
        # that could not even be started is left lying.
        if container.exit_code in _UNSTARTABLE:
            return (
                ProblemKind.EXITED,
                container.finished,
                f"could not be started: exit code {container.exit_code}",
            )
        return None
    if policy != "on-failure" or container.exit_code in _SIGNALS:
        return None
    return ProblemKind.EXITED, container.finished, f"exited with code {container.exit_code}, no more restarts"


def _unhealthy(container: Container) -> _Finding | None:
    if container.health is not Health.UNHEALTHY or container.state in _ENDED:
        return None
    return ProblemKind.UNHEALTHY, None, "unhealthy: its health check fails"


def _problem(snapshot: HostSnapshot, kind: ProblemKind, since: float | None, text: SafeText) -> Problem:
    return Problem(host=snapshot.name, container="", name=NOTHING, kind=kind, since=since, text=text)
