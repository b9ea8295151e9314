"""Times on the screen are those of UTC, wherever the tests run."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from console.ui.logs import times


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        times._fields.cache_clear()
        yield
    time.tzset()
    times._fields.cache_clear()
