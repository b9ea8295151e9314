"""Clean up after a lab that is not running any more, whatever became of it.

Works from the prefix and the folder alone, so that it also serves a lab that another process started or
that was killed. What belongs to a lab is found by its namespaces and its folder, never by a program's name.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.lab import users
from tests.lab.engine import container_ids
from tests.lab.machine import belongs, mounts_under, pids, signal_all, unmount_under, wait_for
from tests.lab.network import Network

_CGROUPS = Path("/sys/fs/cgroup")


def processes(network: Network, folder: Path) -> list[int]:
    """Everything that runs as part of this lab, containers included; never ourselves."""
    spaces = network.inodes()
    return [pid for pid in pids() if pid != os.getpid() and belongs(pid, str(folder), spaces)]


def leftovers(network: Network, folder: Path) -> list[str]:
    """What of a lab is still on this machine, in words; empty after `sweep`."""
    found = [f"process {pid}" for pid in processes(network, folder)]
    found += [f"namespace {name}" for name in network.namespaces()]
    found += [f"mount {point}" for point in mounts_under(str(folder))]
    if Path(f"/sys/class/net/{network.uplink}").exists():
        found.append(f"interface {network.uplink}")
    if folder.exists():
        found.append(f"folder {folder}")
    return found


def sweep(network: Network, folder: Path) -> None:
    """Kill, unmount and delete everything of this lab."""

    def gone() -> bool:
        # Again and again: a shim that we kill may just have started something.
        found = processes(network, folder)
        signal_all(found, signal.SIGKILL)
        return not found

    hosts = [entry for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
    for host in hosts:
        _thaw(container_ids(host))
    wait_for(gone, f"the processes of the lab {network.prefix} to end")
    for host in hosts:
        _remove_shim_sockets(host)
        for group in _cgroups(container_ids(host)):
            group.rmdir()
    unmount_under(str(folder))
    network.down()
    users.remove_all(f"dcl-{network.prefix}")
    if folder.exists():
        shutil.rmtree(folder)


def _thaw(ids: list[str]) -> None:
    """A paused container cannot be killed where the cgroups are version 1."""
    for group in _cgroups(ids):
        state = group / "freezer.state"
        if state.exists():
            state.write_text("THAWED")


def _remove_shim_sockets(host: Path) -> None:
    """A killed shim leaves its socket outside of our folder; its `address` file says where."""
    for file in host.glob("exec/containerd/daemon/*/*/*/address"):
        address = file.read_text().strip()
        if address.startswith("unix://"):
            Path(address.removeprefix("unix://")).unlink(missing_ok=True)


def _cgroups(ids: list[str]) -> Iterator[Path]:
    """Empty cgroups of killed containers, version 1 and 2."""
    for container in ids:
        yield from _CGROUPS.glob(f"docker/{container}")
        yield from _CGROUPS.glob(f"*/docker/{container}")
