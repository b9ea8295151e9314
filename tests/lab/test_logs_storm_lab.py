"""Three engines that write as fast as they can: nothing uncounted, nothing that grows, keys answered."""

from __future__ import annotations

import time

from console.model.logs.lines import NoteKind
from console.model.logs.ring import LogRing
from console.model.logs.wish import LogWish
from console.model.query import parse
from console.model.text import SafeText
from console.service.logs.outbox import Caps
from tests.lab.fleet import LabFleet
from tests.lab.lab import Lab
from tests.lab.logreaders import TapReader
from tests.lab.logwriters import Writer, start_all
from tests.lab.machine import wait_for

EACH = 100_000
WISH = LogWish(title=SafeText("floods"), query=parse("name:flood*"), tail=None)


def flood(lab: Lab, most: int, *words: str) -> None:
    """One container on each host."""
    writer = Writer("flood", 0, words, most=most, err=7)
    start_all([(host, writer) for host in lab.hosts.values()])


def test_every_line_of_a_storm_is_held_or_counted_as_dropped(lab: Lab) -> None:
    with LabFleet(lab.specs(), log_caps=Caps(lines=20_000)).at_work() as fleet:
        fleet.all_up()
        reader = TapReader(fleet, WISH)
        try:
            flood(lab, EACH)
            wait_for(lambda: accounted(reader), "the first lines")
            # Nobody takes for as long as this: more comes than is kept.
            time.sleep(3)
            wait_for(lambda: accounted(reader) >= len(lab.names) * EACH, "all lines", 60, 0.1)
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


def accounted(reader: TapReader) -> int:
    """Lines that came or were said to be dropped; takes what is there."""
    reader.take()
    return sum(len(block) - len(block.notes) for block in reader.blocks) + reader.dropped
