"""When the lab's tests run, and the lab they share.

They run only with `CI` or `DOCKCON_LAB=1` in the environment, because somebody will type `make test` on a
live Docker host. Where they do not, one line says so.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from console.transport.live import LiveTransport
from console.transport.ssh import SshConnector
from tests.lab.console import Console, console_in
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.machine import wanted

_HERE = Path(__file__).parent
_LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(_HERE)]
    for item in ours:
        item.add_marker(pytest.mark.lab)
    if wanted() or "not lab" in config.option.markexpr:
        return
    items[:] = [item for item in items if item not in ours]
    config.hook.pytest_deselected(items=ours)
    config.stash[_LEFT_OUT] = len(ours)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = config.stash.get(_LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(
            f"not tested: {left_out} tests on real hosts (as root; installs Docker Engine and "
            "OpenSSH, makes network namespaces). To run them: sudo -E DOCKCON_LAB=1 make test",
            yellow=True,
        )


def _prefix() -> str:
    """One lab per checkout: the next run clears what a killed one left, and two checkouts do not meet."""
    return os.environ.get("DOCKCON_LAB_PREFIX") or f"t{zlib.crc32(str(_HERE).encode()) % 0xFFFF:04x}"


@pytest.fixture(scope="session")
def session_lab() -> Iterator[Lab]:
    """Three hosts for the whole session; use `lab`."""
    with Lab(_prefix()) as lab:
        yield lab


@pytest.fixture
def lab(session_lab: Lab) -> Iterator[Lab]:
    """Three hosts without containers; whatever a test breaks is mended after it."""
    yield session_lab
    session_lab.mend()


@pytest.fixture
def h1(lab: Lab) -> LabHost:
    """The host of tests that need only one."""
    return lab["h1"]


@pytest.fixture
def podman_host(lab: Lab) -> LabHost:
    """A host with Podman instead of dockerd."""
    return lab.podman()


@pytest.fixture
async def transport() -> AsyncIterator[LiveTransport]:
    """The real thing, closed after the test."""
    made = LiveTransport(SshConnector())
    yield made
    await made.aclose()


@pytest.fixture
def console(lab: Lab, tmp_path: Path) -> Iterator[Console]:
    """The console on the lab's hosts, not started yet, in a terminal of 80x24."""
    with console_in(lab, tmp_path) as made:
        yield made
