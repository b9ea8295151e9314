"""An app that dials `db:5432` five times a second, databases on other hosts, and consoles that map them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from console.config.schema import Repair
from console.model.actions import Consent
from console.model.hosts import HostSpec
from console.model.mappings.mapping import Endpoint, Mapping, Party, Via
from console.model.mappings.steps import MapPlan
from console.service.audit import MemoryAudit
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.mappings.desk import MapEnding, MapJob
from console.service.mappings.making import MapSetup
from console.service.mappings.room import MapRules
from console.service.mappings.store import FileStore
from console.service.mappings.work import Mappings
from console.service.remember import Forgetful
from console.transport.clock import SystemClock
from console.transport.live import LiveTransport
from console.transport.ssh import SshConnector
from tests.lab.containers import SLEEP
from tests.lab.host import LabHost
from tests.lab.image import IMAGE
from tests.lab.lab import Lab
from tests.lab.machine import wait_for

FLEET = "maps"
APP = (
    "trap 'exit 0' TERM; while :; do "
    "r=$(socat -T2 - TCP:{name}:{port},connect-timeout=2 </dev/null 2>&1 | head -n1); "
    'echo "${{r:-nothing}}"; sleep 0.2; done'
)
DATABASE = "exec socat TCP-LISTEN:{port},fork,reuseaddr,backlog=500 SYSTEM:'echo {name}; cat'"
"""Says its name to whoever connects, then gives back what it hears: a session that can be held."""

YES = Consent(yes=True)
LIMIT = 60.0


def of(container: str, host: str) -> Party:
    return Party(host=host, container=container)


def mapping(
    *to: Endpoint,
    name: str = "db",
    ident: str = "",
    ports: Sequence[int] = (5432,),
    consumers: Sequence[Party] = (Party(host="h1", container="app"),),
    via: Via = Via.AUTO,
    **fields: Any,
) -> Mapping:
    """`db:5432` for app@h1."""
    return Mapping(
        id=ident or name,
        name=name,
        ports=tuple(ports),
        to=to,
        consumers=tuple(consumers),
        via=via,
        **fields,
    )


def end(host: str, container: str = "postgres", *ports: int, weight: int = 1) -> Endpoint:
    return Endpoint(host=host, container=container, ports=ports or (5432,), weight=weight)


class MapScene:
    """What stands on the hosts of a lab, and the book beside its own hosts.yml."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab, self.home = lab, home
        self.hosts_yml = home / "hosts.yml"
        self.state()

    def state(self, **top: str) -> None:
        """Write hosts.yml; `top`: further keys of it."""
        keys = self.lab.keys
        lines = [
            f"defaults: {{user: root, identity: {keys.key}, known_hosts: {keys.known_hosts}}}",
            f"fleet: {FLEET}",
            f"ambassador: {{image: '{IMAGE}'}}",
            *(f"{key}: {value}" for key, value in top.items()),
            "hosts:",
        ]
        for host in self.hosts:
            lines.append(f"  {host.name}: {{address: {host.address}, engine: 'unix://{host.engine.socket}'}}")
        self.hosts_yml.write_text("\n".join(lines) + "\n")

    @property
    def hosts(self) -> list[LabHost]:
        """The lab's own; other tests may have added some."""
        return [self.lab[name] for name in self.lab.names]

    @property
    def book(self) -> str:
        """mappings.yml as it is."""
        file = self.home / "mappings.yml"
        return file.read_text() if file.exists() else ""

    # ---- containers

    def database(
        self, host: str, name: str = "postgres", *words: str, port: int = 5432, published: int = 5432
    ) -> str:
        """A database that says `NAME@HOST`; published unless `published` is 0."""
        out = ("-p", f"{published}:{port}") if published else ()
        script = DATABASE.format(port=port, name=f"{name}@{host}")
        return self._run(host, name, (*out, *words), script)

    def silent(self, host: str, name: str = "postgres", *, port: int, published: int) -> str:
        """A container that publishes a port on which nobody listens."""
        return self._run(host, name, ("-p", f"{published}:{port}"), SLEEP)

    def app(
        self, *words: str, host: str = "h1", name: str = "app", dials: str = "db", port: int = 5432
    ) -> str:
        """What dials five times a second and writes down who answers."""
        return self._run(host, name, words, APP.format(name=dials, port=port))

    def network(self, host: str, name: str) -> None:
        self.lab[host].docker("network", "create", name)

    def _run(self, host: str, name: str, words: Sequence[str], script: str) -> str:
        return self.lab[host].docker(
            *("run", "-d", "--stop-timeout", "1", "--name", name, *words, IMAGE, "sh", "-c", script)
        )

    def answers(self, host: str = "h1", name: str = "app", last: int = 3) -> list[str]:
        """The newest lines of an app."""
        return self.lab[host].docker("logs", "--tail", str(last), name).splitlines()

    def answered_by(self, who: str, host: str = "h1", name: str = "app", last: int = 3) -> None:
        """Wait until the newest lines of an app are all of one database."""
        wait_for(
            lambda: self.answers(host, name, last) == [who] * last,
            f"{name}@{host} to be answered by {who}; {self.answers(host, name, 5)}",
            LIMIT / 2,
            every=0.1,
        )

    # ---- the truth

    def ours(self, host: str) -> list[str]:
        """Names of the containers and networks with our label on a host."""
        there = self.lab[host]
        label = ("--filter", f"label=dockcon.fleet={FLEET}", "--format")
        containers = there.docker("ps", "-a", *label, "{{.Names}}").split()
        networks = there.docker("network", "ls", *label, "net {{.Name}}").splitlines()
        return sorted([*containers, *networks])

    def state_of(self, *, but: Sequence[str] = ()) -> dict[str, Any]:
        """What mappings could change on the engines: containers, where they are connected, networks."""
        return {host.name: _state(host) for host in self.hosts if host.name not in but}

    def wipe(self) -> None:
        """Remove what mappings and scenes left besides containers."""
        for host in self.hosts:
            for name in host.docker("network", "ls", "-q", "--filter", "type=custom").split():
                host.docker("network", "rm", name, check=False)

    # ---- consoles

    def dockcon(self, *argv: str, limit: float = LIMIT) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        root = Path(__file__).parents[2]
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(self.home), "PYTHONPATH": str(root), "LANG": "C.UTF-8",
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "console", "-c", str(self.hosts_yml), *argv],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    @asynccontextmanager
    async def console(
        self,
        *,
        repair: Repair = Repair.ASK,
        specs: Sequence[HostSpec] = (),
        read_only: bool = False,
        image: str = IMAGE,
        who: str = "tester",
        bundle: str = "",
    ) -> AsyncIterator[Desk]:
        """A console of its own, without a screen."""
        clock, feed, audit = SystemClock(), Feed(), MemoryAudit()
        rules = MapRules(fleet=FLEET, image=image, repair=repair, bundle=bundle)
        setup = MapSetup(
            store=lambda: FileStore(self.home / "mappings.yml", clock, lambda: who), rules=rules, who=who
        )
        fleet = Fleet(
            specs or self.lab.specs(),
            clock,
            Forgetful(),
            feed,
            figures=False,
            audit=audit,
            read_only=read_only,
            mappings=lambda: setup,
        )
        fleet.start(LiveTransport(SshConnector()))
        try:
            desk = Desk(fleet, feed, audit)
            await desk.until(lambda: all(s.listed is not None for s in feed.latest()), "all hosts listed")
            yield desk
        finally:
            await fleet.aclose()


