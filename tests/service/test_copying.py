"""Files out of containers and into them: what is kept, what is refused, and what a cut leaves behind."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.errors import DockconError, GuardRefused, HostUnreachable
from console.model.actions import Consent
from console.service.inside.copying import Copied, Copying, Exists, Progress
from console.transport.memory.disk import Node
from console.transport.memory.inside import MemoryInside
from tests.service.test_inside import YES, Scene


class Copies(Scene):
    @property
    def copying(self) -> Copying:
        return Copying(self.desk)

    def disk(self, host: str = "a") -> dict[str, Node]:
        daemon = self.fleet[host].daemon
        return daemon.disk(daemon.find("web")).nodes

    async def out(self, path: str, place: Path, *, force: bool = False, host: str = "a") -> Copied:
        return await self.copying.out(self.targets[host], path, place, Progress(), force=force)

    async def into(self, source: Path, path: str, *, force: bool = False, host: str = "a") -> Copied:
        target = self.targets[host]
        return await self.copying.into(target, source, path, Progress(), YES, force=force)


@asynccontextmanager
async def copies(*, read_only: bool = False) -> AsyncIterator[Copies]:
    scene = Copies(read_only=read_only)
    async with scene.live():
        yield scene


def left(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


async def test_a_file_and_a_directory_come_out(tmp_path: Path) -> None:
    async with copies() as scene:
        scene.disk()["/app/big"] = Node(os.urandom(3_000_000))
        scene.disk()["/app/link"] = Node(link="README")
        await scene.out("/app/README", tmp_path)
        await scene.out("/app/README", tmp_path / "other")
        await scene.out("/app", tmp_path / "whole")
        await scene.out("/app/link", tmp_path)
        assert left(tmp_path) == ["README", "link", "other", "whole"]
        assert (tmp_path / "link").read_text() == "shop/web:1\n", "a link is what it leads to"
        assert (tmp_path / "other").read_text() == "shop/web:1\n"
        assert (tmp_path / "whole/big").read_bytes() == scene.disk()["/app/big"].data
        assert os.readlink(tmp_path / "whole/link") == "README"
        assert scene.audit.lines[0] == ("before", "copy-out", "web", f"/app/README -> {tmp_path}/README")
        assert scene.audit.lines[1][:4] == ("after", "copy-out", "web", "done")


async def test_nothing_here_is_replaced_without_being_told(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("mine")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/kept").write_text("kept")
    (tmp_path / "app/README").write_text("mine")
    async with copies() as scene:
        for path in ("/app/README", "/app"):
            with pytest.raises(Exists, match="exists"):
                await scene.out(path, tmp_path)
        assert (tmp_path / "README").read_text() == "mine"
        assert scene.audit.lines == []
        await scene.out("/app/README", tmp_path, force=True)
        await scene.out("/app", tmp_path, force=True)
        assert (tmp_path / "README").read_text() == "shop/web:1\n"
        assert left(tmp_path / "app") == ["README", "kept", "settings.env"]


async def test_what_is_not_there(tmp_path: Path) -> None:
    async with copies() as scene:
        with pytest.raises(DockconError, match="there is no /none"):
            await scene.out("/none", tmp_path)
        with pytest.raises(DockconError, match="no such directory"):
            await scene.out("/app", tmp_path / "none" / "app")
        with pytest.raises(DockconError, match="no such file"):
            await scene.into(tmp_path / "none", "/tmp")
        (tmp_path / "f").write_text("x")
        with pytest.raises(DockconError, match="no such directory"):
            await scene.into(tmp_path / "f", "/none/f")


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    made.size = 5 if kind == tarfile.REGTYPE else 0
    return made


def archive(*members: tarfile.TarInfo) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO(b"owned") if each.size else None)
    return written.getvalue()


def sends(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Whatever is asked for, this archive comes."""

    @asynccontextmanager
    async def fetch(self: object, container_id: str, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            for at in range(0, len(data), 1000):
                yield data[at : at + 1000]

        yield pieces()

    monkeypatch.setattr(MemoryInside, "fetch", fetch)


@pytest.mark.parametrize(
    "members",
    [
        (member("../evil"),),
        (member("app/../../evil"),),
        (member("app/up", tarfile.SYMTYPE, "."), member("app/up/up/evil")),
        (member("app", tarfile.SYMTYPE, "sub"), member("app/evil")),
    ],
)
async def test_an_archive_that_means_harm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, members: tuple[tarfile.TarInfo, ...]
) -> None:
    sends(monkeypatch, archive(*members))
    (tmp_path / "home").mkdir()
    async with copies() as scene:
        with pytest.raises(DockconError, match="outside of its place"):
            await scene.out("/app", tmp_path / "home")
        assert scene.audit.lines[-1][:4] == ("after", "copy-out", "web", "failed")
    assert left(tmp_path) == ["home"]
    assert left(tmp_path / "home") == []


