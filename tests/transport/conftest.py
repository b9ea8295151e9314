"""Fixtures for tests of SSH, and of an engine on a Unix socket of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.model.hosts import HostSpec
from console.transport.engine import HttpEngine
from console.transport.live import LiveTransport
from tests.transport.fake_engine import FakeEngine
from tests.transport.sshd import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home directory of the test's own; the developer's is never looked at."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Home(path)


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    engine = FakeEngine()
    async with engine.serving(tmp_path / "s"):
        yield engine


@pytest.fixture
async def engine(fake: FakeEngine, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    yield await link.engine()
    await transport.aclose()
