"""Compares what arrived with what was written: each line exactly once, or inside a gap that was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.lab.logtruth import Line

SHOWN = 5


class Gap(NamedTuple):
    """A stretch of time in which a reader says that lines of a container are missing, or may be."""

    container: str
    from_ns: int
    to_ns: int
    why: str

    def holds(self, line: Line) -> bool:
        return line.container == self.container and self.from_ns <= line.ns <= self.to_ns

    def covers(self, line: Line) -> bool:
        """Whether it lies within, and is not one of the two lines that the gap is between."""
        return line.container == self.container and self.from_ns < line.ns < self.to_ns


@dataclass(slots=True)
class Report:
    """What is wrong; nothing of it may be."""

    missing: list[Line] = field(default_factory=list)
    """Written, not arrived, and in no gap."""
    twice: list[Line] = field(default_factory=list)
    unknown: list[Line] = field(default_factory=list)
    """Arrived, never written like that."""
    disordered: list[Line] = field(default_factory=list)
    """Older than one of the same container and stream that stood before it."""
    needless: list[Gap] = field(default_factory=list)
    """Of containers that cannot have one."""
    wide: list[Line] = field(default_factory=list)
    """Arrived, though they lie within a gap that is said to be certain."""
    excused: int = 0
    """Lines that did not arrive, inside a gap."""
    right: int = 0

    @property
    def good(self) -> bool:
        return not (
            self.missing or self.twice or self.unknown or self.disordered or self.needless or self.wide
        )

    def __str__(self) -> str:
        parts = [f"{self.right} lines right, {self.excused} inside gaps"]
        for name in ("missing", "twice", "unknown", "disordered", "needless", "wide"):
            found = getattr(self, name)
            if found:
                parts.append(f"{len(found)} {name}:")
                parts += [f"    {_short(one)}" for one in (*found[:SHOWN], *found[SHOWN:][-SHOWN:])]
        return "\n".join(parts)


def _short(one: Line | Gap) -> str:
    if isinstance(one, Gap):
        return f"{one.container[:12]} {one.from_ns} .. {one.to_ns}: {one.why}"
    text = one.text if len(one.text) < 60 else one.text[:50] + b"... %d bytes" % len(one.text)
    return f"{one.container[:12]} {one.stream} {one.ns} {text!r}"


def compare(
    written: Iterable[Line], arrived: Sequence[Line], gaps: Sequence[Gap], may_have_gaps: Collection[str]
) -> Report:
    """`may_have_gaps`: containers whose log was rotated, truncated or removed while a reader was away."""
    report = Report()
    truth, got = Counter(written), Counter(arrived)
    for line, count in got.items():
        if line not in truth:
            report.unknown.append(line)
        elif count > truth[line]:
            report.twice.append(line)
        else:
            report.right += 1
    for line in truth:
        if line not in got:
            if any(gap.holds(line) for gap in gaps):
                report.excused += 1
            else:
                report.missing.append(line)
    report.disordered += disordered(arrived)
    certain = [gap for gap in gaps if "ruled out" not in gap.why]
    report.wide += [line for line in got if any(gap.covers(line) for gap in certain)]
    report.needless += [gap for gap in gaps if gap.container not in may_have_gaps]
    return report


def disordered(arrived: Iterable[Line]) -> Iterator[Line]:
    """Lines whose stamp is below one before them, of the same container and stream."""
    newest: dict[tuple[str, int], int] = {}
    for line in arrived:
        key = (line.container, line.stream)
        if line.ns < newest.get(key, line.ns):
            yield line
        newest[key] = max(line.ns, newest.get(key, line.ns))
