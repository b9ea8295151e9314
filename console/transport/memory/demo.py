"""The fleet of `dockcon --demo`: three hosts that live in memory, and what happens on them.

Everything is a function of the clock it is given and nothing is random: with the same clock the same
screen. What happens (a host that comes and goes, a restart loop, a job every minute) starts with the
first connection and ends when the transport is closed.
"""

from __future__ import annotations

import asyncio
import functools
import shlex
from collections.abc import Coroutine, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.errors import HostUnreachable
from console.model.clock import Clock
from console.model.containers import ContainerState, Health
from console.model.hosts import Guard, HostSpec, ObserveMode
from console.model.logs.lines import Stream
from console.model.logs.setup import LogSetup
from console.transport.base import Prompter
from console.transport.clock import SystemClock
from console.transport.memory.authors import SECOND, Author, Manuscript
from console.transport.memory.containers import Figures, HealthRecord, MemoryContainer, Mount, stable_hex
from console.transport.memory.demo_data import APP_1, APP_2, DAY, DB_1, LAST_WORDS, MB, Stanza
from console.transport.memory.demo_mappings import furnish, traffic
from console.transport.memory.host import Machine, MemoryHost
from console.transport.memory.link import MemoryFleet, MemoryLink, MemoryTransport

if TYPE_CHECKING:
    from console.transport.memory.shelf import Shelf

FIRST_LOSS, LOSS_EVERY, LOSS_LASTS = 45.0, 90.0, 12.0
"""Seconds: when db-1 is lost for the first time, then how often, and for how long."""

PAST = 3600.0
"""Seconds of their logs that were there before."""

RABBIT_ALARM = "Error:\nresource alarm(s) in effect:[memory]\n"


def demo_fleet(clock: Clock | None = None) -> MemoryFleet:
    """The hosts as they are when the demo begins."""
    clock = clock or SystemClock()
    fleet = MemoryFleet(clock, name="demo")
    now = clock.now()
    for name, address, guard, machine, skew, stanzas in (
        ("app-1", "10.0.0.11", Guard.CONFIRM, _machine(4, 8, 80, 41, 0.9, 0.011, now), 0.02, APP_1),
        ("app-2", "10.0.0.12", Guard.CONFIRM, _machine(4, 8, 120, 111, 1.3, 0.013, now), -0.01, APP_2),
        ("db-1", "10.0.0.21", Guard.TYPED, _machine(8, 16, 400, 188, 1.9, 0.024, now), 1.8, DB_1),
    ):
        labels = {"tier": "db" if name.startswith("db") else "web"}
        spec = HostSpec(
            name=name, address=address, user="ops", guard=guard, labels=labels, observe=ObserveMode.SUDO
        )
        host = fleet.add(MemoryHost(spec, clock, machine, skew))
        _furnish(host, stanzas)
        host.daemon.furnish = functools.partial(_stock, host)
    for host, ambassador in furnish(fleet):
        _give_a_log(host, ambassador)
    # Built on a host and never pushed: another one gets it from there.
    fleet["app-2"].daemon.images.add("shop/web:local")
    return fleet


class DemoTransport(MemoryTransport):
    """A memory transport under which the demo's events take their course."""

    def __init__(self, fleet: MemoryFleet) -> None:
        super().__init__(fleet)
        self._demo = fleet
        self._plays: list[asyncio.Task[None]] = []

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> MemoryLink:
        """As any memory host; a little time passes, as it would on a wire."""
        if not self._plays:
            self._plays = [asyncio.create_task(play) for play in _plays(self._demo)]
        await self._demo.clock.sleep(4 * self._demo[spec.name].machine.rtt)
        return await super().connect(spec, prompter)

    async def aclose(self) -> None:
        """End what is going on, and close every link."""
        for play in self._plays:
            play.cancel()
        await asyncio.gather(*self._plays, return_exceptions=True)
        await super().aclose()


def _plays(fleet: MemoryFleet) -> Iterator[Coroutine[None, None, None]]:
    app_1, app_2, db_1 = fleet["app-1"], fleet["app-2"], fleet["db-1"]
    yield _comes_and_goes(db_1)
    yield _crashes(app_2, app_2.daemon.find("mailer"))
    yield _runs_every_minute(app_2, app_2.daemon.find("cleanup"))
    yield _stays_unhealthy(app_2, app_2.daemon.find("rabbit"))
    yield _is_checked(app_1, app_1.daemon.find("web"))
    for host in (app_1, app_2, db_1):
        yield traffic(host)
        yield _starters_are_checked(host)


async def _comes_and_goes(host: MemoryHost) -> None:
    await host.clock.sleep(FIRST_LOSS)
    while True:
        host.go_quiet()
        await host.clock.sleep(8)
        host.faults.refuse = HostUnreachable(
            host.name, f"connect to {host.spec.address}:22: no route to host"
        )
        host.cut("no answer to two keep-alive messages in 10 s")
        host.speak()
        await host.clock.sleep(LOSS_LASTS)
        host.faults.refuse = None
        await host.clock.sleep(LOSS_EVERY - LOSS_LASTS - 8)


async def _crashes(host: MemoryHost, container: MemoryContainer) -> None:
    pause = 2.0
    while True:
        host.daemon.write(container, _last_words(host.daemon.bus.now()), Stream.ERR)
        host.daemon.exit(container, 1)
        await host.clock.sleep(pause)
        host.daemon.revive(container)
        await host.clock.sleep(9)
        pause = min(pause * 2, 30.0)


