"""A fleet at work on the lab's hosts, wired as the console wires it, and everything it ever said."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence

from console.model.containers import ContainerState
from console.model.events import EngineEvent
from console.model.hosts import HostSpec, HostState
from console.model.questions import Question
from console.model.snapshot import HostSnapshot
from console.service.logs.outbox import Caps
from console.service.network import NetworkThread
from console.service.remember import Forgetful, Memory
from console.transport.clock import SystemClock
from console.transport.live import LiveTransport
from console.transport.ssh import SshConnector
from tests.lab.host import LabHost
from tests.lab.machine import LabError, wait_for

Line = tuple[str, str, str, int | None]
"""Of one container: name, image, state, and the exit code where it has ended."""

TAKE_EVERY = 0.02


class LabFleet:
    """A `NetworkThread` over real SSH, read as a screen would read it."""

    def __init__(
        self, specs: Sequence[HostSpec], memory: Memory | None = None, log_caps: Caps | None = None
    ) -> None:
        self.handle = NetworkThread(
            "lab",
            specs,
            lambda: LiveTransport(SshConnector()),
            clock=SystemClock(),
            memory=memory or Forgetful(),
            log_caps=log_caps,
        )
        self.latest: dict[str, HostSnapshot] = {}
        self.states: dict[str, list[HostState]] = {spec.name: [] for spec in specs}
        """Every state each host went through, in order."""
        self.events: list[EngineEvent] = []
        self._enough = threading.Event()
        self._reader = threading.Thread(target=self._read, name="lab-fleet")

    def _read(self) -> None:
        while not self._enough.wait(TAKE_EVERY):
            self._take()

    def _take(self) -> None:
        batch = self.handle.take()
        if batch is None:
            return
        assert not batch.dropped
        self.events += batch.events
        for name, snapshot in batch.snapshots.items():
            states, state = self.states[name], snapshot.status.state
            if states[-1:] != [state]:
                states.append(state)
            self.latest[name] = snapshot

    @contextlib.contextmanager
    def at_work(self) -> Iterator[LabFleet]:
        """Run until the block ends; then every thread is gone."""
        self.handle.start()
        self._reader.start()
        try:
            yield self
        finally:
            self._enough.set()
            self._reader.join()
            asyncio.run(self.handle.aclose())

    # ---- what it says

    def __getitem__(self, host: str) -> HostSnapshot:
        return self.latest[host]

    def state(self, host: str) -> HostState | None:
        return self.latest[host].status.state if host in self.latest else None

    def reason(self, host: str) -> str:
        return str(self.latest[host].status.reason)

    def until(self, condition: Callable[[], object], what: str, limit: float = 30) -> None:
        """Wait; the failure names every host's states."""
        try:
            wait_for(condition, what, limit, every=TAKE_EVERY)
        except LabError as error:
            said = "\n".join(
                f"{name}: {' > '.join(states)}: {self.latest[name].status.reason}"
                for name, states in self.states.items()
                if name in self.latest
            )
            raise AssertionError(f"{error}\n{said}") from None

    def reaches(self, host: str, state: HostState, limit: float = 30) -> HostSnapshot:
        """Wait until a host is in a state."""
        self.until(lambda: self.state(host) is state, f"{host} to be {state}", limit)
        return self[host]

    def all_up(self, *names: str) -> None:
        """Wait until these hosts (all, when none is named) are up, with their tables."""
        wanted = names or tuple(self.states)
        self.until(
            lambda: all(name in self.latest and self.latest[name].fresh for name in wanted),
            f"{', '.join(wanted)} to be up",
        )

    def question(self, host: str) -> Question:
        """Wait until a host asks something."""
        self.reaches(host, HostState.NEEDS_YOU)
        found = self[host].status.question
        assert found is not None
        return found

    def table(self, host: str) -> dict[str, Line]:
        """By full id."""
        return {
            c.id: (str(c.name), str(c.image), str(c.state), c.exit_code)
            for c in self.latest[host].containers.values()
        }

    def line(self, host: str, container: str) -> Line | None:
        """A container's line, None where it is not there."""
        return self.table(host).get(container)

    def told(self, host: str) -> int:
        """How many events of a host came so far."""
        return sum(event.host == host for event in self.events)

    def equals(self, host: LabHost, limit: float = 40) -> None:
        """Wait until the table is what `docker ps -a` says; the failure shows the difference.

        The truth is read again at each look: a restarting container does not stand still.
        """
        seen: list[tuple[dict[str, Line], dict[str, Line]]] = []

        def same() -> bool:
            before = self.table(host.name)
            there = truth(host)
            seen[:] = [(self.table(host.name), there)]
            return self[host.name].fresh and there in (before, self.table(host.name))

        try:
            self.until(same, f"the table of {host.name} to be that of `docker ps -a`", limit)
        except AssertionError as error:
            ours, there = seen[0]
            only_ours = sorted(set(ours.items()) - set(there.items()))
            only_there = sorted(set(there.items()) - set(ours.items()))
            raise AssertionError(f"{error}\nonly here: {only_ours}\nonly there: {only_there}") from None


def truth(host: LabHost) -> dict[str, Line]:
    """`docker ps -a`, by full id. The exit code is the one in `Exited (3) 2 seconds ago`."""
    lines = {}
    for full, row in host.ps_a().items():
        ended = ContainerState(row.state) in (ContainerState.EXITED, ContainerState.RESTARTING)
        code = row.status.partition("(")[2].partition(")")[0] if ended else ""
        lines[full] = (row.name, row.image, row.state, int(code) if code else None)
    return lines


def names() -> Iterator[str]:
    """Names that no container has had."""
    return (f"churn-{number}" for number in itertools.count())
