"""A console with 5,000 rows on this terminal, quiet or in a storm: what `ui_table` measures."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from console.config.schema import Settings
from console.model.containers import Usage
from console.model.snapshot import HostSnapshot
from console.service.handle import Batch
from tests.ui.fleet import FakeFleet, big_fleet

HOSTS_A_BATCH = 8


class Storm(FakeFleet):
    """Every `take` brings new figures of all containers of some hosts: 400 changed rows at ten a second."""

    turn = 0

    def take(self) -> Batch | None:
        first = super().take()
        if first is not None:
            return first
        self.turn += 1
        names = [spec.name for spec in self.hosts]
        start = self.turn * HOSTS_A_BATCH
        # The first host is in view from the beginning, so that lines on the screen change as well.
        chosen = {names[0], *(names[(start + n) % len(names)] for n in range(HOSTS_A_BATCH - 1))}
        changed = {name: _shaken(self.newest(name), self.turn) for name in chosen}
        self._newest.update(changed)
        return Batch(snapshots=changed)


def _shaken(snapshot: HostSnapshot, turn: int) -> HostSnapshot:
    usage: Mapping[str, Usage] = {
        key: replace(old, cpu_percent=float((turn * 13 + n * 7) % 100), memory_bytes=(turn + n) << 21)
        for n, (key, old) in enumerate(snapshot.usage.items())
    }
    return replace(snapshot, usage=usage, revision=snapshot.revision + 1)


def main() -> None:
    """Run it; `storm` or `quiet` as the argument."""
    os.environ["TEXTUAL_FPS"] = os.environ.get("TEXTUAL_FPS", "30")
    from console.ui.app import run

    calm = big_fleet()
    fleet = calm
    if sys.argv[1] == "storm":
        fleet = Storm(*(calm.newest(spec.name) for spec in calm.hosts))
        fleet.given = calm.given
    raise SystemExit(run(fleet, Settings(theme="dockcon-dark"), state=Path("/nonexistent")))


if __name__ == "__main__":
    main()
