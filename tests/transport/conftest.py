"""Fixtures for tests of SSH."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transport.sshd import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home directory of the test's own; the developer's is never looked at."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Home(path)
