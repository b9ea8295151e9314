"""What a reader of logs on another thread sees of them: the newest lines, and how every source is doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from console.model.logs.lines import LogBlock, LogSource
from console.model.logs.wish import ClockReading, LogWish
from console.model.text import NOTHING, SafeText


class SourceState(StrEnum):
    """How one source is doing."""

    WAITING = "waiting"
    """Its host is not reached; lines are fetched when it is back."""
    LOADING = "loading"
    """Its past is being read."""
    FOLLOWING = "following"
    POLLED = "polled"
    """Asked every few seconds: its host follows as many as it should."""
    READ = "read"
    """All that was asked for is here; nothing is followed."""
    STOPPED = "stopped"
    """The container does not run: all of its log is here."""
    GONE = "gone"
    """The container was removed."""
    NOTHING = "nothing"
    """There is nothing to read; `why` says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source and its state."""

    source: LogSource
    state: SourceState
    why: SafeText = NOTHING
    lines: int = 0
    """Taken in so far, repeats not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUpdate:
    """What came since the last `take`."""

    blocks: tuple[LogBlock, ...] = ()
    """In the order they are shown."""
    sources: tuple[SourceView, ...] = ()
    """All of them, in the order of their index."""
    loading: bool = False
    """Whether the past of some source is still being read."""
    dropped: int = 0
    """Lines dropped since the tap was opened because nobody took them; a note stands in their place."""
    clocks: Mapping[str, ClockReading] = field(default_factory=dict)
    """By host, where measured."""
    corrected: bool = False
    """Whether lines are ordered by corrected time, because clocks differ enough to matter."""
    suspended: bool = False
    """Frozen for so long that the streams were closed; they go on from where they were."""


class LogTap(Protocol):
    """One merged stream of logs. Plain methods that return at once, for one other thread."""

    @property
    def wish(self) -> LogWish: ...

    def take(self) -> LogUpdate | None:
        """What came since the last call; None when nothing did. Cheap: call it at 10 Hz."""
        ...

    def freeze(self, on: bool) -> None:
        """Nothing will be taken for a while: what comes is kept up to a quarter of the caps, then the
        streams are closed; `freeze(False)` goes on where they were, nothing lost.
        """
        ...

    def close(self) -> None:
        """End it. Idempotent."""
        ...


class LogDesk(Protocol):
    """Opens taps."""

    def logs(self, wish: LogWish) -> LogTap:
        """Begin to read; returns at once."""
        ...