async def _runs_every_minute(host: MemoryHost, container: MemoryContainer) -> None:
    while True:
        await host.clock.sleep(20)
        host.daemon.start(container)
        await host.clock.sleep(6)
        host.daemon.exit(container, 0)
        await host.clock.sleep(34)


async def _stays_unhealthy(host: MemoryHost, container: MemoryContainer) -> None:
    while True:
        await host.clock.sleep(30)
        host.daemon.check_health(container, Health.UNHEALTHY, RABBIT_ALARM)


async def _is_checked(host: MemoryHost, container: MemoryContainer) -> None:
    while True:
        await host.clock.sleep(30)
        host.daemon.check_health(container, Health.HEALTHY, '{"status":"ok"}')


async def _starters_are_checked(host: MemoryHost) -> None:
    """Whatever somebody starts or redeploys is healthy after a while."""
    while True:
        await host.clock.sleep(3)
        for container in host.daemon.containers.values():
            if container.healthcheck and container.alive and container.health is Health.STARTING:
                host.daemon.check_health(container, Health.HEALTHY, '{"status":"ok"}')


def _machine(cpus: int, memory: int, disk: int, used: int, load: float, rtt: float, now: float) -> Machine:
    """Sizes in GiB."""
    return Machine(
        cpus=cpus,
        memory=memory << 30,
        disk=disk << 30,
        disk_used=used << 30,
        load=load,
        rtt=rtt,
        boot=now - 63 * DAY - cpus * 3600,
    )


def _furnish(host: MemoryHost, stanzas: Iterable[Stanza]) -> None:
    addresses: dict[str, int] = {}
    for index, stanza in enumerate(stanzas):
        number = addresses[stanza.project] = addresses.get(stanza.project, 1) + 1
        subnet = 18 + sum(map(ord, stanza.project)) % 10
        container = _container(host, stanza, f"172.{subnet}.0.{number}", phase=index * 1.7 + len(host.name))
        host.daemon.add(container)
        if container.log_readable:
            _give_a_log(host, container)


def _stock(host: MemoryHost, shelf: Shelf) -> None:
    # Imported when somebody looks: the demo starts without.
    from console.transport.memory.demo_stock import furnish

    furnish(host.name, shelf, host.daemon.bus.now())


def _give_a_log(host: MemoryHost, container: MemoryContainer) -> None:
    """An author for its log, who begins to work when somebody reads."""
    now, ahead = host.clock.now(), host.ahead
    run = now if container.started is None else container.started - ahead
    end = now if container.finished is None else container.finished - ahead
    host.daemon.log(container).manuscript = Manuscript(
        functools.partial(_author, host.name, container.name, now, ahead),
        begin=int((end - PAST) * SECOND),
        run=int(run * SECOND),
        end=int(end * SECOND),
        running=container.alive,
    )


def _author(host: str, name: str, begin: float, ahead: float) -> Author:
    # Imported when the first log is read: the demo starts without.
    from console.transport.memory.voices import author

    return author(host, name, begin, ahead)


def _container(host: MemoryHost, stanza: Stanza, address: str, phase: float) -> MemoryContainer:
    now = host.daemon.bus.now()
    runs = stanza.exited is None
    container = MemoryContainer(
        id=stable_hex(f"demo/{host.name}/{stanza.name}"),
        name=stanza.name,
        image=stanza.image,
        created=now - stanza.age - 2.4,
        command=tuple(shlex.split(stanza.command)) or ("/docker-entrypoint.sh",),
        env=stanza.env,
        labels=_labels(stanza),
        ports=stanza.ports,
        networks={f"{stanza.project}_default": address},
        mounts=tuple(_mount(text) for text in stanza.volumes),
        extra_hosts=stanza.extra_hosts,
        restart_policy=stanza.policy,
        healthcheck=stanza.health,
        memory_limit=stanza.limit * MB,
        log=_log_setup(stanza),
        figures=Figures(cpu=stanza.cpu, memory=stanza.memory * MB, phase=phase),
        state=ContainerState.RUNNING if runs else ContainerState.EXITED,
        exit_code=stanza.exited or 0,
        oom=stanza.oom,
        started=now - stanza.age if runs else now - stanza.ended - 7.5,
        finished=None if runs else now - stanza.ended,
        pid=1800 + int(phase * 97) if runs else 0,
    )
    if stanza.health and runs:
        sick = stanza.name == "rabbit"
        container.health = Health.UNHEALTHY if sick else Health.HEALTHY
        output = RABBIT_ALARM if sick else "ok\n"
        container.health_log = [HealthRecord(now - 10.1 * ago, int(sick), output) for ago in range(5, 0, -1)]
    return container


def _log_setup(stanza: Stanza) -> LogSetup:
    if stanza.driver != "json-file":
        return LogSetup(driver=stanza.driver)
    return LogSetup(tty=stanza.tty, driver=stanza.driver, max_size=10_000_000, max_files=3)


def _last_words(now: float) -> bytes:
    return LAST_WORDS.format(f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]).encode()


def _labels(stanza: Stanza) -> dict[str, str]:
    return {
        "com.docker.compose.project": stanza.project,
        "com.docker.compose.service": stanza.name,
        "com.docker.compose.container-number": "1",
        "com.docker.compose.project.working_dir": f"/srv/{stanza.project}",
        "com.docker.compose.project.config_files": f"/srv/{stanza.project}/compose.yaml",
        "com.docker.compose.version": "2.29.7",
    }


def _mount(text: str) -> Mount:
    source, target, *mode = text.split(":")
    return Mount(source=source, target=target, writable="ro" not in mode)
