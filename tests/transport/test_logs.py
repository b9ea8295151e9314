"""Logs and the clock of an engine over a Unix socket: ends, cuts, holding back, and what engines refuse."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.errors import CapabilityMissing, EngineDown, EngineError, NotFound, UsageError
from console.model.hosts import HostSpec
from console.transport import logs
from console.transport.base import LogAsk
from console.transport.clock import SystemClock
from console.transport.engine import HttpEngine
from console.transport.httpconn import HttpClient
from console.transport.live import LiveTransport

from .fake_engine import FakeEngine, Request, hang
from .log_bytes import (
    CHUNKED,
    END,
    ID,
    LOG,
    NOON,
    TOLD,
    answering,
    frame,
    read,
    rows,
    stamp,
    until_fault,
)
from .waiting import until


async def test_a_log_to_its_end(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/logs"] = answering(*LOG)
    assert await read(engine, LogAsk()) == TOLD
    fake.faults["/logs"] = answering()
    assert await read(engine, LogAsk()) == []


@pytest.mark.parametrize(
    ("ask", "query"),
    [
        (LogAsk(), ""),
        (LogAsk(follow=True, tail=0), "&follow=1&tail=0"),
        (LogAsk(since_ns=1_000_000_002, until_ns=3_400_000_000), "&since=1.000000002&until=3.400000000"),
        (LogAsk(since_ns=-5), "&since=0.000000000"),
    ],
)
def test_what_is_asked(ask: LogAsk, query: str) -> None:
    assert logs.target(ID, ask) == f"/containers/{ID}/logs?stdout=1&stderr=1&timestamps=1{query}"


async def test_only_full_ids_are_asked_for(engine: HttpEngine) -> None:
    with pytest.raises(UsageError):
        async with engine.logs("../images/json?x=", LogAsk()):
            pass


async def test_following_gives_each_line_as_it_comes(fake: FakeEngine, engine: HttpEngine) -> None:
    lines: asyncio.Queue[bytes] = asyncio.Queue()

    async def follow(request: Request) -> None:
        assert request.query["follow"] == ["1"]
        request.writer.write(request.head(200, CHUNKED))
        await request.writer.drain()
        while data := await lines.get():
            request.chunk(data)
            await request.writer.drain()
        request.writer.write(END)

    fake.faults["/logs"] = follow
    async with engine.logs(ID, LogAsk(follow=True)) as batches:
        for number in range(5):
            lines.put_nowait(LOG[number])
            assert rows(await anext(batches)) == [TOLD[number]]
        lines.put_nowait(b"")
        with pytest.raises(StopAsyncIteration):
            await anext(batches)


@pytest.mark.parametrize(
    "left", [b"", b"2", b"2b\r\n\x01\x00\x00", b"8\r\n\x01\x00\x00\x00\x00\x00\x00\x05\r\n"]
)
async def test_a_cut_is_no_end_and_what_came_before_is_given(
    fake: FakeEngine, engine: HttpEngine, left: bytes
) -> None:
    fake.faults["/logs"] = answering(*LOG, end=left)
    async with engine.logs(ID, LogAsk()) as batches:
        got, error = await until_fault(batches)
    assert (got, type(error)) == (TOLD, EngineDown)


async def test_a_proper_end_within_a_frame_is_a_fault(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/logs"] = answering(LOG[0], LOG[1][:-1])
    with pytest.raises(EngineDown, match="within a frame"):
        await read(engine, LogAsk())


async def test_frames_that_cannot_be(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/logs"] = answering(*LOG[:3], b"\x01\0\0\0\xff\xff\xff\xff", stay=True)
    async with engine.logs(ID, LogAsk()) as batches:
        got, error = await until_fault(batches)
        assert (got, type(error)) == (TOLD[:3], EngineDown)
        assert "not a frame" in str(error)
        await until(lambda: len(fake.open) <= 1)  # closed at once, whoever still holds the iterator


async def test_the_engine_says_that_it_could_not_go_on(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/logs"] = answering(frame(3, b"error grabbing logs: \x1b[1munexpected EOF\n"))
    with pytest.raises(EngineDown, match="error grabbing logs: unexpected EOF"):
        await read(engine, LogAsk())


TTY = [stamp(NOON) + b"x" * 16384, stamp(NOON) + b"x\r\n", stamp(NOON + 1) + b"prompt"]
TTY_TOLD = [(NOON, 1, b"x" * 16384), (NOON, 1, b"x\r\n"), (NOON + 1, 1, b"prompt")]


@pytest.mark.parametrize(
    ("tty", "content", "terminal"),
    [
        (True, "", True),
        (False, "", False),
        (False, "application/vnd.docker.raw-stream", True),
        (True, "application/vnd.docker.multiplexed-stream", False),
        (True, "text/plain; charset=utf-8", True),
    ],
)
async def test_frames_or_a_terminal(
    fake: FakeEngine, engine: HttpEngine, tty: bool, content: str, terminal: bool
) -> None:
    headers = (CHUNKED, *((f"Content-Type: {content}",) if content else ()))
    fake.faults["/logs"] = answering(*(TTY if terminal else LOG), headers=headers)
    assert await read(engine, LogAsk(tty=tty)) == (TTY_TOLD if terminal else TOLD)


@pytest.mark.parametrize("tty", [False, True])
async def test_a_body_without_chunks(fake: FakeEngine, engine: HttpEngine, tty: bool) -> None:
    data = b"".join(TTY if tty else LOG)
    fake.faults["/logs"] = answering(end=data, headers=(f"Content-Length: {len(data)}",))
    assert await read(engine, LogAsk(tty=tty)) == (TTY_TOLD if tty else TOLD)


# ---- refusals


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (404, "No such container: 7", NotFound),
        (501, "configured logging driver does not support reading", EngineError),
        (500, "journald is not enabled on this host", EngineError),
    ],
)
async def test_refusals_keep_the_engine_s_words(
    fake: FakeEngine, engine: HttpEngine, status: int, words: str, kind: type[EngineError]
) -> None:
    async def refuse(request: Request) -> None:
        request.answer(status, {"message": words})

    fake.faults["/logs"] = refuse
    with pytest.raises(kind, match=words) as caught:
        await read(engine, LogAsk())
    assert caught.value.status == status


async def test_as_many_as_the_carrier_allows(
    fake: FakeEngine, engine: HttpEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults["/logs"] = answering(*LOG, end=b"", stay=True)
    monkeypatch.setattr(engine, "_feeds", 2)
    async with engine.logs(ID, LogAsk(follow=True)):
        async with engine.logs(ID, LogAsk(follow=True)):
            with pytest.raises(CapabilityMissing):
                await read(engine, LogAsk(tail=1))
        fake.faults["/logs"] = answering(*LOG)
        assert await read(engine, LogAsk(tail=1)) == TOLD
        assert await read(engine, LogAsk(tail=1)) == TOLD


@pytest.fixture
async def podman(fake: FakeEngine, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    fake.version["Components"] = [{"Name": "Podman Engine"}]
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    yield await link.engine()
    await transport.aclose()


@pytest.mark.parametrize("refusal", [False, True])
async def test_podman_answers_a_follow_with_its_first_line(
    fake: FakeEngine, podman: HttpEngine, monkeypatch: pytest.MonkeyPatch, refusal: bool
) -> None:
    go = asyncio.Event()

    async def silent(request: Request) -> None:
        await go.wait()
        if refusal:
            request.answer(404, {"message": "no container with that name"})
        else:
            await answering(*LOG)(request)

    fake.faults["/logs"] = silent
    monkeypatch.setattr(logs, "PATIENCE", 0.01)
    async with podman.logs(ID, LogAsk(follow=True)) as batches:
        go.set()
        if refusal:
            with pytest.raises(NotFound, match="no container with that name"):
                await anext(batches)
        else:
            assert rows(*[batch async for batch in batches]) == TOLD


async def test_docker_must_answer_a_follow_at_once(
    fake: FakeEngine, engine: HttpEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults["/logs"] = hang
    monkeypatch.setitem(HttpClient.stream.__wrapped__.__kwdefaults__, "deadline", 0.05)  # type: ignore[attr-defined]
    monkeypatch.setattr(logs, "PATIENCE", 0.01)
    with pytest.raises(EngineDown, match="did not answer"):
        await read(engine, LogAsk(follow=True))


# ---- the clock


async def test_the_clock_of_the_engine(fake: FakeEngine, engine: HttpEngine) -> None:
    async def info(request: Request) -> None:
        ahead = time.time() + 100
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ahead))
        request.answer(200, {"SystemTime": f"{whole}.{int(ahead % 1 * 1e9):09d}Z"})

    fake.faults["/info"] = info
    reading = await engine.clock()
    assert 0 < reading.error < 10
    assert abs(reading.ahead - 100) <= reading.error + 1e-5


async def test_of_two_trips_the_shorter_counts() -> None:
    asked = 0

    async def info() -> dict[str, object]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.2 if asked == 1 else 0)
        return {"SystemTime": "2024-01-01T12:00:00.5Z"}

    reading = await logs.read_clock("here", SystemClock(), info)
    assert asked == 2
    assert reading.error < 0.1


async def test_an_engine_that_does_not_tell_its_time(fake: FakeEngine, engine: HttpEngine) -> None:
    with pytest.raises(EngineDown, match="time"):
        await engine.clock()
