"""What may be handed to a shell for mappings: names, addresses, paths, each by a strict pattern of its own.

A shell of a host is given nothing but integers and full ids, so words travel as the octal digits of their
bytes; a shell in a container is given them as arguments of a constant script.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from console.errors import CapabilityMissing, UsageError
from console.model.text import sanitise
from console.transport.wire_text import FULL_ID, raw_text

MARK = "# dockcon"
"""Ends a line of /etc/hosts that is ours."""

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_PATH = re.compile(r"/[A-Za-z0-9_.,+@:/-]{1,500}")


def full_id(container_id: str) -> str:
    """Raises UsageError for anything else."""
    if not FULL_ID.match(container_id):
        raise UsageError(f"not a full container id: {sanitise(container_id, 80)}")
    return container_id


def host_name(name: str) -> str:
    """A name that a resolver can be asked for. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"not a name of a host: {sanitise(name, 80)}")
    return name


def ip_address(address: str) -> str:
    """An IPv4 or IPv6 address in its usual form. Raises UsageError."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise UsageError(f"not an IP address: {sanitise(address, 80)}") from error


def is_address(text: str) -> bool:
    """Whether it is an IP address, and not a name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def tcp_port(port: int) -> int:
    """Raises UsageError."""
    if isinstance(port, bool) or not 0 < port < 65536:
        raise UsageError(f"not a port: {port}")
    return port


def own_file(host: str, document: Mapping[str, object], key: str) -> str:
    """The path on the host of a file that the engine keeps for a container: `HostsPath`, `ResolvConfPath`.

    Only what the engine itself says, and never a way through the container's own root: a link in there
    would lead anywhere on the host. Raises CapabilityMissing.
    """
    path = raw_text(document.get(key))
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise CapabilityMissing(host, f"the engine names no usable {key}: {sanitise(path, 80) or 'nothing'}")
    return path


def octets(*words: str) -> list[int]:
    """Words as numbers that a shell's `printf` reads as octal; each ends with a 0."""
    numbers: list[int] = []
    for word in words:
        numbers += [int(oct(byte)[2:]) for byte in word.encode("ascii")]
        numbers.append(0)
    return numbers