class Desk:
    """Mappings as a screen would use them, in the test's own loop."""

    def __init__(self, fleet: Fleet, feed: Feed, audit: MemoryAudit) -> None:
        self.fleet, self.feed, self.audit = fleet, feed, audit

    @property
    def mappings(self) -> Mappings:
        return self.fleet.mappings

    async def set(self, after: Mapping | None, ident: str = "", consent: Consent = YES) -> MapJob:
        """Plan and apply."""
        name = ident or (after.id if after is not None else "")
        return await self.apply(await self.mappings.plan(name, after), consent)

    async def apply(self, plan: MapPlan, consent: Consent = YES) -> MapJob:
        """Apply, to its end."""
        number = self.fleet.map_place.number()
        self.mappings.begin(number, plan, consent)
        await self.until(lambda: self.mappings.job(number).over, f"the end of {plan.id}", 2 * LIMIT)
        return self.mappings.job(number)

    async def done(self, after: Mapping | None, ident: str = "") -> MapJob:
        """The same, and it has to end well."""
        job = await self.set(after, ident)
        assert job.ending is MapEnding.DONE, log(job)
        return job

    async def until(self, condition: Callable[[], object], what: str, limit: float = 30.0) -> None:
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < limit, f"{what}: not within {limit:.0f} s"
            await asyncio.sleep(0.02)

    def standing(self, ident: str = "db") -> Any:
        """As it was last published."""
        found = self.feed.latest_mappings()
        return next((s for s in found.standings if s.mapping.id == ident), None) if found else None


def log(job: MapJob) -> str:
    """For the message of a failing test."""
    lines = [f"{told.phase}: {told.text}" for told in job.told]
    steps = [f"step {step.host}: {step.text}" for step in job.plan.steps]
    return "\n".join([*steps, *lines, f"{job.ending}: {job.text} | {job.next_step}"])


def _state(host: LabHost) -> dict[str, Any]:
    found = {}
    for ident in host.docker("ps", "-aq", "--no-trunc").split():
        document = json.loads(host.docker("inspect", ident))[0]
        networks = document["NetworkSettings"]["Networks"]
        found[document["Name"]] = (
            ident,
            document["State"]["Status"],
            document["State"]["StartedAt"],
            {name: sorted(one["Aliases"] or ()) for name, one in networks.items()},
        )
    return {"containers": found, "networks": sorted(host.docker("network", "ls", "-q").split())}
