"""Three engines that write as fast as they can: nothing uncounted, nothing that grows, keys answered."""

from __future__ import annotations

import itertools
import time

import pytest

from console.model.logs.lines import NoteKind
from console.model.logs.ring import LogRing
from console.model.logs.wish import LogWish
from console.model.query import parse
from console.model.text import SafeText
from console.service.logs.outbox import Caps
from console.service.tap import SourceState
from tests.bench.terminal import resident_megabytes
from tests.lab.console import Console, names
from tests.lab.fleet import LabFleet
from tests.lab.lab import Lab
from tests.lab.logreaders import TapReader
from tests.lab.logwriters import Writer, let_go, start_all
from tests.lab.machine import wait_for

EACH = 100_000
WISH = LogWish(title=SafeText("floods"), query=parse("name:flood*"), tail=None)


def flood(lab: Lab, writer: Writer) -> None:
    """One container on each host."""
    start_all([(host, writer) for host in (lab[name] for name in lab.names)])


def test_every_line_of_a_storm_is_held_or_counted_as_dropped(lab: Lab) -> None:
    with LabFleet(lab.specs(), log_caps=Caps(lines=20_000)).at_work() as fleet:
        fleet.all_up()
        reader = TapReader(fleet, WISH)
        try:
            writer = Writer("flood", 0, (), most=EACH, err=7, held=True)
            flood(lab, writer)
            # What was written before is the past: of that no more than the cap is read, or counted.
            wait_for(lambda: followed(reader) == len(lab.names), "all sources")
            for name in lab.names:
                let_go(lab[name], writer)
            wait_for(lambda: accounted(reader), "the first lines")
            # Nobody takes for as long as this: more comes than is kept.
            time.sleep(3)
            wait_for(lambda: accounted(reader) >= len(lab.names) * EACH, "all lines", 240, 0.1)
        finally:
            reader.tap.close()
    assert {view.lines for view in reader.sources} == {EACH}
    dropped = [note for note in reader.notes if note.kind is NoteKind.DROPPED]
    assert sum(note.lines for note in dropped) == reader.dropped > 0
    held = reader.lines()
    assert len(held) + reader.dropped == len(lab.names) * EACH
    assert len(set(held)) == len(held)
    ring = LogRing(50_000, 1 << 30)
    for block in reader.blocks:
        ring.append(block)
    kept = sum(ring.line(number).note is None for number in range(ring.first, ring.end))
    assert 0 < kept == len(held) - ring.dropped < len(held)


def followed(reader: TapReader) -> int:
    """How many sources are."""
    reader.take()
    return sum(view.state is SourceState.FOLLOWING for view in reader.sources)


def accounted(reader: TapReader) -> int:
    """Lines that came or were said to be dropped; takes what is there."""
    reader.take()
    return sum(len(block) - len(block.notes) for block in reader.blocks) + reader.dropped


BOUNDED = ("--log-opt", "max-size=50m", "--log-opt", "max-file=2")
"""An endless storm must not fill the disk."""

HELP, PROMPT = "keys that work where you came from", "only lines with this text"
STEPS: tuple[tuple[str, str, str], ...] = (
    ("?", HELP, ""),
    ("Escape", "", HELP),
    ("f", "∙ held", "∙ follow"),
    ("f", "∙ follow", "∙ held"),
    ("1", ">1 Containers", ""),
    ("2", ">2 Logs", ""),
    ("&", PROMPT, ""),
    ("Escape", "∙ follow", PROMPT),
    ("6", ">6 Hosts", ""),
    ("2", ">2 Logs", ">6 Hosts"),
)
"""A key, what the screen must show then, and what no longer."""


def test_keys_are_answered_in_a_storm_and_memory_stays_flat(lab: Lab, console: Console) -> None:
    series = storm(lab, console, seconds=12)
    assert max(series[len(series) // 2 :]) <= 1.25 * max(series[: len(series) // 2])


@pytest.mark.soak
def test_memory_stays_flat_through_ten_minutes_of_storm(lab: Lab, console: Console) -> None:
    series = storm(lab, console, seconds=600)
    assert max(series[len(series) // 2 :]) <= 1.05 * max(series[: len(series) // 2])


def storm(lab: Lab, console: Console, seconds: float) -> list[float]:
    """Keys again and again while three engines write; resident megabytes from the moment on at which the
    cap was reached.
    """
    flood(lab, Writer("flood", 0, BOUNDED, err=7))
    terminal = console.terminal
    terminal.size = (120, 40)
    terminal.start()
    console.open("flood")
    terminal.until(lambda lines: len(names(lines)) == len(lab.names), "all rows")
    terminal.keys("Home", *["Space"] * len(lab.names))
    terminal.shows(f"{len(lab.names)} marked")
    terminal.keys("l")
    terminal.shows("oldest let go", limit=90)
    pid, series, delays = console.pid(), [], []
    end = time.monotonic() + seconds
    for number, (key, comes, goes) in enumerate(itertools.cycle(STEPS), 1):
        began = time.monotonic()
        terminal.keys(key)
        terminal.until(
            lambda lines, c=comes, g=goes: answered("\n".join(lines), c, g), f"the effect of {key}"
        )
        delays.append(time.monotonic() - began)
        series.append(resident_megabytes(pid))
        if began > end and number % len(STEPS) == 0:
            break
        time.sleep(min(1.0, seconds / 40))
    print(f"resident MB: {' '.join(f'{one:.0f}' for one in series[:: max(1, len(series) // 60)])}")
    print(f"slowest key {max(delays) * 1000:.0f} ms of {len(delays)}, seen by looking ten times a second")
    terminal.keys("q")
    terminal.shows("code=0")
    for bad in (" ERROR ", "never retrieved", "never awaited", "was destroyed", "ResourceWarning"):
        assert bad not in console.log()
    return series


def answered(screen: str, comes: str, goes: str) -> bool:
    """Whether a key's effect is seen."""
    return comes in screen and not (goes and goes in screen)
