"""From a command line to hosts that can be dialled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.arguments import Options
from console.config.choose import choose_hosts
from console.config.paths import Homes, find_hosts_file
from console.config.schema import FleetConfig
from console.errors import UsageError
from console.model.clock import Clock
from console.model.hosts import HostSpec
from console.service.audit import AuditFile, MemoryAudit
from console.service.deeds import Audit
from console.service.remember import Forgetful, HostsFile, Memory
from console.service.who import Who
from console.transport.base import Transport
from console.transport.clock import SystemClock

if TYPE_CHECKING:
    from console.model.redeploy.plan import Rules
    from console.service.mappings.making import MapSetup
    from console.transport.memory import MemoryFleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A fleet and the way to it."""

    config: FleetConfig
    specs: tuple[HostSpec, ...]
    """What `--host` left of the fleet."""
    transport: Callable[[], Transport]
    """Called on the loop that it will belong to."""
    memory: Callable[[], Memory]
    audit: Callable[[Who], Audit]
    clock: Clock
    mappings: Callable[[Who], MapSetup] | None = None
    """Where address mappings are kept; None: a fleet that stands in no file."""


def set_up(options: Options, homes: Homes) -> Setup:
    """Find and read hosts.yml, or make the demo. Raises ConfigError, or UsageError where there is no file."""
    if options.demo:
        if options.config is not None:
            load(options, homes)  # a file that is named is read, and found fault with, also beside the demo
        return _demo(options)
    return real(load(options, homes), options, homes)


def load(options: Options, homes: Homes) -> FleetConfig:
    """Read the hosts.yml of this command line."""
    file = options.config
    if file is None:
        file, looked = find_hosts_file(homes, Path.cwd())
        if file is None:
            raise no_file(looked)
    from console.config.load import load_fleet

    return load_fleet(file)


def no_file(looked: tuple[Path, ...]) -> UsageError:
    """What to say to somebody who has no hosts.yml."""
    return UsageError(
        f"there is no hosts.yml: looked for {' and '.join(map(str, looked))}",
        next_step="name one with -c, run dockcon without a verb to choose from what is there, or add --demo",
    )


def real(config: FleetConfig, options: Options, homes: Homes) -> Setup:
    """A fleet of real hosts."""
    clock = SystemClock()

    def mappings(who: Who) -> MapSetup:
        # Read when somebody looks at mappings.
        from console.service.mappings.making import file_setup

        return file_setup(config, clock, who.account)

    return Setup(
        config=config,
        specs=choose_hosts(config.hosts, options.hosts),
        transport=_live,
        memory=lambda: HostsFile(homes.state / "hosts.json", config.fleet),
        audit=lambda who: AuditFile(audit_path(config, homes, who.account), config.fleet, who.actor, clock),
        clock=clock,
        mappings=mappings if config.file is not None else None,
    )


def audit_path(config: FleetConfig, homes: Homes, account: str) -> Path:
    """The audit file: this user's own, or the user's in the directory that hosts.yml names for all."""
    return config.audit / f"{account}.jsonl" if config.audit is not None else homes.state / "audit.jsonl"


def _live() -> Transport:
    # The slowest import of all: done on the thread and at the moment that need it.
    from console.transport.live import LiveTransport
    from console.transport.ssh import SshConnector

    return LiveTransport(SshConnector())


def _demo(options: Options) -> Setup:
    from console.transport.memory import DemoTransport, demo_fleet

    fleet = demo_fleet()
    config = FleetConfig(file=None, fleet=fleet.name, hosts=fleet.specs)
    return Setup(
        config=config,
        specs=choose_hosts(config.hosts, options.hosts),
        transport=lambda: DemoTransport(fleet),
        memory=Forgetful,
        audit=lambda who: MemoryAudit(),
        clock=fleet.clock,
        mappings=lambda who: _demo_mappings(fleet, who),
    )


def _demo_mappings(fleet: MemoryFleet, who: Who) -> MapSetup:
    from console.service.mappings.making import memory_setup
    from console.transport.memory import demo_book

    return memory_setup(fleet.name, fleet.clock, who.account, demo_book())


def rules_of(config: FleetConfig) -> Rules:
    """How redeploys of this fleet decide, as hosts.yml says."""
    # Needed by few verbs, and only when something is to be changed.
    from console.model.redeploy.plan import Rules

    stated = config.redeploy
    return Rules(stated.stable, stated.timeout, stated.keep)
