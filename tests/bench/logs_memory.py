"""Memory per line of 100 bytes: in the ring, by its own count and as resident memory; and in RichLog."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from array import array

from console.model.logs.lines import block_of
from console.model.logs.ring import LogRing
from tests.bench.terminal import resident_megabytes

RING_LINES, BLOCK, RICH_LINES = 1_000_000, 1_000, 20_000
TEXT = "x" * 99


def main() -> None:
    """Each in a process of its own, since Python gives memory back late."""
    if sys.argv[-1] in _WAYS:
        print(_WAYS[sys.argv[-1]]())
        return
    for name in _WAYS:
        command = [sys.executable, "-m", "tests.bench.logs_memory", name]
        print(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout, end="")


def _ring() -> str:
    ring, before = LogRing(2 * RING_LINES, 1 << 40), resident_megabytes(os.getpid())
    payload, now, began = TEXT.encode() + b"\n", time.time_ns(), time.process_time()
    for start in range(0, RING_LINES, BLOCK):
        # Nothing is shared between blocks, as with lines off the wire.
        stamps = array("q", range(now + start, now + start + BLOCK))
        ring.append(block_of(stamps, array("q", [1]) * BLOCK, [payload] * BLOCK))
    took = time.process_time() - began
    grown = (resident_megabytes(os.getpid()) - before) * (1 << 20)
    return (
        f"ring: {grown / RING_LINES:.0f} bytes resident per line, {ring.bytes / RING_LINES:.0f} by its own "
        f"count, {RING_LINES // 1000} k lines, {took * 1e6 / RING_LINES:.2f} us to make and keep a line"
    )


def _rich_log() -> str:
    from textual.app import App, ComposeResult
    from textual.widgets import RichLog

    class OneLog(App[None]):
        def compose(self) -> ComposeResult:
            yield RichLog()

    async def fill() -> str:
        app = OneLog()
        async with app.run_test(size=(200, 50)) as pilot:
            await pilot.pause()
            log, before = app.query_one(RichLog), resident_megabytes(os.getpid())
            began = time.process_time()
            for number in range(RICH_LINES):
                log.write(f"{number} {TEXT}")
            await pilot.pause()
            took = time.process_time() - began
            grown = (resident_megabytes(os.getpid()) - before) * (1 << 20)
        return (
            f"RichLog: {grown / RICH_LINES:.0f} bytes resident per line, {RICH_LINES // 1000} k lines, "
            f"{took * 1e6 / RICH_LINES:.0f} us a line"
        )

    return asyncio.run(fill())


_WAYS = {"ring": _ring, "RichLog": _rich_log}


if __name__ == "__main__":
    main()
