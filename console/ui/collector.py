"""Python's garbage collector, kept from stopping the screen.

With 5,000 rows a full collection takes 80 to 120 ms, and at ten batches a second it comes every two seconds:
the cursor visibly sticks. Young garbage is still collected as ever; what has been there since the start is
set aside, and all of it is looked through only now and then.

So what is made ten times a second must go without it: a strip of Textual's that is not divided remembers that
it consists of itself, and in a flood of lines that is a megabyte a second that nobody frees.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual.app import App
from textual.strip import Strip

YOUNG, MIDDLE, OLD = 20_000, 20, 100

SWEEP = 600
"""Seconds between two full collections."""

TIDY = 30
"""Seconds between two looks through all that has come since the last of them, at least."""

SHARE = 3_000
"""Such a look may take one part in so many of the time, by processor time: a busy machine is no reason."""


_divide = Strip.divide


def _divide_leanly(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    places = list(cuts)
    return [strip] if places == [strip.cell_length] else _divide(strip, places)


def spare_strips() -> None:
    """From now on a strip that is not divided remembers nothing of it, and goes when nobody holds it."""
    setattr(Strip, "divide", _divide_leanly)  # noqa: B010 - mypy allows no assignment to a method


def calm() -> None:
    """Collect young objects in larger lots, and old ones hardly ever by itself."""
    spare_strips()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.freeze()


def tidy(clock: Callable[[], float] = time.thread_time) -> float:
    """Look through what came since the last sweep; return the seconds until that should be done again.

    A screen that was closed is a few hundred kilobytes of garbage. With few rows a look takes milliseconds,
    and comes soon again; with thousands, as long as a sweep, and comes as seldom.
    """
    began = clock()
    gc.collect()
    return min(SWEEP, max(TIDY, SHARE * (clock() - began)))


def sweep() -> None:
    """Look through everything once, then set aside what is left."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def keep_tidy(app: App[Any]) -> None:
    """Have an app do both as long as it runs."""

    def look() -> None:
        app.set_timer(tidy(), look)

    app.set_interval(SWEEP, sweep)
    app.set_timer(TIDY, look)
