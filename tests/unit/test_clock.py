"""The time zone of the settings holds for every time that is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from console.model.clock import tell_times_in
from console.model.units import clock

NOON = 1_717_243_200.0


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Puts the process's zone back."""
    with monkeypatch.context() as patch:
        yield patch
    time.tzset()


@pytest.mark.parametrize(
    ("name", "shown"), [("utc", "12:00:00"), ("Asia/Kolkata", "17:30:00"), ("local", "08:00:00")]
)
def test_times_are_told_in_the_zone_asked_for(zone: pytest.MonkeyPatch, name: str, shown: str) -> None:
    zone.setenv("TZ", "America/New_York")
    time.tzset()
    tell_times_in(name)
    assert clock(NOON, NOON) == shown
