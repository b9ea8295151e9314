"""One host's containers as they are: list rows, event by event, with what inspects have added.

No input or output here: `watch` and `details` feed it. A list row says less than an inspect (no exact
times, no restart count), so both are kept and merged, and a row never erases what is still true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from console.model.containers import Container, ContainerState
from console.model.events import EngineEvent
from console.model.text import SafeText

STARTS_WINDOW = 600.0
"""Seconds for which starts are remembered."""

OOMS_WINDOW = 3600.0
"""Seconds for which it is remembered that a container was killed for memory: a restart clears the flag."""

STARTS_KEPT = 32
"""Starts remembered of one container, so that a tight loop costs no memory."""

STOP_PATIENCE = 900.0
"""Seconds between an operator's signal and the end it explains; `docker stop -t` may be long."""

RACE = 2.0
"""Seconds within which a `kill` event that comes after its `die` still explains it."""

_IGNORED = frozenset(
    {"top", "resize", "attach", "detach", "export", "copy", "archive-path", "extract-to-dir"}
)
"""Actions that change nothing a list shows, besides the three `exec_*` of every health check."""

_DETAILS = frozenset({"create", "start", "die", "died", "oom", "update"})
"""Actions after which an inspect says something new."""

_HARMLESS_SIGNALS = frozenset({"1", "10", "12", "28", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH"})
"""Signals that ask a process to reload or reopen, not to end."""

_ALIVE = frozenset({ContainerState.RUNNING, ContainerState.PAUSED})


@dataclass(frozen=True, slots=True)
class Details:
    """What only an inspect says."""

    state: ContainerState
    exit_code: int | None
    oom: bool | None
    restarts: int | None
    restart_policy: SafeText | None
    started: float | None
    finished: float | None
    accepted: Container | None = None
    """The row this was accepted beside although the two contradict each other, and went on to when asked
    again: an engine whose clock is wrong, or whose list and inspect disagree. Later rows are then compared
    with that row.
    """


class Table:
    """The containers of one host."""

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        self.starts: dict[str, tuple[float, ...]] = {}
        self.ooms: dict[str, float] = {}
        self.stopped: set[str] = set()
        self.wanted: set[str] = set()
        """Ids whose details are missing or older than their last event."""
        self.last_ns = 0
        """Time of the newest event, by the engine's clock; where to go on after a gap."""
        self.changes = 0
        """Grows with every visible change, so that an unchanged table is not published again."""
        self._details: dict[str, Details] = {}
        self._outdated: set[str] = set()
        self._versions: dict[str, int] = {}
        self._signalled: dict[str, float] = {}
        self._died: dict[str, float] = {}
        self._now = 0.0

    def note(self, event: EngineEvent) -> bool:
        """Take in one event; return whether the list row of `event.container_id` may have changed."""
        self.last_ns = max(self.last_ns, event.time_ns)
        action = event.action
        if not event.container_id or action.startswith("exec_") or action in _IGNORED:
            return False
        if event.type == "container":
            self._evidence(event.container_id, action, event.time_ns / 1e9, event.attributes)
        return True

    def replace_all(self, rows: Iterable[Container], now: float, *, gap: bool) -> None:
        """A whole list, taken at `now`. After a `gap` anything may have happened without an event."""
        self._now = now
        listed = {row.id: row for row in rows}
        for container_id in [known for known in (*self.containers, *self._versions) if known not in listed]:
            self._forget(container_id)
        for row in listed.values():
            self._put(row)
            if gap:
                self.wanted.add(row.id)
                if row.state in _ALIVE:
                    self.stopped.discard(row.id)
        # The engine's order is kept, newest first.
        self.containers = {container_id: self.containers[container_id] for container_id in listed}

    def update(self, ids: Collection[str], rows: Iterable[Container], now: float) -> None:
        """The answer to a list of `ids` at `now`: what is missing from it is gone."""
        self._now = now
        listed = {row.id: row for row in rows}
        for container_id in ids:
            row = listed.get(container_id)
            if row is not None:
                self._put(row)
            else:
                self._forget(container_id)

    def version(self, container_id: str) -> int:
        """Grows with every event that outdates an inspect of this container."""
        return self._versions.get(container_id, 0)

    def inspected(self, inspected: Container, version: int) -> bool:
        """Take in an inspect that was asked for at `version`; one overtaken by an event is dropped.

        Return whether it contradicts the list row, which then has to be asked for again.
        """
        container_id = inspected.id
        known = self.containers.get(container_id)
        if known is None or version != self.version(container_id):
            return False
        self.wanted.discard(container_id)
        self._outdated.discard(container_id)
        before = self._details.get(container_id)
        details = self._details[container_id] = Details(
            state=inspected.state,
            exit_code=inspected.exit_code,
            oom=inspected.oom,
            restarts=inspected.restarts,
            restart_policy=inspected.restart_policy,
            started=inspected.started,
            finished=inspected.finished,
        )
        if inspected.state is not known.state or not _same_life(known, details, self._now):
            if before is None or replace(before, accepted=None) != details:
                return True
            self._details[container_id] = replace(details, accepted=known)
        self._put(known)
        return False

    def forget_old(self, now: float) -> None:
        """Drop starts and memory kills that are too old to matter; seconds of the Unix epoch."""
        for container_id in [known for known, at in self.ooms.items() if at < now - OOMS_WINDOW]:
            del self.ooms[container_id]
            self.changes += 1
        before = now - STARTS_WINDOW
        for container_id, times in list(self.starts.items()):
            if times[0] < before:
                left = tuple(at for at in times if at >= before)
                self.changes += 1
                if left:
                    self.starts[container_id] = left
                else:
                    del self.starts[container_id]

    def _put(self, row: Container) -> None:
        container_id = row.id
        merged = self._merged(row)
        if not merged.detailed:
            self.wanted.add(container_id)
        if self.containers.get(container_id) != merged:
            self.containers[container_id] = merged
            self.changes += 1

    def _merged(self, row: Container) -> Container:
        details = self._details.get(row.id)
        if details is None:
            return self._with_start(row)
        known = {"restarts": details.restarts, "restart_policy": details.restart_policy}
        if row.id in self._outdated or not _same_life(row, details, self._now):
            return self._with_start(replace(row, detailed=False, oom=None, **known))  # type: ignore[arg-type]  # two fields
        return replace(
            row,
            detailed=True,
            oom=details.oom,
            exit_code=details.exit_code if row.exit_code is None else row.exit_code,
            started=details.started,
            finished=details.finished,
            restarts=details.restarts,
            restart_policy=details.restart_policy,
        )

    def _with_start(self, row: Container) -> Container:
        """Until the inspect is there, the start event's time is better than the list's rounded one."""
        times = self.starts.get(row.id)
        if row.state in _ALIVE and times and (row.started is None or abs(row.started - times[-1]) < 60):
            return replace(row, started=times[-1])
        return row

    def _forget(self, container_id: str) -> None:
        if self.containers.pop(container_id, None) is not None:
            self.changes += 1
        self.starts.pop(container_id, None)
        self.ooms.pop(container_id, None)
        self._details.pop(container_id, None)
        self._versions.pop(container_id, None)
        self._signalled.pop(container_id, None)
        self._died.pop(container_id, None)
        for ids in (self.stopped, self.wanted, self._outdated):
            ids.discard(container_id)

    def _evidence(
        self, container_id: str, action: str, at: float, attributes: Mapping[str, SafeText]
    ) -> None:
        if action in _DETAILS:
            self._versions[container_id] = self._versions.get(container_id, 0) + 1
            if container_id in self.containers:
                self.wanted.add(container_id)
            if action != "update":
                self._outdated.add(container_id)
        if action == "start":
            self._started(container_id, at)
        elif action == "kill" and attributes.get("signal", SafeText("")) not in _HARMLESS_SIGNALS:
            self._signalled[container_id] = at
            if at - self._died.get(container_id, -RACE) < RACE:
                self._stop(container_id)
        elif action in ("die", "died"):  # Podman's word
            self._died[container_id] = at
            if at - self._signalled.get(container_id, -STOP_PATIENCE) < STOP_PATIENCE:
                self._stop(container_id)
        elif action == "stop":
            self._stop(container_id)
        elif action == "oom":
            self.ooms[container_id] = at
            self.changes += 1

    def _started(self, container_id: str, at: float) -> None:
        self._signalled.pop(container_id, None)
        self._died.pop(container_id, None)
        self.stopped.discard(container_id)
        times = self.starts.get(container_id, ())
        if at not in times:
            kept = (t for t in (*times, at) if t > at - STARTS_WINDOW)
            self.starts[container_id] = tuple(sorted(kept))[-STARTS_KEPT:]
            self.changes += 1

    def _stop(self, container_id: str) -> None:
        if container_id not in self.stopped:
            self.stopped.add(container_id)
            self.changes += 1


def _same_life(row: Container, details: Details, now: float) -> bool:
    """Whether the inspect still speaks of what the row shows, as far as a row can tell."""
    known = details.accepted or details
    if row.state not in _ALIVE or known.state not in _ALIVE:
        return row.state is known.state and (row.exit_code is None or row.exit_code == known.exit_code)
    if row.started is None or known.started is None:
        return True
    # `Up 2 days` may hide almost a third of the truth and `About a minute` half of it, but no more.
    return now - row.started > 0.45 * (now - known.started) - 60
