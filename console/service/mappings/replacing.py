"""Files that are replaced whole or not at all, and the lock that those who replace them hold."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK_PATIENCE = 5.0
"""Seconds to wait for another console that is writing."""


class LockHeld(OSError):
    """Another process holds the lock for longer than anybody needs it."""


def replace_file(path: Path, data: bytes, before: Callable[[], None] | None = None) -> None:
    """Put `data` in the place of the file: a new one, forced to the disk, then renamed; mode and owner are
    kept as far as that is allowed. `before` is called when only the renaming is left. Raises OSError, with
    the file as it was.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            _like(path, handle)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before is not None:
            before()
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # the name is on the disk a little later, then
        _sync_directory(path.parent)


def _like(path: Path, handle: int) -> None:
    """Mode and owner of the file that is replaced; a new one has those of any new file."""
    try:
        old = path.stat()
    except FileNotFoundError:
        return
    made = os.fstat(handle)
    if (old.st_uid, old.st_gid) != (made.st_uid, made.st_gid):
        with suppress(PermissionError):
            os.fchown(handle, -1, old.st_gid)
        with suppress(PermissionError):
            os.fchown(handle, old.st_uid, -1)
    os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`. Raises LockHeld, OSError.

    It is a file of its own, which stays: the one with the content is replaced, and a lock on it with it.
    """
    handle = _open_lock(path)
    try:
        give_up = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise LockHeld(f"another console holds {path}") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _open_lock(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        # Several operators share it; who may write the directory may lock the book in it.
        return os.open(path, flags, 0o666)
    except PermissionError as error:
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise error from None
