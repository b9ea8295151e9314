"""Moments of a command line."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from console.cli.moments import parse_moment

NOW = 1_714_979_289.5  # 2024-05-06T07:08:09.5Z
S = 1_000_000_000


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XST-2")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("10s", 1_714_979_279 * S + S // 2),
        ("1h", 1_714_975_689 * S + S // 2),
        ("2024-05-06T07:08:09Z", 1_714_979_289 * S),
        ("2024-05-06T07:08:09.123456789Z", 1_714_979_289 * S + 123_456_789),
        ("2024-05-06T09:08:09.5+02:00", 1_714_979_289 * S + S // 2),
        ("2024-05-06 09:08:09", 1_714_979_289 * S),
        ("2024-05-06 09:08", 1_714_979_280 * S),
        ("2024-05-06", 1_714_946_400 * S),
        ("09:08", 1_714_979_280 * S),
        ("9:08:09", 1_714_979_289 * S),
        ("09:09", (1_714_979_340 - 86_400) * S),
        ("1714979289", 1_714_979_289 * S),
        ("1714979289.000000001", 1_714_979_289 * S + 1),
    ],
)
def test_a_moment(text: str, ns: int) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert moment.ns(NOW) == ns


@pytest.mark.parametrize("text", ["", "soon", "10", "10 parsecs", "25:00", "2024-13-01", "now", "-5m"])
def test_no_moment(text: str) -> None:
    assert parse_moment(text) is None
