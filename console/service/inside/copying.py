"""Files out of containers and into them."""

from __future__ import annotations

import asyncio
import os
import posixpath
import tarfile
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.errors import DockconError, OutcomeUnknown
from console.model.actions import Consent, Result, Target
from console.model.text import SafeText, sanitise
from console.model.units import size as words_of
from console.service.inside.desk import Deed, InsideDesk, Note
from console.service.inside.tarpipe import Inflow, Outflow, discard, in_thread, pack, settle, size_of, unpack
from console.transport.inside import Inside

FORCE = "--force replaces it"


class Exists(DockconError):
    """Something is there already, and nobody said that it may be replaced."""


@dataclass(slots=True)
class Progress:
    """How far a copy is; changed on the network loop, looked at from anywhere."""

    done: int = 0
    total: int = 0
    """Bytes; 0: not known. An archive is a little larger than its files."""

    def more(self, count: int) -> None:
        """So many bytes more."""
        self.done += count


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of a copy."""

    bytes: int
    left_out: tuple[str, ...] = ()
    """Members that were not unpacked: devices, and links that lead outside. Unsafe text."""

    @property
    def text(self) -> SafeText:
        """`12 MB`, and what was left out."""
        text = words_of(self.bytes)
        if self.left_out:
            names = ", ".join(sanitise(name, 80) for name in self.left_out[:3])
            text += f"; {len(self.left_out)} left out (devices, links that lead outside): {names}"
        return SafeText(text)


class Copying:
    """Belongs to the network loop. Every method raises GuardRefused, AuditFailed, DockconError (a path that
    is not there), `Exists` (one that is there already), and what engines raise. A copy that is cancelled
    leaves nothing here, and may leave a part in a container.
    """

    def __init__(self, desk: InsideDesk) -> None:
        self._desk = desk

    async def out(
        self, target: Target, path: str, place: Path, progress: Progress, *, force: bool = False
    ) -> Copied:
        """Copy to this machine: below `place` where that is a directory, else to it. Only reads, so no guard
        forbids it. Without `force` nothing that is there is touched.
        """
        inside = await self._desk.inside(target.host)
        where, name = await self._existing(inside, target, path, progress)
        place = await asyncio.to_thread(_place, place, name, force)
        async with self._recorded(Deed.COPY_OUT, target, f"{path} -> {place}") as note:
            folder = Path(tempfile.mkdtemp(prefix=".dockcon-", dir=place.parent))
            try:
                left_out = await self._unpacked(inside, target, where, folder, progress)
                await asyncio.to_thread(_finish, folder, place, force)
            finally:
                await asyncio.shield(asyncio.to_thread(discard, folder))
            return _copied(note, Copied(progress.done, tuple(left_out)))

    async def _existing(
        self, inside: Inside, target: Target, path: str, progress: Progress
    ) -> tuple[str, str]:
        """The path with a link at its end followed, and the name it has."""
        found = await inside.stat(target.id, path)
        if found is None:
            raise DockconError(f"{target.ref}: there is no {sanitise(path, 300)}")
        name = posixpath.basename(path.rstrip("/")) or "root"
        if found.symlink and found.link:
            path = found.link
            found = await inside.stat(target.id, path) or found
        progress.total = found.size if found.plain else 0
        return path, name

    async def _unpacked(
        self, inside: Inside, target: Target, path: str, folder: Path, progress: Progress
    ) -> list[str]:
        source = Inflow()
        unpacking = asyncio.create_task(in_thread(lambda: unpack(source, folder), source.stop))
        unpacking.add_done_callback(lambda _: source.leave())
        try:
            async with inside.fetch(target.id, path) as pieces:
                async for piece in pieces:
                    await source.put(piece)
                    progress.more(len(piece))
                    if unpacking.done():
                        break
            source.end()
            return await unpacking
        finally:
            if not unpacking.done():
                source.stop()
                unpacking.cancel()
            await asyncio.gather(unpacking, return_exceptions=True)

    async def into(
        self,
        target: Target,
        source: Path,
        path: str,
        progress: Progress,
        consent: Consent,
        *,
        force: bool = False,
    ) -> Copied:
        """Copy from this machine: below `path` where that is a directory in the container, else to it."""
        self._desk.allow(target, consent)
        name, progress.total = await asyncio.to_thread(_looked_at, source)
        inside = await self._desk.inside(target.host)
        directory, name = await destination(inside, target, path, name, force=force)
        async with self._recorded(Deed.COPY_IN, target, f"{source} -> {path}") as note:
            sink = Outflow()
            packing = asyncio.create_task(in_thread(lambda: pack(source, name, sink), sink.stop))
            packing.add_done_callback(lambda _: sink.end())
            try:
                async with aclosing(_whole(sink, packing, progress)) as archive:
                    await inside.store(target.id, directory, archive)
            finally:
                if not packing.done():
                    sink.stop()
                    packing.cancel()
                await asyncio.gather(packing, return_exceptions=True)
            return _copied(note, Copied(progress.done))

    async def across(
        self,
        target: Target,
        path: str,
        other: Target,
        other_path: str,
        progress: Progress,
        consent: Consent,
    ) -> Copied:
        """Copy from one container into a directory of another, on any host, through this process."""
        self._desk.allow(other, consent)
        one, two = await self._desk.inside(target.host), await self._desk.inside(other.host)
        where, _ = await self._existing(one, target, path, progress)
        found = await two.stat(other.id, other_path)
        if found is None or not (found.directory or found.symlink):
            raise DockconError(f"{other.ref}: {sanitise(other_path, 300)} is no directory")
        plan = f"{target.ref}:{path} -> {other.ref}:{other_path}"
        async with (
            self._recorded(Deed.COPY_IN, other, plan) as note,
            one.fetch(target.id, where) as pieces,
            aclosing(_counted(pieces, progress)) as archive,
        ):
            await two.store(other.id, other_path, archive)
            return _copied(note, Copied(progress.done))

    async def raw_out(self, target: Target, path: str, write: Callable[[bytes], Awaitable[None]]) -> Copied:
        """The archive itself."""
        inside, progress = await self._desk.inside(target.host), Progress()
        async with (
            self._recorded(Deed.COPY_OUT, target, f"{path} -> -") as note,
            inside.fetch(target.id, path) as pieces,
        ):
            async for piece in pieces:
                await write(piece)
                progress.more(len(piece))
            return _copied(note, Copied(progress.done))

    async def raw_in(
        self, target: Target, path: str, archive: AsyncIterator[bytes], consent: Consent
    ) -> Copied:
        """An archive as it is, into a directory."""
        self._desk.allow(target, consent)
        inside, progress = await self._desk.inside(target.host), Progress()
        async with self._recorded(Deed.COPY_IN, target, f"- -> {path}") as note:
            async with aclosing(_counted(archive, progress)) as counted:
                await inside.store(target.id, path, counted)
            return _copied(note, Copied(progress.done))

    @asynccontextmanager
    async def _recorded(self, deed: Deed, target: Target, plan: str) -> AsyncIterator[Note]:
        async with self._desk.recorded(deed, target, plan) as note:
            try:
                with _told(target):
                    yield note
            except DockconError as error:
                note.result = Result.UNKNOWN if isinstance(error, OutcomeUnknown) else Result.FAILED
                note.text = SafeText(error.message)
                raise


@contextmanager
def _told(target: Target) -> Iterator[None]:
    """What goes wrong with files here, as an error of ours."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise DockconError(f"{target.ref}: no proper archive: {sanitise(str(error), 200)}") from error
    except OSError as error:
        where = sanitise(os.fsdecode(error.filename), 300) if error.filename else "this machine"
        raise DockconError(f"{where}: {sanitise(error.strerror or str(error), 200)}") from error


