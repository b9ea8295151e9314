"""Whether one container runs, as far as lists and events say."""

from __future__ import annotations

import asyncio

from console.model.containers import Container, ContainerState
from console.model.events import EngineEvent

ALIVE = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.UNKNOWN})
"""States in which a container's log can be followed."""


SAME = 500_000_000
"""Nanoseconds by which the event of a start or an end may be later than the time an inspect gives for it."""


class Life:
    """Belongs to the network loop. Times are nanoseconds by the engine's clock, 0 where nobody said."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.running = container.state in ALIVE
        self.removed_ns: int | None = None
        self.started_ns = 0
        self.died_ns = 0
        self.exit_code: int | None = None
        """Of its last end that an event told of."""
        self._inspected = False
        self._changed = asyncio.Event()

    def inspected(self, container: Container) -> None:
        """What an inspect says of it. From here on events are news; those of the past, which an engine tells
        again to whoever subscribes, are not.
        """
        self.started_ns = _later(self.started_ns, container.started)
        died, self.died_ns = self.died_ns, _later(self.died_ns, container.finished)
        if self.died_ns > died:
            self.exit_code = None if container.state in ALIVE else container.exit_code
        self._inspected = True

    def event(self, event: EngineEvent) -> None:
        """An event about it."""
        if event.action == "start":
            if event.time_ns > self.started_ns + SAME:
                self.started_ns = event.time_ns
                self._now_runs(True)
        elif event.action in ("die", "died"):
            if event.time_ns > self.died_ns + SAME:
                self.died_ns = event.time_ns
                code = event.attributes.get("exitCode") or event.attributes.get("containerExitCode") or ""
                self.exit_code = int(code) if code.isdecimal() else None
                self._now_runs(self.started_ns > event.time_ns)
        elif event.action in ("destroy", "remove"):
            self.gone(event.time_ns)

    def listed(self, container: Container) -> None:
        """Its row in a list the engine gave just now."""
        if container is self.container:
            return
        self.container = container
        running = container.state in ALIVE
        if running != self.running:
            self.running = running
            self._tell()

    def gone(self, ns: int) -> None:
        """It was removed, at `ns` or a little before."""
        if self.removed_ns is None:
            self.removed_ns = ns
            self.running = False
            self._tell()

    async def change(self, at_most: float | None = None) -> None:
        """Wait until something changes, `at_most` seconds."""
        try:
            async with asyncio.timeout(at_most):
                await self._changed.wait()
        except TimeoutError:
            return

    @property
    def end(self) -> str:
        """How it ended, for people."""
        code = self.exit_code if self.exit_code is not None else self.container.exit_code
        return "stopped" if code is None else f"stopped, exit code {code}"

    def _now_runs(self, running: bool) -> None:
        if self._inspected:
            self.running = running
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _later(known: int, seconds: float | None) -> int:
    """`known`, or the moment that an inspect names where that is another one."""
    named = int(seconds * 1e9) if seconds is not None else 0
    return named if named > known + SAME else known
