"""Processes and files in containers: the upgraded stream, both ways, and every way it can end."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import struct
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

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
from console.transport.httpinside import path_stat
from console.transport.inside import STDERR, STDOUT, Running
from console.transport.live import LiveTransport

from .fake_engine import FakeEngine, Request, full_id, hang, row
from .waiting import until

ID = full_id(1)
PLAIN = Command(argv=("ls", "/"))
UPGRADED = (
    "Content-Type: application/vnd.docker.raw-stream",
    "Connection: Upgrade",
    "Upgrade: tcp",
)


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


class Execs(FakeEngine):
    """Runs `live` as the process; answers `code` when it is asked how that ended."""

    def __init__(self) -> None:
        super().__init__(containers=[row("web", Id=ID)])
        self.asked: list[tuple[str, dict[str, list[str]], Any]] = []
        self.live: Callable[[Request], Any] = self.hello
        self.states: list[dict[str, Any] | int] = [{"Running": False, "ExitCode": 3}]
        self.headers: dict[str, str] = {}
        self.archive = b""
        self.stored = b""

    async def hello(self, request: Request) -> None:
        request.writer.write(self.upgraded(request) + frame(1, b"hello\n"))

    def upgraded(self, request: Request) -> bytes:
        return request.head(101, *UPGRADED, reason="UPGRADED")

    async def _versioned(self, request: Request, path: str) -> None:
        body = json.loads(request.body) if request.headers.get("content-type") == "application/json" else None
        self.asked.append((f"{request.method} {path}", request.query, body))
        match path.split("/"):
            case ["exec", _, "start"]:
                self.headers = request.headers
                await self.live(request)
                if not request.writer.is_closing():
                    await request.writer.drain()
            case ["exec", _, "json"]:
                state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
                if isinstance(state, int):
                    request.answer(state, {"message": "No such exec instance"})
                else:
                    request.answer(200, state)
            case ["exec", _, "resize"]:
                request.answer(201, {})
            case ["containers", _, "archive"] if request.method == "HEAD":
                stat = {"name": "data", "size": 5, "mode": 0o644, "mtime": "", "linkTarget": ""}
                header = base64.b64encode(json.dumps(stat).encode()).decode()
                request.writer.write(request.head(200, f"X-Docker-Container-Path-Stat: {header}"))
            case ["containers", _, "archive"] if request.method == "GET":
                request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
                for at in range(0, len(self.archive), 1000):
                    request.chunk(self.archive[at : at + 1000])
                    await request.writer.drain()
                request.writer.write(b"0\r\n\r\n")
            case ["containers", _, "archive"]:
                self.stored = request.body
                request.answer(200, {})
            case _:
                await super()._versioned(request, path)


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


# Files


async def pieces(data: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def archive(**files: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return written.getvalue()


async def test_what_a_path_is(fake: Execs, engine: HttpEngine) -> None:
    found = await engine.inside.stat(ID, "/srv/my data")
    assert found is not None
    assert (found.name, found.size, found.plain, found.directory) == ("data", 5, True, False)
    assert fake.asked[-1][1] == {"path": ["/srv/my data"]}

    async def nothing(request: Request) -> None:
        request.writer.write(request.head(404, "Content-Length: 30"))

    fake.faults["/archive"] = nothing
    assert await engine.inside.stat(ID, "/none") is None
    assert (await engine.ping()) > 0, "the connection is still of use"


@pytest.mark.parametrize(
    "header", ["", "!!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()]
)
def test_a_stat_that_cannot_be_read(header: str) -> None:
    assert path_stat(header) is None


async def test_an_archive_is_read_to_its_end(fake: Execs, engine: HttpEngine) -> None:
    fake.archive = archive(a=b"x" * 300_000)
    async with engine.inside.fetch(ID, "/a") as stream:
        assert b"".join([piece async for piece in stream]) == fake.archive


async def test_an_archive_that_is_cut_is_no_end(fake: Execs, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
        request.chunk(b"x" * 1024)
        await request.writer.drain()
        request.writer.close()

    fake.faults["/archive"] = cut
    async with engine.inside.fetch(ID, "/a") as stream:
        with pytest.raises(EngineDown):
            async for _ in stream:
                pass


async def test_an_archive_is_sent_in_pieces(fake: Execs, engine: HttpEngine) -> None:
    data = archive(a=b"y" * 500_000)
    await engine.inside.store(ID, "/srv", pieces(data))
    assert fake.stored == data
    path, query, _ = fake.asked[-1]
    assert path == f"PUT containers/{ID}/archive"
    assert query == {"path": ["/srv"], "noOverwriteDirNonDir": ["1"]}


async def test_an_engine_that_refuses_an_archive_ends_the_sending(fake: Execs, engine: HttpEngine) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"z" * 65536
            await asyncio.sleep(0)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"message":"container rootfs is marked read-only"}'
        writer.write(b"HTTP/1.1 403 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        await reader.read()
        return None

    fake._read = refuse  # type: ignore[method-assign]  # before the body is there
    with pytest.raises(EngineError, match="read-only"):
        await engine.inside.store(ID, "/srv", endless())
    assert sent


async def test_an_archive_whose_answer_is_lost(fake: Execs, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        request.writer.transport.abort()

    fake.faults["/archive"] = cut
    with pytest.raises(OutcomeUnknown, match="some of it may be there"):
        await engine.inside.store(ID, "/srv", pieces(b"x" * 10))


async def test_an_archive_that_cannot_be_made_is_not_sent_to_its_end(fake: Execs, engine: HttpEngine) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        await engine.inside.store(ID, "/srv", broken())
    assert fake.stored == b""
