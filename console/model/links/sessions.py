"""Sessions of an HAProxy, as `show sess` tells them (HAProxy management guide, 9.3). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from console.model.links.seen import ProxySession
from console.model.links.sight import Address

_SESSION = re.compile(r"\bsrc=(\S+):(\d{1,5}) fe=\S+ be=(\S+) srv=(\S+)")


def parse_sessions(said: str, addresses: Mapping[tuple[str, str], str]) -> tuple[ProxySession, ...]:
    """Client and server of every session that has a server. `addresses`: `10.0.0.21:5432` by the names of
    backend and server. Rows that make no sense are left out.
    """
    found = []
    for matched in _SESSION.finditer(said):
        client = address_of(f"{matched[1]}:{matched[2]}")
        server = address_of(addresses.get((matched[3], matched[4]), ""))
        if client is not None and server is not None:
            found.append(ProxySession(client=client, server=server))
    return tuple(found)


def address_of(text: str) -> Address | None:
    """`10.0.0.21:5432`, `[fd00::1]:80`, `::ffff:10.0.0.1:80`; None where it is no address."""
    host, _, port = text.rpartition(":")
    try:
        ip = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return Address(str(mapped or ip), int(port))
