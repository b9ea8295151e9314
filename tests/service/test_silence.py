"""A host that says nothing at all: nobody can tell then whether its engine is well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from console.errors import EngineDown
from console.model.hosts import HostSpec, HostState
from console.transport.base import Prompter
from console.transport.memory import MemoryHost, MemoryTransport
from console.transport.memory.link import MemoryEngine, MemoryLink
from tests.service.fleets import Running, plain_fleet
from tests.service.loops import LoopClock, until, virtual

T = TypeVar("T")

GIVES_UP = 9.0
"""Seconds after which the HTTP client calls a request that is not answered an engine that is down."""


class Impatient(MemoryTransport):
    """Like the live transport: a request without an answer ends by itself, as the engine's fault."""

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> MemoryLink:
        link = await super().connect(spec, prompter)
        reach = link.engine

        async def engine(carrier: str = "") -> MemoryEngine:
            reached = await given_up(reach(carrier), link.host)
            call = reached._call
            reached._call = lambda: given_up(call(), link.host)  # type: ignore[method-assign]  # that is the aim
            return reached

        link.engine = engine  # type: ignore[method-assign]  # that is the aim
        return link


async def given_up(asked: Awaitable[T], host: MemoryHost) -> T:
    try:
        async with asyncio.timeout(GIVES_UP):
            return await asked
    except TimeoutError as error:
        raise EngineDown(host.name, "the engine did not answer within 9 s") from error


def make() -> tuple[MemoryHost, Running]:
    hosts = plain_fleet("a")
    return hosts["a"], Running(hosts, transport=Impatient(hosts))


@virtual
async def test_silence_is_never_the_fault_of_the_engine() -> None:
    host, running = make()
    async with running as fleet:
        await fleet.all_up()
        host.go_quiet()
        host.daemon.create("unseen", "busybox:1")
        await fleet.reaches("a", HostState.QUIET)
        await LoopClock().sleep(60)
        assert fleet.history["a"] == [HostState.CONNECTING, HostState.UP, HostState.QUIET]
        host.speak()
        await fleet.reaches("a", HostState.UP)
        await until(lambda: dict(fleet["a"].containers) == host.daemon.truth())


@virtual
async def test_an_engine_that_was_down_is_not_blamed_for_the_silence_that_follows() -> None:
    host, running = make()
    async with running as fleet:
        await fleet.all_up()
        host.engine_stops()
        await fleet.reaches("a", HostState.ENGINE_DOWN)
        host.go_quiet()
        await fleet.reaches("a", HostState.QUIET)
        await LoopClock().sleep(60)
        assert fleet.state("a") is HostState.QUIET
        host.engine_starts()
        host.speak()
        await fleet.reaches("a", HostState.UP)
        assert fleet["a"].fresh


@virtual
async def test_silence_while_the_engine_is_sought_is_not_its_fault() -> None:
    host, running = make()
    host.go_quiet()
    async with running as fleet:
        await LoopClock().sleep(60)
        assert fleet.history["a"] == [HostState.CONNECTING]
        host.speak()
        await fleet.reaches("a", HostState.UP)
