"""What one attempt to reach an endpoint proves: a connection that a proxy takes is no proof."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.errors import CapabilityMissing
from console.model.containers import ContainerState
from console.model.hosts import Guard
from console.model.links.link import End, EndKind, Hop, Link, LinkState
from console.model.mappings.world import AmbassadorView, ContainerView, World
from console.model.text import safe
from console.service.links.desk import Probed
from console.service.links.probing import dialled, probe
from console.transport.base import Engine
from console.transport.wiring import Reached
from tests.service.loops import LoopClock
from tests.unit.links.link_worlds import ambassador, fleet, view

CONNECTED = Reached(True, safe("db is 172.18.0.9: connected in 0.4 ms"))


class Wiring:
    """Answers as it was told to, and remembers what was asked."""

    def __init__(self, answer: Reached | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, ...]] = []

    def _said(self) -> Reached:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def reach_from(self, container_id: str, name: str, port: int, timeout: float = 5.0) -> Reached:
        self.asked.append((container_id, name, str(port)))
        return self._said()

    async def reach(self, address: str, port: int, timeout: float = 3.0) -> Reached:
        self.asked.append((address, str(port)))
        return self._said()


def end(one: ContainerView, port: int = 0) -> End:
    return End(kind=EndKind.CONTAINER, host=one.host, id=one.id, name=one.name, port=port)


def link(world: World, **more: Any) -> Link:
    web, carrier = view(world, "app-1", "web"), view(world, "app-1", "dockcon-db")
    target = view(world, "db-1", "postgres")
    facts: dict[str, Any] = {
        "consumer": end(web),
        "endpoint": end(target, 5432),
        "dials": safe("db:5432"),
        "mapping": "db",
        "state": LinkState.IDLE,
        "since": 0.0,
        "path": (Hop(end=end(web)), Hop(end=end(carrier)), Hop(end=end(target, 5432))),
        **more,
    }
    return Link(**facts)


def guarded(world: World, **more: Any) -> World:
    return replace(world, hosts={**world.hosts, "app-1": replace(world.hosts["app-1"], **more)})


async def probed(
    world: World, answer: Reached | Exception = CONNECTED, *, read_only: bool = False, **more: Any
) -> tuple[Probed, Wiring]:
    wiring = Wiring(answer)

    async def reach(host: str) -> Engine:
        assert host == "app-1"
        return cast("Engine", SimpleNamespace(wiring=wiring))

    return await probe(link(world, **more), world, reach, LoopClock(), read_only=read_only), wiring


def rooted(one: AmbassadorView | None = None, **more: Any) -> World:
    return guarded(fleet(one=one, **more), root=True)


async def test_a_name_is_dialled_from_the_consumer_itself() -> None:
    world = rooted()
    found, wiring = await probed(world)
    assert found.ok is True
    assert found.text == CONNECTED.how
    assert wiring.asked == [(view(world, "app-1", "web").id, "db", "5432")]


async def test_29_a_connection_that_only_the_ambassador_takes_is_none() -> None:
    found, _ = await probed(rooted(ambassador(status="DOWN", check="L4CON")))
    assert found.ok is False
    assert "connected in 0.4 ms to dockcon-db, but postgres@db-1 refuses connections" in found.text


async def test_29_an_ambassador_that_cannot_be_asked_leaves_it_open() -> None:
    found, _ = await probed(rooted(ambassador(running=None)))
    assert found.ok is None
    assert "is not known" in found.text


async def test_28_what_is_closed_at_once_is_no_answer() -> None:
    found, _ = await probed(rooted(), Reached(False, safe("connected and closed at once")))
    assert (found.ok, found.text) == (False, "connected and closed at once")


@pytest.mark.parametrize(("facts", "read_only"), [({"guard": Guard.OBSERVE}, False), ({}, True)])
async def test_without_root_no_process_is_started_where_nothing_may_be(
    facts: dict[str, Any], read_only: bool
) -> None:
    found, wiring = await probed(guarded(fleet(), root=False, **facts), read_only=read_only)
    assert (found.ok, wiring.asked) == (None, [])
    assert "read-only" in found.text or "observed" in found.text


async def test_what_cannot_be_tried_says_why() -> None:
    missing = CapabilityMissing("app-1", "no shell there")
    assert (await probed(rooted(), missing))[0].text == "no shell there"
    outside = End(kind=EndKind.OUTSIDE, name=safe("203.0.113.9"))
    assert "not in this fleet" in (await probed(rooted(), consumer=outside))[0].text
    world = rooted()
    stopped = replace(view(world, "app-1", "web"), state=ContainerState.EXITED)
    others = [one for one in world.hosts["app-1"].containers if one.id != stopped.id]
    found, wiring = await probed(guarded(world, containers=(stopped, *others)))
    assert (found.ok, found.text, wiring.asked) == (None, "web@app-1 is exited", [])
    gone, _ = await probed(rooted(), consumer=replace(end(stopped), id="f" * 64))
    assert gone.text == "web@app-1 is not there any more"


async def test_the_machine_itself_dials_as_itself() -> None:
    world = rooted()
    machine = End(kind=EndKind.MACHINE, host="app-1")
    found, wiring = await probed(world, consumer=machine, dials=safe("10.0.0.21:15432"), path=(), mapping="")
    assert (found.ok, wiring.asked) == (True, [("10.0.0.21", "15432")])


@pytest.mark.parametrize(
    ("dials", "port", "wanted"),
    [
        ("db:5432", 0, ("db", 5432)),
        ("[::1]:80", 0, ("::1", 80)),
        ("db", 6379, ("db", 6379)),
        ("db", 0, ("db", 0)),
    ],
)
def test_what_is_dialled(dials: str, port: int, wanted: tuple[str, int]) -> None:
    world = fleet()
    one = link(world, dials=safe(dials), endpoint=replace(link(world).endpoint, port=port))
    assert dialled(one) == wanted
