"""Python's garbage collector, kept from stopping the screen.

With 5,000 rows a full collection takes 80 to 120 ms, and at ten batches a second it comes every two seconds:
the cursor visibly sticks. Young garbage is still collected as ever; what has been there since the start is
set aside, and all of it is looked through only now and then.

So what is made ten times a second must go without it: a strip of Textual's that is not divided remembers that
it consists of itself, and in a flood of lines that is a megabyte a second that nobody frees.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence

from textual.strip import Strip

YOUNG, MIDDLE, OLD = 20_000, 5, 400

SWEEP = 600
"""Seconds between two full collections."""


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


def sweep() -> None:
    """Look through everything once, then set aside what is left."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
