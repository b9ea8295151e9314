"""Archives between the network loop and a thread that reads or writes files: bounded both ways, never whole
in memory.
"""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import tarfile
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from console.errors import DockconError
from console.model.text import sanitise

T = TypeVar("T")

PIECE = 65536
WAITING = 8
"""Pieces on the way between loop and thread."""

Told = Callable[[int], None]
"""Is told of so many more bytes, on the loop."""


class _Stopped(OSError):
    """Whoever wanted it has gone."""


async def in_thread(work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Run `work` on a thread of its own; cancelled, `stop` is called and the thread is awaited."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def live() -> None:
        try:
            result, error = work(), None
        except (OSError, tarfile.TarError, DockconError, ValueError, EOFError) as caught:
            result, error = None, caught
        loop.call_soon_threadsafe(settle, result, error)

    thread = threading.Thread(target=live, name="dockcon-files", daemon=True)
    thread.start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        stop()
        while thread.is_alive():  # noqa: ASYNC110 - a thread sets no event when it ends
            await asyncio.sleep(0.01)
        if done.done() and not done.cancelled():
            done.exception()
        raise


class Inflow:
    """Pieces of an archive for a thread, which reads them as a file."""

    def __init__(self) -> None:
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._slots = asyncio.Semaphore(WAITING)
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._ended = False

    async def put(self, data: bytes) -> None:
        """One more piece; waits for room, as long as somebody reads."""
        await self._slots.acquire()
        self._pieces.put(data)

    def leave(self) -> None:
        """On the loop: nobody reads any more, so there is room for everything."""
        for _ in range(2 * WAITING):
            self._slots.release()

    def end(self) -> None:
        """That was all of it."""
        self._pieces.put(b"")

    def stop(self) -> None:
        """There will never be more: the thread's next read fails."""
        self._pieces.put(None)

    def read(self, size: int = PIECE) -> bytes:
        """On the thread: at most so many bytes; empty at the end. Raises OSError where it was stopped."""
        if not self._rest and not self._ended:
            piece = self._pieces.get()
            if piece is None:
                raise _Stopped("stopped")
            self._ended = not piece
            self._rest = piece
            self._loop.call_soon_threadsafe(self._slots.release)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


class Outflow:
    """What a thread writes as a file, in pieces."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._slots = threading.Semaphore(WAITING)
        self._loop = asyncio.get_running_loop()
        self._stopped = False

    def write(self, data: bytes) -> int:
        """On the thread: waits for room. Raises OSError where it was stopped."""
        self._slots.acquire()
        if self._stopped:
            raise _Stopped("stopped")
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, bytes(data))
        return len(data)

    def stop(self) -> None:
        """Nobody takes any more: the thread's next write fails."""
        self._stopped = True
        self._slots.release()

    def end(self) -> None:
        """On the loop: the thread has written everything."""
        self._pieces.put_nowait(b"")

    async def pieces(self, told: Told) -> AsyncIterator[bytes]:
        """Everything, up to its end."""
        while data := await self._pieces.get():
            told(len(data))
            yield data
            self._slots.release()


def unpack(source: Inflow, folder: Path) -> list[str]:
    """On a thread: unpack into an empty directory of ours; return the members that were left out: devices,
    pipes, and links that lead outside.

    Raises DockconError for a member that would be written elsewhere, OSError, tarfile.TarError.
    """
    left_out = []
    with tarfile.open(fileobj=source, mode="r|", bufsize=PIECE) as tar:  # type: ignore[call-overload]
        for member in tar:
            _inside(member.name, folder)
            try:
                tar.extract(member, folder, set_attrs=True, filter="data")
            except tarfile.OutsideDestinationError as error:
                raise _hostile(member.name) from error
            except (tarfile.SpecialFileError, tarfile.AbsoluteLinkError, tarfile.LinkOutsideDestinationError):
                left_out.append(member.name)
    while source.read():
        pass  # padding after the archive's end
    return left_out


def _inside(name: str, folder: Path) -> None:
    """Raise for a member that does not belong below `folder`: by `..`, or through a link that came before.

    Python's own filter looks at resolved paths, which has been fooled by very long ones.
    """
    parts = PurePosixPath(name).parts
    if ".." in parts:
        raise _hostile(name)
    at = folder
    for part in parts[:-1]:
        if part != "/":
            at = at / part
            if at.is_symlink():
                raise _hostile(name)


def _hostile(name: str) -> DockconError:
    return DockconError(
        f"the archive would write outside of its place: {sanitise(name, 200)}",
        next_step="nothing was kept; whoever runs this container may mean harm",
    )


def pack(source: Path, name: str, sink: Outflow) -> None:
    """On a thread: a file or directory as an archive of `name`, owned by root. Raises OSError."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(fileobj=sink, mode="w|", bufsize=PIECE) as tar:  # type: ignore[call-overload]
        tar.add(source, arcname=name, filter=owned)


def size_of(path: Path) -> int:
    """Bytes of all plain files below a path, as far as they can be seen."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue  # it is being removed; the copy will say so where it matters
    return total


def settle(made: Path, place: Path) -> None:
    """Put what was unpacked where it belongs: at once where nothing is there, else file by file.

    Raises OSError.
    """
    if made.is_dir() and not made.is_symlink() and place.is_dir() and not place.is_symlink():
        for child in made.iterdir():
            settle(child, place / child.name)
        return
    if place.is_dir() and not place.is_symlink():
        raise IsADirectoryError(f"{place} is a directory, and a file would replace it")
    if made.is_dir() and not made.is_symlink() and os.path.lexists(place):
        raise NotADirectoryError(f"{place} is a file, and a directory would replace it")
    os.replace(made, place)


def discard(folder: Path) -> None:
    """Take away a directory of ours, whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)
