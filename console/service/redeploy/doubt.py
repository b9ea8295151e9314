"""Whether the old container may still be stopping.

An engine goes on with a stop whose console was killed, and shows nothing of it: a container that has time to
end by itself looks as if it ran. Taken for that, it would be gone a moment after the way back was done.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.model.clock import Clock
from console.model.redeploy.course import StepKind, Way
from console.model.redeploy.documents import mapping
from console.service.redeploy.look import Scene

USUAL = 10
"""Seconds a process has to end by itself, where no `StopTimeout` says otherwise."""
MARGIN = 5.0
AT_MOST = 120.0

_LATE = frozenset({StepKind.PAUSE_OLD, StepKind.DISCARD, None})
"""Steps that are taken only once it is certain: as long as there is a new one, a way back is not over."""


@dataclass(slots=True)
class Doubt:
    """About one way back of a redeploy that another console began."""

    clock: Clock
    certain: bool = False
    _asked: bool = False
    _until: float | None = None

    def look(self, scene: Scene, way: Way) -> None:
        """The first look says whether a stop may have been asked for: its turn was come, and it runs."""
        if self._asked:
            return
        self._asked = True
        old, new = scene.facts.old, scene.facts.new
        if (
            old is None
            or new is None
            or not old.running
            or old.name != scene.facts.name
            or new.networks < scene.facts.networks
            or (old.policy != "no" and way.policy != "no")
        ):
            self.certain = True

    def holds(self, scene: Scene, step: StepKind | None) -> float:
        """Seconds for which this step has to wait; 0: none. A start makes it certain."""
        if step is StepKind.START_OLD:
            self.certain = True
        if self.certain or step not in _LATE:
            return 0.0
        now = self.clock.monotonic()
        if self._until is None:
            stated = mapping(mapping(scene.old).get("Config")).get("StopTimeout")
            grace = stated if isinstance(stated, int) and stated >= 0 else USUAL
            self._until = now + min(AT_MOST, grace + MARGIN)
        return max(0.0, self._until - now)
