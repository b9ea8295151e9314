"""Names as a memory container resolves them: its /etc/hosts, then the engine's resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.transport.memory.containers import MemoryContainer
from console.transport.memory.disk import Disk, Node
from console.transport.wiring_words import MARK, is_address

if TYPE_CHECKING:
    from console.transport.memory.host import MemoryHost

HOSTS = "/etc/hosts"


def _lines(disk: Disk) -> list[str]:
    found = disk.find(HOSTS)
    data = found[1].data if found is not None else None
    return (data or b"").decode(errors="replace").splitlines()


def our_lines(disk: Disk) -> tuple[str, ...]:
    """Those with our mark, without it."""
    return tuple(line.removesuffix(MARK).rstrip() for line in _lines(disk) if line.endswith(f" {MARK}"))


def set_line(disk: Disk, name: str, ip: str) -> None:
    """First of all lines; an empty `ip` takes it away."""
    kept = [line for line in _lines(disk) if not line.endswith(f" {name} {MARK}")]
    disk.nodes[HOSTS] = Node(
        "".join(f"{x}\n" for x in ([f"{ip} {name} {MARK}"] if ip else []) + kept).encode()
    )


def forget_lines(disk: Disk) -> None:
    """The engine writes the file anew whenever it starts the container."""
    for line in our_lines(disk):
        set_line(disk, line.split()[-1], "")


def resolve(host: MemoryHost, container: MemoryContainer, name: str) -> tuple[str, ...]:
    """Its addresses, first the one that counts; none: the name is not known."""
    if is_address(name):
        return (name,)
    for line in _lines(host.daemon.disk(container)):
        words = line.partition("#")[0].split()
        if name in words[1:]:
            return (words[0],)
    for entry in container.extra_hosts:
        known, _, address = entry.partition(":")
        if known == name:
            return (address,)
    return host.daemon.nets.look_up(container, name)
