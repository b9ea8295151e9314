"""The engine over a Unix socket on this machine: typed calls, streams, and everything that can go wrong."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import (
    Conflict,
    EngineDown,
    EngineError,
    EngineForbidden,
    EngineTooOld,
    NotFound,
    UsageError,
)
from console.model.containers import ContainerState, Health
from console.model.hosts import HostSpec
from console.transport import httpconn
from console.transport.carrier import SocketCarrier
from console.transport.engine import HttpEngine
from console.transport.feeds import LineFeed
from console.transport.http import BodyTooLarge, Head, HttpFault
from console.transport.httpconn import HttpClient
from console.transport.live import LiveTransport
from console.transport.local import LocalDialer

from .fake_engine import FakeEngine, Request, full_id, hang, row
from .waiting import until


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


async def reach(path: Path) -> HttpEngine:
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(path)), None)
    try:
        return await link.engine()
    finally:
        await transport.aclose()


async def test_it_says_what_it_is(engine: HttpEngine) -> None:
    facts = engine.facts
    assert (facts.engine, facts.version, facts.api, facts.carrier) == ("docker", "20.10.24", "1.41", "local")


async def test_the_list_and_an_inspection(fake: FakeEngine, engine: HttpEngine) -> None:
    web = row("web", Status="Up About an hour (unhealthy)")
    fake.containers = [web, row("job", State="exited", Status="Exited (137) 2 hours ago")]
    first, second = sorted(await engine.containers(), key=lambda c: c.name, reverse=True)
    assert (first.ref, first.health, first.state) == ("web@here", Health.UNHEALTHY, ContainerState.RUNNING)
    assert (second.name, second.exit_code) == ("job", 137)
    assert [c.name for c in await engine.containers([web["Id"], full_id()])] == ["web"]
    assert await engine.containers([]) == ()
    found = await engine.inspect(web["Id"])
    assert found.container.detailed
    assert found.container.started == 1704067200.5


async def test_more_ids_than_a_filter_should_name_take_the_whole_list(
    fake: FakeEngine, engine: HttpEngine
) -> None:
    fake.containers = [row(f"c{n}") for n in range(130)]
    wanted = [c["Id"] for c in fake.containers[:120]]
    assert {c.id for c in await engine.containers(wanted)} == set(wanted)


async def test_requests_share_one_connection(fake: FakeEngine, engine: HttpEngine) -> None:
    for _ in range(5):
        await engine.ping()
    await engine.containers()
    assert fake.connections == 1


async def test_parallel_requests_share_a_few(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.containers = [row("web")]
    await asyncio.gather(*(engine.inspect(fake.containers[0]["Id"]) for _ in range(40)))
    assert fake.connections <= 8


async def test_an_idle_connection_that_the_engine_closed_is_replaced(
    fake: FakeEngine, engine: HttpEngine
) -> None:
    for _ in range(3):
        await engine.ping()
        fake.cut()
        # At once: the end of the connection may not have been seen yet.
        assert await engine.containers() == ()


async def test_only_full_ids_are_asked_for(engine: HttpEngine) -> None:
    with pytest.raises(UsageError):
        await engine.inspect("../images/json?x=")


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (409, Conflict), (500, EngineError)])
async def test_errors_of_the_engine(
    fake: FakeEngine, engine: HttpEngine, status: int, kind: type[EngineError]
) -> None:
    async def refuse(request: Request) -> None:
        request.answer(status, {"message": "no \x1b[31msuch\u202e thing"})

    fake.faults["/containers/json"] = refuse
    with pytest.raises(kind) as caught:
        await engine.containers()
    assert (caught.value.status, caught.value.message) == (status, "no such thing")
    assert await engine.ping() > 0


async def test_an_engine_that_does_not_answer(
    fake: FakeEngine, engine: HttpEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults["/containers/json"] = hang
    monkeypatch.setitem(httpconn.HttpClient.get.__kwdefaults__, "deadline", 0.05)
    with pytest.raises(EngineDown, match="did not answer"):
        await engine.containers()
    assert await engine.ping() > 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + b"[" * 40000,
        b"SSH-2.0-what\r\n\r\n",
        b"",
    ],
)
async def test_answers_that_are_none(fake: FakeEngine, engine: HttpEngine, answer: bytes) -> None:
    async def talk(request: Request) -> None:
        request.writer.write(answer)
        await request.writer.drain()
        request.writer.close()

    fake.faults["/containers/json"] = talk
    with pytest.raises(EngineDown):
        await engine.containers()
    assert await engine.ping() > 0


async def test_a_stopped_engine_is_found_out_and_found_again(
    fake: FakeEngine, engine: HttpEngine, tmp_path: Path
) -> None:
    (tmp_path / "s").rename(tmp_path / "away")
    fake.cut()
    with pytest.raises(EngineDown):
        await engine.ping()
    (tmp_path / "away").rename(tmp_path / "s")
    assert await engine.ping() > 0


async def test_events(fake: FakeEngine, engine: HttpEngine) -> None:
    ident = full_id()
    async with engine.events() as events:
        fake.emit(
            Type="container",
            Action="health_status: unhealthy",
            Actor={"ID": ident, "Attributes": {"name": "web\x07"}},
            timeNano=1_700_000_000_123_456_789,
        )
        fake.emit(Type="container", Action="exec_start: ls", Actor={"ID": ident, "Attributes": {}})
        fake.emit(status="die", id=ident, time=1_700_000_001, **{"from": "app:1"})
        network = {"ID": "n", "Attributes": {"container": ident, "name": "bridge"}}
        fake.emit(Type="network", Action="connect", Actor=network)
        first, second, third = [await anext(events) for _ in range(3)]
    assert (first.action, first.name, first.container_id) == ("health_status: unhealthy", "web\ufffd", ident)
    assert first.time_ns == 1_700_000_000_123_456_789
    assert (second.action, second.attributes, second.container_id) == ("die", {"image": "app:1"}, ident)
    assert (third.type, third.container_id) == ("network", ident)


async def test_events_never_end_quietly(fake: FakeEngine, engine: HttpEngine) -> None:
    async with engine.events() as events:
        fake.emit(Type="container", Action="start", Actor={"ID": full_id()})
        await anext(events)
        fake.cut()
        with pytest.raises(EngineDown):
            await anext(events)
    async with engine.events() as events:
        for queue in fake._subscribers:
            queue.put_nowait(None)
        with pytest.raises(EngineDown, match="ended its event stream"):
            await anext(events)


async def test_events_that_are_not_taken_end_with_a_fault(fake: FakeEngine, engine: HttpEngine) -> None:
    async with engine.events() as events:
        for number in range(20_000):
            fake.emit(Type="container", Action="start", Actor={"ID": full_id(number)})
        await until(lambda: fake.quiet)
        taken = []
        with pytest.raises(EngineDown, match="waiting"):
            taken.extend([event async for event in events])


async def test_a_refused_subscription_is_told_on_entering(fake: FakeEngine, engine: HttpEngine) -> None:
    async def refuse(request: Request) -> None:
        request.answer(500, {"message": "too many subscribers"})

    fake.faults["/events"] = refuse
    with pytest.raises(EngineError, match="too many subscribers"):
        async with engine.events():
            raise AssertionError("entered")


async def test_statistics_end_when_the_container_stops(fake: FakeEngine, engine: HttpEngine) -> None:
    async with engine.stats(full_id()) as frames:
        seen = [frame async for frame in frames]
    assert [frame.cpu_percent for frame in seen] == [None, 100.0, 100.0]
    assert (seen[0].memory_bytes, seen[0].memory_limit) == (200, 1000)


@pytest.mark.parametrize(
    ("version", "api"),
    [
        ({"ApiVersion": "1.52", "MinAPIVersion": "1.44"}, "1.52"),
        ({"ApiVersion": "1.60", "MinAPIVersion": "1.44"}, "1.52"),
        ({"ApiVersion": "1.24"}, "1.24"),
    ],
)
async def test_the_version_spoken(tmp_path: Path, version: dict[str, str], api: str) -> None:
    async with FakeEngine(version=version).serving(tmp_path / "s") as path:
        assert (await reach(path)).facts.api == api


@pytest.mark.parametrize(
    "version",
    [{"ApiVersion": "1.23", "Version": "1.11"}, {"ApiVersion": "1.70", "MinAPIVersion": "1.53"}],
)
async def test_no_version_in_common(tmp_path: Path, version: dict[str, str]) -> None:
    async with FakeEngine(version=version).serving(tmp_path / "s") as path:
        with pytest.raises(EngineTooOld):
            await reach(path)


async def test_podman_is_known_by_its_components(tmp_path: Path) -> None:
    version = {"ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}], "Version": "4.3.1"}
    async with FakeEngine(version=version).serving(tmp_path / "s") as path:
        assert (await reach(path)).facts.engine == "podman"


async def test_something_that_is_no_engine(tmp_path: Path) -> None:
    async with FakeEngine(version={"ApiVersion": "", "hello": 1}).serving(tmp_path / "s") as path:
        with pytest.raises(EngineDown, match="not a Docker Engine"):
            await reach(path)


async def test_an_engine_that_will_not_say_its_version(tmp_path: Path) -> None:
    async def refuse(request: Request) -> None:
        request.answer(403, {"message": "forbidden by the proxy"})

    async with FakeEngine(faults={"/version": refuse}).serving(tmp_path / "s") as path:
        with pytest.raises(EngineDown, match="forbidden by the proxy"):
            await reach(path)


async def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineDown, match="No such file") as caught:
        await reach(tmp_path / "none")
    assert "systemctl start docker" in caught.value.next_step


async def test_a_socket_that_nobody_listens_on(tmp_path: Path) -> None:
    async with FakeEngine().serving(tmp_path / "s") as path:
        path.rename(tmp_path / "dead")
    with pytest.raises(EngineDown, match="Connection refused"):
        await reach(tmp_path / "dead")


async def test_closing_ends_what_is_under_way(fake: FakeEngine, tmp_path: Path) -> None:
    fake.faults["/containers/json"] = hang
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    engine = await link.engine()
    lost = asyncio.create_task(link.lost())
    async with engine.events() as events:
        listing = asyncio.create_task(engine.containers())
        await until(lambda: "GET /v1.41/containers/json" in fake.requests)
        await transport.aclose()
        with pytest.raises(EngineDown):
            await listing
        with pytest.raises(EngineDown):
            await anext(events)
    assert str(await lost) == "here: closed"
    await transport.aclose()


def test_forbidden_is_told_with_the_way_out() -> None:
    from console.transport.ladder import forbidden

    error = forbidden("app-1", "ops", "/var/run/docker.sock")
    assert isinstance(error, EngineForbidden)
    assert "add ops to the group docker on app-1" in error.next_step
    assert (
        "ops ALL=(root) NOPASSWD: /usr/bin/docker -H unix\\:///var/run/docker.sock system dial-stdio"
        in error.next_step
    )


@given(st.lists(st.binary(max_size=40), max_size=20), st.lists(st.integers(0, 2000), max_size=20))
async def test_a_feed_cuts_lines_wherever_the_bytes_are_split(lines: list[bytes], cuts: list[int]) -> None:
    body = b"\n".join(lines)
    borders = sorted({c % (len(body) + 1) for c in cuts} | {0, len(body)})
    feed = LineFeed()
    for begin, end in itertools.pairwise(borders):
        feed.body(body[begin:end])
    feed.end()
    taken = []
    while (line := await feed.next()) is not None:
        taken.append(line)
    assert taken == [line for line in body.split(b"\n") if line.strip()]


async def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    feed = LineFeed()
    for _ in range(20):
        feed.body(b"x" * 100_000)
    with pytest.raises(BodyTooLarge):
        await feed.next()


class Held:
    """A sink that holds the engine back at the first bytes."""

    def __init__(self) -> None:
        self.size = 0
        self.hold: Callable[[], None] = lambda: None
        self.ended = asyncio.Event()

    def head(self, head: Head) -> None: ...

    def body(self, data: bytes) -> None:
        if not self.size:
            self.hold()
        self.size += len(data)

    def end(self) -> None:
        self.ended.set()

    def failed(self, fault: HttpFault) -> None:
        raise AssertionError(fault)


async def test_a_held_stream_holds_the_engine_and_not_our_memory(fake: FakeEngine, tmp_path: Path) -> None:
    total, sent = 64 << 20, 0

    async def talk(request: Request) -> None:
        nonlocal sent
        request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
        await request.writer.drain()
        await begin.wait()
        while sent < total:
            request.chunk(b"x" * 65536)
            await request.writer.drain()
            sent += 65536
        request.writer.write(b"0\r\n\r\n")

    begin = asyncio.Event()
    fake.faults["/logs"] = talk
    client = HttpClient(SocketCarrier(LocalDialer(), str(tmp_path / "s")).open)
    sink = Held()
    async with client.stream("/logs", sink) as connection:
        sink.hold = connection.pause
        begin.set()
        await until(lambda: sink.size)
        assert await client.get("/_ping")
        assert sink.size < 4 << 20
        assert sent < 8 << 20
        connection.resume()
        await sink.ended.wait()
    assert sink.size == total
    await client.aclose()
