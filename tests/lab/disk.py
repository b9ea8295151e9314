"""An engine whose data root is small enough to be filled."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.lab.host import LabHost
from tests.lab.machine import run, unmount_under

SIZE = "400m"
BLOCK = 1 << 20


def data_root(host: LabHost) -> Path:
    return host.engine.folder / "data"


@contextlib.contextmanager
def small_disk(host: LabHost) -> Iterator[None]:
    """A data root of its own in memory; the engine starts empty but for the lab's image, and has its old one
    back afterwards.
    """
    root = data_root(host)
    host.engine.clear()
    host.engine.stop()
    run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "dockcon-lab", root])
    try:
        host.engine.start()
        host.engine.load_image(host.lab.image)
        yield
    finally:
        free(host)
        host.mend()
        host.engine.stop()
        unmount_under(str(root))
        run(["umount", root])
        host.engine.start()


def _filler(host: LabHost) -> Path:
    return data_root(host) / "filler"


def fill(host: LabHost) -> None:
    """Leave no byte, as a log that nobody rotates does."""
    with open(_filler(host), "ab", buffering=0) as file, contextlib.suppress(OSError):
        size = BLOCK
        while True:
            try:
                file.write(os.urandom(1) * size)
            except OSError:
                if size == 1:
                    raise
                size //= 2


def free(host: LabHost) -> None:
    """What an operator does then."""
    _filler(host).unlink(missing_ok=True)
