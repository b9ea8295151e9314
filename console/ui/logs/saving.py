"""Saving what a pane holds, whole, as text for people and as JSON lines for programs. Runs in a thread."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from console.model.logs.ecs import Encoder, stamp_of
from console.model.logs.lines import LogBlock, LogLine, LogSource, Stream
from console.model.text import sanitise
from console.ui.logs.shown import Shown
from console.ui.taking import create

_SIGNS = {Stream.OUT: "|", Stream.ERR: "!", Stream.NOTE: "*"}


@dataclass(frozen=True, slots=True)
class Taken:
    """Lines as they were at one moment. Blocks are frozen, so that taking them costs nothing."""

    blocks: Sequence[tuple[int, LogBlock]]
    first: int
    end: int
    numbers: Sequence[int] | None
    """Those that a filter shows; None: all."""
    sources: Mapping[int, LogSource]
    fleet: str
    said: str
    """The first line of the text."""

    @classmethod
    def of(cls, shown: Shown, sources: Mapping[int, LogSource], fleet: str, said: str) -> Taken:
        """What is shown now."""
        ring = shown.ring
        numbers = None if shown.filter is None else shown.filter.numbers[:]
        return cls(tuple(ring.blocks(ring.first)), ring.first, ring.end, numbers, sources, fleet, said)

    def lines(self) -> Iterator[LogLine]:
        """Every line, in order."""
        for start, block in self.blocks:
            first, end = max(start, self.first), min(start + len(block), self.end)
            if self.numbers is None:
                chosen: Sequence[int] = range(first, end)
            else:
                chosen = self.numbers[bisect_left(self.numbers, first) : bisect_left(self.numbers, end)]
            for number in chosen:
                yield block.line(number - start)


def write(taken: Taken, directory: Path, now: float) -> tuple[Path, int]:
    """Write both files; return the path of the text (the other ends in `.jsonl`) and how many lines each has.

    Lines are whole. In the text nothing is left that a terminal would obey; the JSON has every character.
    Raises OSError; then neither file is left.
    """
    paths, streams = create(directory, "dockcon-logs", ("txt", "jsonl"), now)
    text, rows = streams
    count = 0
    try:
        with text, rows:
            text.write(f"{taken.said}\n")
            encoder = Encoder(taken.fleet)
            for line in taken.lines():
                count += 1
                source = taken.sources.get(line.source)
                text.write(plain(line, source))
                rows.write(_row(encoder, line, source))
    except OSError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    return paths[0], count


def plain(line: LogLine, source: LogSource | None) -> str:
    """`2024-06-01T12:00:00.123456789Z web@app-1 | text`; `!` from standard error, `*` our own."""
    if line.note is not None:
        text: str = line.note.text
    else:
        # As `LogLine.text`, but all of it: what was overwritten by a carriage return is kept.
        decoded = line.raw.expandtabs(8).decode("utf-8", "replace")
        text = sanitise(decoded, len(decoded) + 1)
    ref = source.ref if source else "-"
    return f"{stamp_of(line.ns)} {ref} {_SIGNS[line.stream]} {text}\n"


def _row(encoder: Encoder, line: LogLine, source: LogSource | None) -> str:
    if line.note is not None:
        return encoder.note(line.note, source)
    if source is None:
        source = LogSource(index=line.source, host="", id="", name=sanitise(""))
    return encoder.line(line.ns, line.stream, line.raw.decode("utf-8", "replace"), line.raw, source)


async def save_aside(taken: Taken, directory: Path, now: float) -> tuple[Path, int]:
    """`write` in a thread of its own: it may take seconds, and keys do not wait for it."""
    with ThreadPoolExecutor(1, thread_name_prefix="save") as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, write, taken, directory, now)
