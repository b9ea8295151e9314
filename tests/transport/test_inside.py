"""Processes and files in containers: the upgraded stream, both ways, and every way it can end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import (
    CapabilityMissing,
    Conflict,
    DockconError,
    EngineDown,
    EngineError,
    NotFound,
    OutcomeUnknown,
    UsageError,
)
from console.model.hosts import HostSpec
from console.model.inside import Command, TerminalSize
from console.transport.bytefeed import Demultiplexer
from console.transport.engine import HttpEngine
from console.transport.http import BadResponse
from console.transport.inside import STDERR, STDOUT, Running
from console.transport.live import LiveTransport

from .execs import ID, Execs, frame
from .fake_engine import Request, hang
from .waiting import until

PLAIN = Command(argv=("ls", "/"))


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[Execs]:
    engine = Execs()
    async with engine.serving(tmp_path / "s"):
        yield engine


@pytest.fixture
async def engine(fake: Execs, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    found = await link.engine()
    fake.asked.clear()
    yield found  # type: ignore[misc]  # the protocol's Engine is this one here
    await transport.aclose()
    await until(lambda: not fake.open)


async def everything(process: Running) -> tuple[bytes, bytes]:
    out = {STDOUT: b"", STDERR: b""}
    while (piece := await process.read()) is not None:
        assert piece[1]
        out[piece[0]] += piece[1]
    return out[STDOUT], out[STDERR]


async def test_a_command_its_outputs_and_its_code(fake: Execs, engine: HttpEngine) -> None:
    async def live(request: Request) -> None:
        data = fake.upgraded(request) + frame(1, b"out\x00\xff") + frame(2, b"err") + frame(1, b"more")
        for at in range(len(data)):  # every byte in a packet of its own
            request.writer.write(data[at : at + 1])
            await request.writer.drain()

    fake.live = live
    async with engine.inside.run(ID, Command(argv=("sh", "-c", "x y"), env=("A=1",))) as process:
        assert await everything(process) == (b"out\x00\xffmore", b"err")
        assert (await process.ended()).code == 3
    create, start, *_ = fake.asked
    assert create[0] == f"POST containers/{ID}/exec"
    assert create[2] == {
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "Cmd": ["sh", "-c", "x y"],
        "Env": ["A=1"],
    }
    assert start[2] == {"Detach": False, "Tty": False}
    assert (fake.headers["connection"], fake.headers["upgrade"]) == ("Upgrade", "tcp")


async def test_output_in_one_packet_with_the_head_is_not_lost(fake: Execs, engine: HttpEngine) -> None:
    for _ in range(50):
        async with engine.inside.run(ID, PLAIN) as process:
            assert await everything(process) == (b"hello\n", b"")


async def test_input_until_its_end_and_output_after_it(fake: Execs, engine: HttpEngine) -> None:
    async def live(request: Request) -> None:
        request.writer.write(fake.upgraded(request))
        data = await request.reader.read()
        request.writer.write(frame(1, data.upper()))

    fake.live = live
    async with engine.inside.run(ID, Command(argv=("tr",), stdin=True)) as process:
        await process.write(b"abc ")
        await process.write(b"def")
        process.write_eof()
        assert await everything(process) == (b"ABC DEF", b"")


async def test_a_terminal_has_one_stream_and_a_size(fake: Execs, engine: HttpEngine) -> None:
    async def live(request: Request) -> None:
        request.writer.write(fake.upgraded(request) + b"\x01raw\r\n")
        assert await request.reader.readexactly(1) == b"\x04"

    fake.live = live
    command = Command(argv=("sh",), tty=True, stdin=True, size=TerminalSize(132, 43))
    async with engine.inside.run(ID, command) as process:
        await process.resize(80, 24)
        await process.write(b"\x04")
        assert await everything(process) == (b"\x01raw\r\n", b"")
    sizes = [query for path, query, _ in fake.asked if path.endswith("/resize")]
    assert sizes == [{"h": ["43"], "w": ["132"]}, {"h": ["24"], "w": ["80"]}]


async def test_a_process_that_is_not_read_is_held_back(fake: Execs, engine: HttpEngine) -> None:
    sent = 0
    total = 16 << 20

    async def live(request: Request) -> None:
        nonlocal sent
        request.writer.write(fake.upgraded(request))
        while sent < total:
            request.writer.write(frame(1, b"x" * 65528))
            sent += 65528
            await request.writer.drain()

    fake.live = live
    async with engine.inside.run(ID, PLAIN) as process:
        await until(lambda: sent)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.05)
        assert sent < 4 << 20
        assert len((await everything(process))[0]) == sent


async def test_much_input_waits_for_a_slow_reader(fake: Execs, engine: HttpEngine) -> None:
    go = asyncio.Event()
    size = 0

    async def live(request: Request) -> None:
        nonlocal size
        request.writer.write(fake.upgraded(request))
        await go.wait()
        while data := await request.reader.read(1 << 20):
            size += len(data)

    fake.live = live
    written = 0

    async def write(process: Running) -> None:
        nonlocal written
        for _ in range(200):
            await process.write(b"y" * 65536)
            written += 65536
        process.write_eof()

    async with engine.inside.run(ID, Command(argv=("wc",), stdin=True)) as process:
        writing = asyncio.create_task(write(process))
        await until(lambda: written)
        before = -1
        while before != written:
            before = written
            await asyncio.sleep(0.05)
        assert written < 4 << 20
        go.set()
        await writing
        assert await everything(process) == (b"", b"")
    assert size == 200 * 65536


@pytest.mark.parametrize("tty", [True, False])
async def test_an_engine_that_dies_is_no_end(fake: Execs, engine: HttpEngine, tty: bool) -> None:
    """Its socket closes properly; that it does not answer afterwards tells."""

    async def live(request: Request) -> None:
        request.writer.write(fake.upgraded(request) + (b"half" if tty else frame(1, b"half")))
        await request.writer.drain()
        request.writer.write_eof()
        fake.faults["/json"] = dead

    async def dead(request: Request) -> None:
        request.writer.transport.abort()

    fake.live = live
    async with engine.inside.run(ID, Command(argv=("sh",), tty=tty)) as process:
        assert (await process.read()) == (STDOUT, b"half")
        assert await process.read() is None
        with pytest.raises(EngineDown):
            await process.ended()


async def test_a_frame_cut_in_two_is_no_end(fake: Execs, engine: HttpEngine) -> None:
    async def live(request: Request) -> None:
        request.writer.write(fake.upgraded(request) + frame(1, b"whole") + frame(1, b"half")[:10])

    fake.live = live
    async with engine.inside.run(ID, PLAIN) as process:
        assert await process.read() == (STDOUT, b"wholeha")
        with pytest.raises(EngineDown, match="middle of a frame"):
            await process.read()


async def test_an_exit_code_that_comes_late_is_waited_for(fake: Execs, engine: HttpEngine) -> None:
    fake.states = [{"Running": True, "ExitCode": None}] * 3 + [{"Running": False, "ExitCode": 130}]
    async with engine.inside.run(ID, PLAIN) as process:
        await everything(process)
        assert (await process.ended()).code == 130


async def test_a_container_that_stops_ends_its_processes(fake: Execs, engine: HttpEngine) -> None:
    fake.containers[0]["State"] = "exited"
    fake.states = [{"Running": False, "ExitCode": 137}]
    async with engine.inside.run(ID, PLAIN) as process:
        await everything(process)
        ended = await process.ended()
    assert (ended.code, str(ended.text)) == (137, "the container is exited")
    fake.states = [404]
    fake.containers.clear()
    async with engine.inside.run(ID, PLAIN) as process:
        await everything(process)
        ended = await process.ended()
    assert (ended.code, str(ended.text)) == (None, "the container was removed")


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (409, Conflict), (500, EngineError)])
async def test_an_engine_that_refuses(
    fake: Execs, engine: HttpEngine, status: int, error: type[DockconError]
) -> None:
    async def refuse(request: Request) -> None:
        request.answer(status, {"message": "is not \x1b[1mrunning"})

    fake.faults["/exec"] = refuse
    with pytest.raises(error, match="is not running"):
        async with engine.inside.run(ID, PLAIN):
            pass
    del fake.faults["/exec"]
    fake.faults["/start"] = refuse
    with pytest.raises(error, match="is not running"):
        async with engine.inside.run(ID, PLAIN):
            pass


async def test_an_answer_to_a_start_that_is_lost(fake: Execs, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        request.writer.transport.abort()

    fake.live = cut
    with pytest.raises(OutcomeUnknown, match="may have been started"):
        async with engine.inside.run(ID, PLAIN):
            pass
    assert sum(path.endswith("/start") for path, _, _ in fake.asked) == 1


async def test_leaving_closes_the_connection(fake: Execs, engine: HttpEngine) -> None:
    gone = asyncio.Event()

    async def live(request: Request) -> None:
        request.writer.write(fake.upgraded(request))
        await hang(request)
        gone.set()

    fake.live = live
    async with engine.inside.run(ID, Command(argv=("sh",), tty=True, stdin=True)):
        pass
    async with asyncio.timeout(30):
        await gone.wait()


async def test_no_more_streams_than_the_carrier_allows(fake: Execs, engine: HttpEngine) -> None:
    engine._feeds = 1
    async with engine.inside.run(ID, PLAIN):
        with pytest.raises(CapabilityMissing):
            async with engine.inside.run(ID, PLAIN):
                pass
    async with engine.inside.run(ID, PLAIN) as process:
        assert await everything(process) == (b"hello\n", b"")


async def test_an_id_that_is_none_is_not_sent(fake: Execs, engine: HttpEngine) -> None:
    with pytest.raises(UsageError):
        async with engine.inside.run("../x", PLAIN):
            pass
    with pytest.raises(UsageError):
        await engine.inside.stat("../x", "/")
    assert fake.asked == []


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=12), st.data())
def test_frames_however_they_are_cut(frames: list[tuple[int, bytes]], data: st.DataObject) -> None:
    raw = b"".join(frame(stream, payload) for stream, payload in frames)
    parts = Demultiplexer()
    found = {STDOUT: b"", STDERR: b""}
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        for stream, payload in parts.feed(raw[:size]):
            found[stream] += payload
        raw = raw[size:]
    assert parts.between
    for stream in (STDOUT, STDERR):
        assert found[stream] == b"".join(payload for s, payload in frames if s == stream)


def test_what_is_no_frame_is_said() -> None:
    with pytest.raises(BadResponse):
        Demultiplexer().feed(b"OCI runtime failed")