async def test_devices_and_links_to_elsewhere_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sends(
        monkeypatch,
        archive(
            member("app", tarfile.DIRTYPE),
            member("app/good"),
            member("app/null", tarfile.CHRTYPE),
            member("app/pipe", tarfile.FIFOTYPE),
            member("app/abs", tarfile.SYMTYPE, "/etc/shadow"),
            member("app/up", tarfile.SYMTYPE, "../../../etc/shadow"),
            member("app/also", tarfile.SYMTYPE, "good"),
            member("/app/rooted"),
        ),
    )
    async with copies() as scene:
        copied = await scene.out("/app", tmp_path)
        assert copied.left_out == ("app/null", "app/pipe", "app/abs", "app/up")
        assert "4 left out" in copied.text
        assert left(tmp_path / "app") == ["also", "good", "rooted"]


@pytest.mark.parametrize("data", [b"no archive at all" * 100, archive(member("app"))[:700], b""])
async def test_what_is_no_archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes) -> None:
    sends(monkeypatch, data)
    async with copies() as scene:
        with pytest.raises(DockconError):
            await scene.out("/app", tmp_path)
    assert left(tmp_path) == []


async def test_a_copy_that_is_cut_or_stopped_leaves_nothing_here(tmp_path: Path) -> None:
    async with copies() as scene:
        scene.disk()["/app/big"] = Node(b"x" * 8_000_000)
        progress = Progress()
        copying = asyncio.create_task(
            scene.copying.out(scene.targets["a"], "/app/big", tmp_path / "big", progress)
        )
        while not progress.done:  # noqa: ASYNC110 - it is a number
            await asyncio.sleep(0)
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)
        assert left(tmp_path) == []
        progress = Progress()
        copying = asyncio.create_task(
            scene.copying.out(scene.targets["a"], "/app/big", tmp_path / "big", progress)
        )
        while not progress.done:  # noqa: ASYNC110 - it is a number
            await asyncio.sleep(0)
        scene.fleet["a"].cut()
        with pytest.raises(HostUnreachable):
            await copying
        assert left(tmp_path) == []


async def test_files_go_in(tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/file").write_bytes(os.urandom(400_000))
    os.symlink("sub/file", tmp_path / "tree/link")
    async with copies() as scene:
        await scene.into(tmp_path / "tree", "/tmp")
        await scene.into(tmp_path / "tree/sub/file", "/app/named")
        nodes = scene.disk()
        assert nodes["/tmp/tree/sub/file"].data == (tmp_path / "tree/sub/file").read_bytes()
        assert nodes["/tmp/tree/link"].link == "sub/file"
        assert nodes["/app/named"].data == nodes["/tmp/tree/sub/file"].data
        with pytest.raises(Exists):
            await scene.into(tmp_path / "tree/sub/file", "/app/named")
        await scene.into(tmp_path / "tree/sub/file", "/app/named", force=True)
        assert [line[:4] for line in scene.audit.lines[1::2]] == [("after", "copy-in", "web", "done")] * 3


async def test_a_file_that_cannot_be_read_is_not_taken_for_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("x" * 100_000)

    def broken(source: Path, name: str, sink: io.RawIOBase) -> None:
        sink.write(b"half")
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr("console.service.inside.copying.pack", broken)
    async with copies() as scene:
        with pytest.raises(DockconError, match="Permission denied"):
            await scene.into(tmp_path / "f", "/tmp")
        assert "/tmp/f" not in scene.disk()
        assert scene.audit.lines[-1][:4] == ("after", "copy-in", "web", "failed")


async def test_from_one_host_to_another() -> None:
    async with copies() as scene:
        consent = Consent(typed=frozenset({"web"}))
        one, two = scene.targets["a"], scene.targets["typed"]
        await scene.copying.across(one, "/app", two, "/tmp", Progress(), consent)
        assert scene.disk("typed")["/tmp/app/README"].data == b"shop/web:1\n"
        with pytest.raises(DockconError, match="no directory"):
            await scene.copying.across(one, "/app", two, "/none", Progress(), consent)


async def test_guards_hold_for_what_goes_in_only(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    async with copies() as scene:
        with pytest.raises(GuardRefused):
            await scene.into(tmp_path / "f", "/tmp", host="seen")
        with pytest.raises(GuardRefused):
            await scene.into(tmp_path / "f", "/tmp", host="typed")
        await scene.out("/app/README", tmp_path, host="seen")
    async with copies(read_only=True) as scene:
        with pytest.raises(GuardRefused):
            await scene.into(tmp_path / "f", "/tmp")
        await scene.out("/app/README", tmp_path / "again")
