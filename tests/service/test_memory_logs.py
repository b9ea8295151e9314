"""Logs of the memory transport: what an engine gives, and what every fault does to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from console.errors import CapabilityMissing, EngineDown, EngineError, HostError, HostUnreachable, NotFound
from console.model.logs.lines import LogFrames, Stream
from console.model.logs.setup import LogSetup
from console.transport.base import Engine, LogAsk
from console.transport.memory import MemoryContainer, MemoryHost, MemoryTransport
from tests.service.fleets import plain_fleet, running
from tests.service.loops import until, virtual

ALL = LogAsk()
FOLLOW = LogAsk(follow=True)


@asynccontextmanager
async def connected(host: str = "a") -> AsyncIterator[tuple[MemoryHost, Engine]]:
    """A host of a small fleet and an engine on a link to it."""
    fleet = plain_fleet(host, containers=0)
    transport = MemoryTransport(fleet)
    link = await transport.connect(fleet[host].spec, None)
    try:
        yield fleet[host], await link.engine()
    finally:
        await transport.aclose()
        assert fleet[host].daemon.logs.following == 0


async def whole(engine: Engine, container: MemoryContainer, ask: LogAsk = ALL) -> LogFrames:
    """A finite answer."""
    found = LogFrames()
    async with engine.logs(container.id, ask) as answer:
        async for frames in answer:
            assert frames
            add(found, frames)
    return found


def add(to: LogFrames, frames: LogFrames) -> None:
    to.stamps += frames.stamps
    to.streams += frames.streams
    to.payloads += frames.payloads


class Reader:
    """Follows one container in a task of its own; as a context manager."""

    def __init__(self, engine: Engine, container: MemoryContainer, ask: LogAsk = FOLLOW) -> None:
        self.got = LogFrames()
        self.ended: HostError | bool = False
        """True: properly."""
        self.open = False
        self._engine, self._container, self._ask = engine, container, ask

    async def __aenter__(self) -> Reader:
        self._task = asyncio.create_task(self._read())
        await until(lambda: self.open or self._task.done())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def has(self, *payloads: bytes) -> None:
        await until(lambda: self.got.payloads == list(payloads))

    async def _read(self) -> None:
        try:
            async with self._engine.logs(self._container.id, self._ask) as answer:
                self.open = True
                async for frames in answer:
                    add(self.got, frames)
            self.ended = True
        except HostError as error:
            self.ended = error


@virtual
async def test_a_follow_gives_the_past_then_every_line_and_ends_when_the_container_stops() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        host.daemon.write(web, b"one\ntwo\n")
        async with Reader(engine, web) as reader:
            await reader.has(b"one\n", b"two\n")
            host.daemon.write(web, b"oops\n", Stream.ERR)
            host.daemon.write(web, b"three\nfo")
            await reader.has(b"one\n", b"two\n", b"oops\n", b"three\n")
            assert not reader.ended
            host.daemon.stop(web)
            await until(lambda: reader.ended)
            assert reader.ended is True
            assert reader.got.payloads[-1] == b"fo"
            assert reader.got.streams == [1, 1, 2, 1, 1]
            assert all(a < b for a, b in pairwise(reader.got.stamps))


@virtual
async def test_a_log_survives_a_restart_and_is_gone_with_its_container() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        host.daemon.write(web, b"before\n")
        host.daemon.restart(web)
        host.daemon.write(web, b"after\n")
        assert (await whole(engine, web)).payloads == [b"before\n", b"after\n"]
        async with Reader(engine, web) as reader:
            await until(lambda: reader.got)
            host.daemon.remove(web)
            await until(lambda: reader.ended)
            assert reader.ended is True
        with pytest.raises(NotFound):
            await whole(engine, web)


@virtual
async def test_a_follow_of_what_does_not_run_ends_at_once() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        host.daemon.write(web, b"bye\n")
        host.daemon.exit(web, 1)
        assert (await whole(engine, web, FOLLOW)).payloads == [b"bye\n"]


@virtual
async def test_tail_since_and_until() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        for number in range(10):
            host.daemon.write(web, b"%d\n" % number)
            await asyncio.sleep(1)
        everything = await whole(engine, web)
        at = everything.stamps

        async def numbers(**ask: int) -> list[int]:
            return [int(p) for p in (await whole(engine, web, LogAsk(**ask))).payloads]

        assert await numbers(tail=3) == [7, 8, 9]
        assert await numbers(tail=0) == []
        assert await numbers(since_ns=at[6]) == [6, 7, 8, 9]
        assert await numbers(since_ns=at[6] + 1) == [7, 8, 9]
        assert await numbers(since_ns=at[6], tail=2) == [8, 9]
        assert await numbers(until_ns=at[2]) == [0, 1, 2]
        assert await numbers(until_ns=at[2], tail=9) == [1, 2]


@virtual
async def test_parts_of_a_long_line_share_a_stamp() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        host.daemon.write(web, b"x" * 40_000)
        host.daemon.write(web, b"end\nnext\n")
        found = await whole(engine, web)
        assert [len(p) for p in found.payloads] == [16384, 16384, 40_003 - 32768 + 1, 5]
        assert len(set(found.stamps)) == 2
        assert [p.endswith(b"\n") for p in found.payloads] == [False, False, True, True]


@virtual
async def test_a_lost_link_cuts_every_stream_and_a_cut_can_come_in_the_middle_of_a_line() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        async with Reader(engine, web) as reader:
            host.daemon.write(web, b"y" * 40_000 + b"\n")
            host.daemon.logs.cut(after=2)
            await until(lambda: reader.ended)
            assert isinstance(reader.ended, HostUnreachable)
            assert len(reader.got) == 2
        async with Reader(engine, web) as reader:
            await until(lambda: reader.got)
            host.cut("no route")
            await until(lambda: reader.ended)
            assert isinstance(reader.ended, HostUnreachable)
            assert "no route" in str(reader.ended)


@virtual
async def test_what_is_written_while_the_engine_is_away_is_stamped_when_it_is_back() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        async with Reader(engine, web) as reader:
            host.daemon.write(web, b"before\n")
            await reader.has(b"before\n")
            host.engine_stops()
            await until(lambda: reader.ended)
            assert isinstance(reader.ended, EngineDown)
        host.daemon.write(web, b"meanwhile\n")
        await asyncio.sleep(5)
        host.engine_starts()
        found = await whole(engine, web)
        assert found.payloads == [b"before\n", b"meanwhile\n"]
        assert found.stamps[1] - found.stamps[0] >= 5 * 10**9


@virtual
async def test_a_quiet_host_holds_back() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        async with Reader(engine, web) as reader:
            host.go_quiet()
            host.daemon.write(web, b"late\n")
            await asyncio.sleep(3)
            assert not reader.got
            host.speak()
            await reader.has(b"late\n")


@virtual
async def test_a_hushed_follow_is_alive_and_says_nothing() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        async with Reader(engine, web) as deaf:
            host.daemon.log(web).hush()
            host.daemon.write(web, b"hello\n")
            async with Reader(engine, web) as reader:
                await reader.has(b"hello\n")
            await asyncio.sleep(30)
            assert not deaf.got
            assert not deaf.ended
            assert (await whole(engine, web, LogAsk(tail=1))).payloads == [b"hello\n"]
            host.cut()
            await until(lambda: deaf.ended)


@virtual
async def test_a_driver_that_keeps_nothing_says_so() -> None:
    async with connected() as (host, engine):
        mute = running(host, "mute", log=LogSetup(driver="none"))
        sent = running(host, "sent", log=LogSetup(driver="syslog"))
        gone = running(host, "gone", log=LogSetup(driver="syslog"), log_cached=False)
        host.daemon.write(sent, b"kept\n")
        assert (await whole(engine, sent)).payloads == [b"kept\n"]
        for container in (mute, gone):
            with pytest.raises(EngineError, match="logging driver does not support reading") as caught:
                await whole(engine, container)
            assert caught.value.status == 501
        inspection = await engine.inspect(gone.id)
        assert inspection.logs.driver == "syslog"
        assert inspection.document["HostConfig"]["LogConfig"] == {  # type: ignore[index]  # a dict
            "Type": "syslog",
            "Config": {"cache-disabled": "true"},
        }


@virtual
async def test_a_terminal_has_one_stream_and_carriage_returns() -> None:
    async with connected() as (host, engine):
        shell = running(host, "shell", log=LogSetup(driver="json-file", tty=True))
        host.daemon.write(shell, b"10%\r100%\nx\n", Stream.ERR)
        found = await whole(engine, shell)
        assert found.payloads == [b"10%\r100%\r\n", b"x\r\n"]
        assert found.streams == [1, 1]
        inspection = await engine.inspect(shell.id)
        assert inspection.logs.tty
        assert inspection.document["Config"]["Tty"] is True  # type: ignore[index]  # a dict


@virtual
async def test_questions_are_counted_and_the_carrier_has_a_limit() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        logs = host.daemon.logs
        logs.limit = 2
        async with Reader(engine, web), Reader(engine, web):
            assert logs.following == 2
            with pytest.raises(CapabilityMissing):
                await whole(engine, web)
        assert (logs.following, logs.most_following, logs.followed, logs.finite) == (0, 2, 2, 1)
        await whole(engine, web, LogAsk(tail=7))
        assert logs.asks[-1] == (web.id, LogAsk(tail=7))


@virtual
async def test_the_clock_of_a_host_is_its_own_and_can_go_back() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        host.ahead = 1.8
        assert (await engine.clock()).ahead == pytest.approx(1.8)
        host.daemon.write(web, b"a\nb\n")
        host.ahead = -3.0
        host.daemon.write(web, b"c\n")
        host.ahead = 1.8
        host.daemon.write(web, b"d\n")
        stamps = (await whole(engine, web)).stamps
        assert stamps[0] - stamps[2] == pytest.approx(4.8e9, rel=1e-6)
        assert len(set(stamps)) == 4


@pytest.mark.parametrize("files", [1, 3])
def test_rotation_drops_old_frames_and_a_slow_reader_loses_some_without_a_word(files: int) -> None:
    @virtual
    async def run() -> None:
        async with connected() as (host, engine):
            setup = LogSetup(driver="json-file", max_size=1000, max_files=files)
            web = running(host, "web", log=setup)
            async with engine.logs(web.id, FOLLOW) as answer:
                host.daemon.write(web, b"first\n")
                seen = (await anext(answer)).payloads
                for number in range(200):
                    host.daemon.write(web, b"%d\n" % number)
                host.daemon.stop(web)
                async for frames in answer:
                    seen += frames.payloads
            assert seen[0] == b"first\n"
            assert seen[-1] == b"199\n"
            assert len(seen) < 40
            numbers = [int(p) for p in seen[1:]]
            assert numbers == sorted(set(numbers))
            kept = (await whole(engine, web)).payloads
            assert kept[-1] == b"199\n"
            assert 0 < len(kept) <= files * 14

    run()


@virtual
async def test_a_fast_reader_loses_nothing_by_rotation_and_may_get_a_little_twice() -> None:
    async with connected() as (host, engine):
        web = running(host, "web", log=LogSetup(driver="json-file", max_size=10_000, max_files=2))
        host.daemon.log(web).file.resends = True
        async with Reader(engine, web) as reader:
            for number in range(2000):
                host.daemon.write(web, b"%d\n" % number)
                await asyncio.sleep(0.001)
            await until(lambda: reader.got.payloads[-1] == b"1999\n")
            numbers = [int(p) for p in reader.got.payloads]
            assert sorted(set(numbers)) == list(range(2000))
            assert 0.01 < len(numbers) / 2000 - 1 < 0.08


@virtual
async def test_somebody_empties_a_log() -> None:
    async with connected() as (host, engine):
        web = running(host, "web")
        async with Reader(engine, web) as reader:
            host.daemon.write(web, b"a\n")
            await reader.has(b"a\n")
            host.daemon.write(web, b"unread\n")
            host.daemon.log(web).truncate()
            host.daemon.write(web, b"b\n")
            await reader.has(b"a\n", b"b\n")
        assert (await whole(engine, web)).payloads == [b"b\n"]
