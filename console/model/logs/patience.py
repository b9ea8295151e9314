"""Regular expressions can take longer than the universe lasts; these do not."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TookTooLong(Exception):
    """What ran in `at_most` was interrupted."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt what runs inside after so many seconds, with TookTooLong.

    The `re` module looks for signals while it matches, so an alarm ends even a match that would never end.
    Only the main thread can be interrupted so, and only where the system has timers; elsewhere nothing is
    limited.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, before if before is not None else signal.SIG_DFL)