def _copied(note: Note, copied: Copied) -> Copied:
    note.result, note.text = Result.DONE, copied.text
    return copied


def _place(place: Path, name: str, force: bool) -> Path:
    """Where something called `name` goes. Raises what `_free` does."""
    place = place / name if place.is_dir() else place
    _free(place, force)
    return place


def _finish(folder: Path, place: Path, force: bool) -> None:
    """Put the one thing in `folder` where it belongs. Raises OSError, DockconError."""
    made = next(iter(folder.iterdir()), None)
    if made is None:
        raise DockconError(f"{sanitise(str(place), 300)}: nothing of it can be copied: no file, no directory")
    _free(place, force)
    settle(made, place)


def _looked_at(source: Path) -> tuple[str, int]:
    """The name of a path here, and its bytes. Raises DockconError."""
    if not os.path.lexists(source):
        raise DockconError(f"{sanitise(str(source), 300)}: there is no such file")
    return source.resolve().name or "root", size_of(source)


def _free(place: Path, force: bool) -> None:
    """Raise where something is there that nobody said may be replaced."""
    if not place.parent.is_dir():
        raise DockconError(f"{sanitise(str(place.parent), 300)}: there is no such directory")
    if os.path.lexists(place) and not force:
        raise Exists(f"{sanitise(str(place), 300)} exists", next_step=FORCE)


async def destination(
    inside: Inside, target: Target, path: str, name: str, *, force: bool
) -> tuple[str, str]:
    """Into which directory of a container, and under which name, something called `name` goes. Raises
    DockconError for a path that is taken, or has no directory.
    """
    found = await inside.stat(target.id, path)
    if found is not None and found.symlink and found.link:
        path = found.link
        found = await inside.stat(target.id, path)
    if found is not None and found.directory:
        directory, name = path, name
    else:
        directory, name = posixpath.dirname(path.rstrip("/")) or "/", posixpath.basename(path.rstrip("/"))
        if path.endswith("/") or await inside.stat(target.id, directory) is None:
            raise DockconError(f"{target.ref}: {sanitise(path, 300)}: there is no such directory")
    there = await inside.stat(target.id, posixpath.join(directory, name))
    if there is not None and not force:
        where = sanitise(posixpath.join(directory, name), 300)
        raise Exists(f"{target.ref}: {where} exists", next_step=FORCE)
    return directory, name


async def _whole(
    sink: Outflow, packing: asyncio.Future[None], progress: Progress
) -> AsyncGenerator[bytes, None]:
    async for piece in sink.pieces(progress.more):
        yield piece
    # Where it could not be made to its end the engine must not take it for whole.
    await packing


async def _counted(pieces: AsyncIterator[bytes], progress: Progress) -> AsyncGenerator[bytes, None]:
    async for piece in pieces:
        progress.more(len(piece))
        yield piece
