"""Processes and files of the memory engine behave as those of a real one, as far as the demo shows them."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.errors import Conflict, HostUnreachable, NotFound
from console.model.hosts import HostSpec
from console.model.inside import Command, TerminalSize
from console.transport.clock import SystemClock
from console.transport.inside import STDERR, STDOUT, Inside, Running
from console.transport.memory import MemoryContainer, MemoryFleet, MemoryTransport


class Scene:
    def __init__(self) -> None:
        self.fleet = MemoryFleet(SystemClock(), [HostSpec(name="a", address="x")])
        self.daemon = self.fleet["a"].daemon
        self.web = self.started("web", "shop/web:1", env=("MODE=live",))

    def started(self, name: str, image: str, **more: object) -> MemoryContainer:
        made = self.daemon.create(name, image, **more)
        self.daemon.start(made)
        return made

    @asynccontextmanager
    async def inside(self) -> AsyncIterator[Inside]:
        transport = MemoryTransport(self.fleet)
        link = await transport.connect(self.fleet["a"].spec, None)
        yield (await link.engine()).inside
        await transport.aclose()


async def said(process: Running) -> tuple[str, str, int | None]:
    out = {STDOUT: b"", STDERR: b""}
    while (piece := await process.read()) is not None:
        out[piece[0]] += piece[1]
    return out[STDOUT].decode(), out[STDERR].decode(), (await process.ended()).code


async def until_says(process: Running, text: str) -> str:
    found = ""
    async with asyncio.timeout(30):
        while text not in found:
            piece = await process.read()
            assert piece is not None
            found += piece[1].decode()
    return found


@pytest.mark.parametrize(
    ("argv", "out", "err", "code"),
    [
        (("echo", "a  b"), "a  b\n", "", 0),
        (("ls", "/etc"), "hostname\nhosts\nos-release\npasswd\n", "", 0),
        (("ls", "/none"), "", "ls: /none: No such file or directory\n", 1),
        (("sh", "-c", "cd /app; pwd && false || echo no; exit 4"), "/app\nno\n", "", 4),
        (("sh", "-c", "command -v bash"), "/bin/bash\n", "", 0),
        (("cat", "/app/settings.env"), "MODE=live\n", "", 0),
        (("nothing",), 'OCI runtime exec failed: exec: "nothing"', "", 127),
    ],
)
async def test_a_command(argv: tuple[str, ...], out: str, err: str, code: int) -> None:
    async with Scene().inside() as inside, inside.run(Scene().web.id, Command(argv=argv)) as process:
        found = await said(process)
        assert found[0].startswith(out)
        assert found[1:] == (err, code)


async def test_a_shell_with_a_terminal() -> None:
    scene = Scene()
    command = Command(argv=("sh",), tty=True, stdin=True, size=TerminalSize(90, 30))
    async with scene.inside() as inside, inside.run(scene.web.id, command) as process:
        await until_says(process, "/ # ")
        await process.write(b"stty sizx\x7fe\r")
        assert "30 90\r\n" in await until_says(process, "90\r\n/ # ")
        await process.resize(100, 40)
        await process.write(b"stty size\r")
        await until_says(process, "40 100")
        await process.write(b"half a line\x03exit 7\r")
        out, _, code = await said(process)
        assert "^C" in out
        assert code == 7


async def test_ctrl_d_ends_it() -> None:
    scene = Scene()
    async with (
        scene.inside() as inside,
        inside.run(scene.web.id, Command(argv=("bash",), tty=True, stdin=True)) as process,
    ):
        await process.write(b"false\r\x04")
        assert (await said(process))[2] == 1


async def test_input_without_a_terminal() -> None:
    scene = Scene()
    async with scene.inside() as inside:
        async with inside.run(scene.web.id, Command(argv=("cat",), stdin=True)) as process:
            await process.write(b"one ")
            await process.write(b"two")
            process.write_eof()
            assert await said(process) == ("one two", "", 0)


async def test_a_container_that_stops_or_does_not_run() -> None:
    scene = Scene()
    async with scene.inside() as inside:
        async with inside.run(scene.web.id, Command(argv=("sleep", "1000"))) as process:
            scene.daemon.stop(scene.web)
            assert (await said(process))[2] == 137
            assert "exited" in (await process.ended()).text
        with pytest.raises(Conflict, match="not running"):
            async with inside.run(scene.web.id, Command(argv=("ls",))):
                pass
        with pytest.raises(NotFound):
            async with inside.run("0" * 64, Command(argv=("ls",))):
                pass


async def test_a_link_that_is_cut_is_no_end() -> None:
    scene = Scene()
    async with scene.inside() as inside:
        async with inside.run(scene.web.id, Command(argv=("sh",), tty=True, stdin=True)) as process:
            await until_says(process, "# ")
            scene.fleet["a"].cut()
            with pytest.raises(HostUnreachable):
                await process.read()


async def test_an_image_without_a_shell() -> None:
    scene = Scene()
    bare = scene.started("bare", "gcr.io/distroless/static")
    async with scene.inside() as inside, inside.run(bare.id, Command(argv=("sh",))) as process:
        assert (await said(process))[2] == 127


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 1000):
        yield data[at : at + 1000]


async def test_files_go_out_and_in() -> None:
    scene = Scene()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        link = tarfile.TarInfo("new/link")
        link.type, link.linkname = tarfile.SYMTYPE, "file"
        member = tarfile.TarInfo("new/file")
        member.size = 3
        tar.addfile(member, io.BytesIO(b"abc"))
        tar.addfile(link)
    async with scene.inside() as inside:
        await inside.store(scene.web.id, "/tmp", pieces(written.getvalue()))
        found = await inside.stat(scene.web.id, "/tmp/new/link")
        assert found is not None
        assert (found.symlink, found.link) == (True, "/tmp/new/file")
        folder = await inside.stat(scene.web.id, "/tmp/new")
        assert folder is not None
        assert folder.directory
        assert await inside.stat(scene.web.id, "/tmp/none") is None
        async with inside.fetch(scene.web.id, "/tmp/new") as stream:
            back = b"".join([piece async for piece in stream])
        with tarfile.open(fileobj=io.BytesIO(back)) as tar:
            assert tar.getnames() == ["new", "new/file", "new/link"]
            file = tar.extractfile("new/file")
            assert file is not None
            assert file.read() == b"abc"
        with pytest.raises(NotFound):
            await inside.store(scene.web.id, "/none", pieces(b""))
        with pytest.raises(NotFound):
            async with inside.fetch(scene.web.id, "/none"):
                pass
