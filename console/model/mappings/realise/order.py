"""In which order steps are taken: make before break."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto

from console.model.mappings.steps import Step
from console.model.text import SafeText, sanitise


class Phase(IntEnum):
    """What is done before what."""

    IMAGE = auto()
    NETWORK = auto()
    PROVIDER = auto()
    """Ways are opened from their far end."""
    PROVIDER_JOIN = auto()
    PROVIDER_CONFIG = auto()
    AMBASSADOR = auto()
    TARGET_JOIN = auto()
    """Ambassadors find endpoints ..."""
    CONFIG = auto()
    NAME = auto()
    """... before anybody finds them,"""
    CONSUMER_JOIN = auto()
    """and a name is there before those who look for it."""
    LINE = auto()
    LINE_GONE = auto()
    LEAVE = auto()
    DROP = auto()
    DROP_PROVIDER = auto()
    """Ways are closed from their near end."""
    DROP_NETWORK = auto()


@dataclass(frozen=True, slots=True)
class Planned:
    """A step and its place."""

    phase: Phase
    step: Step


def say(text: str) -> SafeText:
    """What a step says of itself: names in it come from engines."""
    return sanitise(text, 400)
