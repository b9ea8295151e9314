"""Python's garbage collector, kept from stopping the screen.

With 5,000 rows a full collection takes 80 to 120 ms, and at ten batches a second it comes every two seconds:
the cursor visibly sticks. Young garbage is still collected as ever; what has been there since the start is
set aside, and all of it is looked through only now and then.
"""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 100

SWEEP = 600
"""Seconds between two full collections."""


def calm() -> None:
    """Collect young objects in larger lots, and old ones hardly ever by itself."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.freeze()


def sweep() -> None:
    """Look through everything once, then set aside what is left."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
