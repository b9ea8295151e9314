"""The command line over hosts that live in memory, in a home of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.cli import main, setup
from console.cli.setup import Setup
from console.config.load import load_fleet
from console.config.schema import FleetConfig
from console.service.audit import MemoryAudit
from console.service.remember import Forgetful
from console.transport.base import Transport
from console.transport.clock import SystemClock
from console.transport.memory import MemoryFleet, MemoryTransport

HOSTS = """\
fleet: test
hosts:
  a: {address: 10.0.0.1, labels: {tier: web}}
  b: {address: 10.0.0.2}
"""


@dataclass
class Done:
    """A finished run of `dockcon`."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What `--json` printed as one array."""
        return list(json.loads(self.out))

    @property
    def stream(self) -> list[dict[str, Any]]:
        """What `--json` printed as one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory without anything in them."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `dockcon` with these arguments."""

    def run(*argv: str) -> Done:
        capsys.readouterr()
        code = main(argv)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


def setup_of(fleet: MemoryFleet) -> Setup:
    """What a command line over these hosts makes."""
    return Setup(
        config=FleetConfig(file=None, fleet="test", hosts=fleet.specs),
        specs=fleet.specs,
        transport=lambda: MemoryTransport(fleet),
        memory=Forgetful,
        audit=lambda who: MemoryAudit(),
        clock=fleet.clock,
    )


async def until(condition: Callable[[], object]) -> None:
    """Wait until it holds, 30 seconds at most."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is printed sets no event
            await asyncio.sleep(0.01)


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> MemoryFleet:
    """Hosts `a` (a web and a worker) and `b` (a database), behind a hosts.yml in the working directory."""
    file = Path("hosts.yml")
    file.write_text(HOSTS, encoding="utf-8")
    fleet = MemoryFleet(SystemClock(), load_fleet(file).hosts, name="test")
    web = fleet["a"].daemon.create("web", "nginx:1.27", env=("TOKEN=s3cr3t-value",), labels={"tier": "web"})
    fleet["a"].daemon.start(web)
    fleet["a"].daemon.create("worker", "registry:5000/worker:2", labels={"password": "s3cr3t-value"})
    fleet["b"].daemon.start(fleet["b"].daemon.create("db", "postgres:16"))

    def transport() -> Transport:
        return MemoryTransport(fleet)

    monkeypatch.setattr(setup, "_live", transport)
    return fleet
