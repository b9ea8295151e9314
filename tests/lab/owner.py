"""Whose lab it is: a file in its folder, so that a live one is not swept away and a dead one is."""

from __future__ import annotations

import json
import os
import stat as modes
from pathlib import Path

from tests.lab import machine
from tests.lab.machine import LabError
from tests.lab.network import Network


def claim(folder: Path, *, stays: bool) -> None:
    """Note that the lab is this process's, or that it `stays` after it."""
    found = machine.stat(os.getpid())
    owner = {"pid": os.getpid(), "started": found[1] if found else 0, "stays": stays}
    (folder / "owner").write_text(json.dumps(owner))


def refuse_if_alive(folder: Path, network: Network) -> None:
    """Raise LabError when the folder is not a lab's, or its lab is up."""
    if folder.exists() or folder.is_symlink():
        found = folder.lstat()
        if not modes.S_ISDIR(found.st_mode) or found.st_uid != 0:
            raise LabError(f"{folder} is not ours; remove it")
    try:
        owner: dict[str, int] = json.loads((folder / "owner").read_text())
    except FileNotFoundError:
        return
    if owner["stays"] and network.namespaces():
        raise LabError(f"a lab {network.prefix} is up: {folder}/hosts.yml")
    if owner["pid"] != os.getpid() and machine.alive(owner["pid"], owner["started"]):
        raise LabError(f"process {owner['pid']} runs a lab {network.prefix}; choose another prefix")
