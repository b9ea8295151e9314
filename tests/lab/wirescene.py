"""An ambassador on h1 made by hand, databases on h2, and the wiring of h1 as one login or another has it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass

from console.errors import CapabilityMissing
from console.model.actions import Action, ActionKind
from console.model.mappings.body import create_body
from console.model.mappings.haproxy import CONFIG, RUN, Carried, Proxy, Server, render
from console.model.mappings.mapping import Endpoint, Mapping, Party
from console.model.mappings.world import ProxyView, Side
from console.model.text import safe
from console.transport.base import Engine
from console.transport.wiring import Wiring
from tests.lab.containers import SLEEP
from tests.lab.host import LabHost
from tests.lab.image import BARE, IMAGE, build_bare
from tests.lab.lab import Lab
from tests.lab.machine import wait_for

PORTS: Lookup[str, int] = {"one": 15432, "two": 15433}
"""Databases on h2, and where they are published."""

STATED = Mapping(
    id="db",
    name="db",
    ports=(5432,),
    to=(Endpoint(host="h2", container="one", ports=(5432,)),),
    consumers=(Party(host="h1", container="app"),),
)
LATE = 30.0


@dataclass(slots=True)
class WireScene:
    """`bare`: the ambassador is an image without a shell that runs as user 99, else as root with one."""

    lab: Lab
    host: LabHost
    engine: Engine
    bare: bool
    ident: str = ""
    number: int = 0

    @property
    def wiring(self) -> Wiring:
        return self.engine.wiring

    async def databases(self) -> None:
        """Those on h2, and the consumer `app` on `shop` of h1."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        other = self.lab["h2"]
        for name, port in PORTS.items():
            serve = f"exec socat TCP-LISTEN:5432,fork,reuseaddr,backlog=500 SYSTEM:'echo {name}; cat'"
            words = ("run", "-d", "--name", name, "-p", f"{port}:5432", "--stop-timeout", "1", IMAGE)
            other.docker(*words, "sh", "-c", serve)
        self.host.docker("network", "create", "shop")
        self.host.docker("run", "-d", "--name", "app", "--net", "shop", IMAGE, "sh", "-c", SLEEP)

    def id_of(self, name: str) -> str:
        return self.host.docker("inspect", "-f", "{{.Id}}", name)

    def pid_of(self, name: str) -> int:
        return int(self.host.docker("inspect", "-f", "{{.State.Pid}}", name))

    def address_of(self, name: str, network: str = "shop") -> str:
        return self.host.docker(
            "inspect", "-f", f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}', name
        )

    def config(self, *names: str) -> str:
        """The next revision, leading to these databases; `dead` leads nowhere."""
        self.number += 1
        ports = {**PORTS, "refused": 9}
        at = self.lab["h2"].address
        servers = tuple(Server(name=f"{name}.h2", host=at, port=ports[name]) for name in names)
        return render(
            Proxy(
                fleet="wire",
                mapping=STATED,
                number=self.number,
                parent="",
                side=Side.CONSUMER,
                carried=(Carried(port=5432, servers=servers),),
                gateways=("172.17.0.1",),
                refused=("172.17.0.0/16",),
            )
        )

    async def ambassador(self, *names: str, network: str = "shop") -> str:
        """Made as a plan makes one; returns when its servers were checked."""
        image = await asyncio.to_thread(self._image)
        body = create_body(fleet="wire", mapping="db", side=Side.CONSUMER, image=image)
        self.ident = await self.engine.deeds.create("dockcon-db", body)
        await self.wiring.put_file(self.ident, CONFIG, self.config(*names).encode())
        await self.wiring.make_folder(self.ident, RUN, mode=0o1777)
        await self.wiring.connect(network, self.ident, ("db", "db.prod"))
        await self.engine.deeds.act(self.ident, Action(kind=ActionKind.START))
        await self.until(lambda view: view.revision.startswith(f"{self.number}-"))
        return self.ident

    def _image(self) -> str:
        if not self.bare:
            return IMAGE
        tar = self.lab.folder / "bare.tar"
        build_bare(self.lab.image, tar)
        if not self.host.docker("images", "-q", BARE):
            self.host.docker("import", "--change", "USER 99", tar, BARE)
        return BARE

    async def configure(self, *names: str) -> ProxyView:
        """Put the next revision, reload, and wait until it runs; a signal may meet a master that is starting
        itself anew, and be lost.
        """
        await self.wiring.put_file(self.ident, CONFIG, self.config(*names).encode())
        wished = f"{self.number}-"
        hup = Action(kind=ActionKind.KILL, signal=safe("SIGHUP"))
        for again in (True, True, True, False):
            await self.engine.deeds.act(self.ident, hup)
            try:
                return await self.until(lambda view: view.revision.startswith(wished), 3.0 if again else LATE)
            except TimeoutError:
                if not again:
                    raise
        raise AssertionError("the last try either returns or raises")

    async def until(self, condition: Callable[[ProxyView], bool], limit: float = LATE) -> ProxyView:
        """Ask the proxy until what it says is as wished; it may not be there yet."""
        async with asyncio.timeout(limit):
            while True:
                try:
                    view = await self.wiring.proxy(self.ident)
                except CapabilityMissing:
                    view = None
                if view is not None and condition(view):
                    return view
                await asyncio.sleep(0.05)

    def listens(self, name: str) -> None:
        """Wait until a database of h2 answers."""
        where = (self.lab["h2"].address, PORTS[name])
        wait_for(lambda: _answers(where), f"{name} to answer", LATE, every=0.1)


def _answers(where: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(where, 1):
            return True
    except OSError:
        return False
