"""The model of logs by itself: nanoseconds a line through each stage, a search, and memory a line."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable

from console.model.logs.find import Finder
from console.model.logs.lines import LogBlock, LogFrames, block_of
from console.model.logs.merge import Merger
from console.model.logs.resume import Resume
from console.model.logs.ring import LogRing
from tests.bench.figures import line

LINES = 200_000
READ = 1_000
"""Lines that come in one read."""
RUNS = 5
START = 1_700_000_000_000_000_000


def main() -> None:
    """Every stage."""
    for name, mixed in (("one stream", False), ("two streams", True)):
        show(f"Resume.take, {name}", "ns/line", lambda mixed=mixed: take(mixed), LINES, "budget 150")
    show("Merger, one source", "ns/line", lambda: merge(1), LINES, "budget 400")
    show("Merger, 20 sources", "ns/line", lambda: merge(20), LINES, "budget 1200")
    show("LogRing.append", "ns/line", append, LINES, "budget 50")
    ring = filled()
    for wanted, options in (
        ("zebra", {}),
        ("err555or", {}),
        ("items", {}),
        (r"status=5\d\d", {"regex": True}),
    ):
        how = f"{wanted}{', regex' if options else ''}"
        show(
            f"Finder, 200,000 lines: {how}",
            "ms",
            lambda w=wanted, o=options: find(ring, w, o),
            1e3,
            "budget 60",
        )
    print(f"memory of a line of 100 B in the ring: {memory():.0f} B (budget 140)")


def show(name: str, unit: str, run: Callable[[], float], per: float, budget: str) -> None:
    """Print the CPU seconds of some runs, for `per` lines in ns or as they are in ms."""
    scale = per if unit == "ms" else 1e9 / per
    print(f"{line(name, [run() * scale for _ in range(RUNS)], unit)}  ({budget})")


def text(number: int) -> bytes:
    head = b"2024-01-01T00:00:00 INFO request id=%07d path=/api/items status=200 took 12ms err%dor" % (
        number,
        number % 1000,
    )
    return head.ljust(99, b".") + b"\n"


def reads(mixed: bool = False, sources: int = 1) -> list[list[LogFrames]]:
    """Lines of several sources in turn: per read, the frames of each."""
    chance = random.Random(1)
    found = []
    for first in range(0, LINES, READ):
        frames = [LogFrames() for _ in range(sources)]
        for number in range(first, first + READ):
            into = frames[chance.randrange(sources)]
            into.stamps.append(START + number * 10_007)
            into.streams.append(chance.choice((1, 2)) if mixed else 1)
            into.payloads.append(text(number))
        found.append(frames)
    return found


def timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def take(mixed: bool) -> float:
    batches, resume = reads(mixed), Resume()
    return timed(lambda: [resume.take(frames, 0.0) for (frames,) in batches])


def merge(sources: int) -> float:
    batches, merger = reads(sources=sources), Merger()

    def work() -> None:
        for tick, frames in enumerate(batches):
            for source, own in enumerate(frames):
                merger.add(source, own, tick / 100)
            merger.ready(tick / 100)
        merger.flush()

    return timed(work)


def blocks() -> list[LogBlock]:
    return [block_of(frames.stamps, [5] * len(frames), frames.payloads) for (frames,) in reads()]


def append() -> float:
    ring, found = LogRing(LINES // 2, 1 << 30), blocks()
    return timed(lambda: [ring.append(block) for block in found])


def filled() -> LogRing:
    ring = LogRing(LINES * 2, 1 << 30)
    for block in blocks():
        ring.append(block)
    return ring


def find(ring: LogRing, wanted: str, regex: bool) -> float:
    finder = Finder(wanted, regex=regex)
    return timed(lambda: finder.update(ring))


def memory() -> float:
    tracemalloc.start()
    ring = filled()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / len(ring)


if __name__ == "__main__":
    main()
