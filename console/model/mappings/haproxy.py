"""The configuration of an ambassador: its text from typed input, and what can be read back from a text.

One file says all: what the proxy does, and in its first line, as JSON, the mapping it was made from, so
that any console can tell whose it is, compare it with what is stated, and adopt it. Nothing that comes from
outside becomes part of the text but numbers, addresses that parse as such, and names of a small alphabet.

Source: HAProxy 2.4 configuration manual; tried with 2.6 (`haproxy -c -f`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from console.model.mappings.mapping import Check, CheckKind, Mapping
from console.model.mappings.readback import mapping_from
from console.model.mappings.world import Header, Side

CONFIG = "/dockcon/haproxy.cfg"
"""Path of the configuration in an ambassador."""
RUN = "/run/dockcon"
"""A tmpfs of the ambassador for its sockets."""
MASTER_SOCKET = f"{RUN}/master.sock"
ADMIN_SOCKET = f"{RUN}/admin.sock"

REVISION_BACKEND = "dockcon_rev_"
"""A backend without servers; the rest of its name is the running revision, `NUMBER_DIGEST`."""
TARGETS_BACKEND = "to_"
"""Backends with endpoints are `to_PORT`, after what consumers dial."""
STATS_FRONTEND = "dockcon_stats"
STATS_PATH = "/;csv"
STATS_PORTS = range(8404, 8500)

_MARK = "# dockcon: "
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SERVER = re.compile(
    r"^    server(?:-template)? (?P<name>\S+) (?:(?P<slots>\d+) )?(?P<host>\S+):(?P<port>\d+) "
)
_STATS = re.compile(rf"^frontend {STATS_FRONTEND}\n(?:    .*\n)*?    bind \*:(\d+)$", re.MULTILINE)
_REVISION = re.compile(r"^(?P<number>\d+)_(?P<digest>[0-9a-f]{20})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where one connection may go."""

    name: str
    """Of a small alphabet (`server_name`); shown by HAProxy."""
    host: str
    """An IP address; with `slots`, a name that the engine's resolver knows."""
    port: int
    weight: int = 1
    slots: int = 0
    """How many addresses the name may have at once; 0: `host` is an address."""

    @property
    def address(self) -> str:
        """`10.0.0.21:5432`, `[fd00::1]:5432`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One port that is listened on."""

    port: int
    servers: tuple[Server, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """All that an ambassador's configuration depends on."""

    fleet: str
    mapping: Mapping
    number: int
    parent: str
    side: Side
    carried: tuple[Carried, ...]
    gateways: tuple[str, ...]
    """Addresses of the host itself as the ambassador sees it: they alone may read its statistics."""
    refused: tuple[str, ...] = ()
    """Consumer side: networks whose members may not dial it (those of its way out, not the consumers')."""
    sources: tuple[str, ...] = ()
    """Provider side: the only addresses that may dial it."""


def render(proxy: Proxy) -> str:
    """The whole file. Equal input gives equal text.

    Raises ValueError for a name or an address that has no place in a configuration.
    """
    body = "\n".join(_body(proxy))
    mapping, sum_ = proxy.mapping, hashlib.sha256(body.encode()).hexdigest()[:8]
    header = {
        "fleet": proxy.fleet,
        "mapping": mapping.data,
        "side": proxy.side.value,
        "number": proxy.number,
        "digest": mapping.digest,
        "text": sum_,
        "parent": proxy.parent,
    }
    # json.dumps leaves no newline and nothing beyond ASCII in it.
    first = _MARK + json.dumps(header, sort_keys=True)
    number, digest = proxy.number, mapping.digest + sum_
    last = (
        f"backend {REVISION_BACKEND}{number:d}_{digest}",
        "    mode tcp",
        "",
        "global",
        f"    description rev={number:d}-{digest}",
    )
    return "\n".join((first, body, *last, ""))


def _body(proxy: Proxy) -> Iterator[str]:
    yield from (
        "global",
        "    log stdout format raw local0 notice",
        "    maxconn 4000",
        f"    stats socket {ADMIN_SOCKET} mode 600 level admin expose-fd listeners",
        "",
        "defaults",
        "    mode tcp",
        "    log global",
        "    timeout connect 5s",
        # A pool of connections to a database idles for hours.
        "    timeout client 24h",
        "    timeout server 24h",
        "    timeout check 2s",
        "    option clitcpka",
        "    option srvtcpka",
        "    retries 3",
        "    option redispatch",
        "    default-server inter 1s fastinter 200ms fall 2 rise 1 init-addr last,libc,none",
        "",
    )
    if any(server.slots for carried in proxy.carried for server in carried.servers):
        yield from (
            "resolvers docker",
            "    nameserver dns 127.0.0.11:53",
            "    resolve_retries 2",
            "    timeout resolve 1s",
            "    timeout retry 500ms",
            "    hold valid 1s",
            "    hold obsolete 0s",
            "",
        )
    for carried in proxy.carried:
        yield from _front(proxy, carried)
        yield from _back(proxy.mapping.check, carried)
    yield from _statistics(proxy)


def _front(proxy: Proxy, carried: Carried) -> Iterator[str]:
    yield f"frontend on_{carried.port:d}"
    yield f"    bind *:{carried.port:d}"
    if proxy.side is Side.PROVIDER:
        allowed = " ".join(map(_network, proxy.sources))
        yield "    tcp-request connection reject" + (f" unless {{ src {allowed} }}" if allowed else "")
    elif proxy.refused:
        # The host itself comes from its gateway's address: the way of consumers on the host's network.
        yield f"    tcp-request connection accept if {{ src {' '.join(map(_address, proxy.gateways))} }}"
        yield f"    tcp-request connection reject if {{ src {' '.join(map(_network, proxy.refused))} }}"
    yield f"    default_backend {TARGETS_BACKEND}{carried.port:d}"
    yield ""


def _back(check: Check, carried: Carried) -> Iterator[str]:
    yield f"backend {TARGETS_BACKEND}{carried.port:d}"
    yield "    balance roundrobin"
    match check.kind:
        case CheckKind.HTTP:
            yield "    option httpchk"
        case CheckKind.PGSQL:
            yield f"    option pgsql-check user {_quoted(check.user)}"
        case CheckKind.MYSQL:
            yield "    option mysql-check" + (f" user {_quoted(check.user)}" if check.user else "")
        case CheckKind.REDIS:
            yield "    option redis-check"
    checked = "" if check.kind is CheckKind.NONE else " check"
    for server in carried.servers:
        end = f"weight {server.weight:d}{checked}"
        if server.slots:
            yield (
                # HAProxy counts its servers behind the prefix: `postgres.db-1_1`.
                f"    server-template {_token(server.name)}_ {server.slots:d}"
                f" {_token(server.host)}:{server.port:d} {end} resolvers docker init-addr none"
            )
        else:
            yield f"    server {_token(server.name)} {_endpoint(server)} {end}"
    yield ""


def _statistics(proxy: Proxy) -> Iterator[str]:
    used = {carried.port for carried in proxy.carried}
    yield f"frontend {STATS_FRONTEND}"
    yield "    mode http"
    yield f"    bind *:{next(port for port in STATS_PORTS if port not in used):d}"
    yield "    timeout client 5s"
    yield "    timeout http-request 5s"
    yield f"    http-request deny unless {{ src 127.0.0.1 {' '.join(map(_address, proxy.gateways))} }}"
    yield "    stats enable"
    yield "    stats uri /"
    yield "    stats show-legends"  # addresses of servers, too
    yield ""


def server_name(container: str, host: str, taken: frozenset[str] = frozenset()) -> str:
    """What HAProxy calls a server: `postgres.db-1`, always of its own small alphabet and not in `taken`."""
    plain = re.sub(r"^[^A-Za-z0-9]|[^A-Za-z0-9_.-]", "x", f"{container}.{host}")
    name = plain[:60]
    if plain != f"{container}.{host}" or name != plain or name in taken:
        exact = f"{container}@{host}".encode()
        name = f"{plain[:50]}-{hashlib.sha256(exact).hexdigest()[:6]}"
    return name


def server_of(shown: str, names: Collection[str]) -> str:
    """Which of the `names` of servers is meant by the one that a running HAProxy shows; empty for none."""
    stem, _, number = shown.rpartition("_")
    return shown if shown in names else stem if stem in names and number.isdigit() else ""


def valid_name(name: str) -> bool:
    """Whether a name may stand in a configuration as it is."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


def parse_header(text: str) -> Header | None:
    """The first line of a configuration of ours; None where it is not one."""
    found = _found(text)
    if found is None:
        return None
    mapping = found.get("mapping")
    values = [found.get(key) for key in ("fleet", "digest", "parent", "text")]
    number = found.get("number")
    if not isinstance(mapping, dict) or not isinstance(mapping.get("id"), str):
        return None
    if type(number) is not int or not all(isinstance(value, str) for value in values):
        return None
    fleet, digest, parent, sum_ = map(str, values)
    return Header(fleet=fleet, mapping=mapping["id"], number=number, digest=digest, parent=parent, text=sum_)


def mapping_of(text: str) -> Mapping | None:
    """The mapping that a configuration of ours was made from; None where it does not say, or where what it
    says is not what its digest was made of.
    """
    header, found = parse_header(text), _found(text)
    if header is None or found is None:
        return None
    mapping = mapping_from(found["mapping"])
    return mapping if mapping is not None and mapping.digest == header.digest else None


def _found(text: str) -> dict[str, object] | None:
    first = text.partition("\n")[0]
    if not first.startswith(_MARK):
        return None
    try:
        found = json.loads(first.removeprefix(_MARK))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def revision_of(backend: str) -> str:
    """The revision that a backend's name tells of, as `Header.revision`; empty where it tells of none."""
    if not backend.startswith(REVISION_BACKEND):
        return ""
    matched = _REVISION.match(backend.removeprefix(REVISION_BACKEND))
    return f"{matched['number']}-{matched['digest']}" if matched else ""


def meaning_of(revision: str) -> str:
    """A revision without its number, which two consoles may count differently: the mapping's digest and that
    of the file, 20 digits; empty for none.
    """
    return revision.partition("-")[2]


def stats_port(text: str) -> int | None:
    """Where the statistics page of a configuration listens."""
    matched = _STATS.search(text)
    return int(matched[1]) if matched else None


def servers_of(text: str) -> dict[tuple[int, str], Server]:
    """The servers of a configuration of ours, by the port that consumers dial and their names."""
    found: dict[tuple[int, str], Server] = {}
    port = 0
    for line in text.splitlines():
        if line.startswith(f"backend {TARGETS_BACKEND}"):
            digits = line.removeprefix(f"backend {TARGETS_BACKEND}")
            port = int(digits) if digits.isascii() and digits.isdigit() else 0
        elif line[:1].strip():
            port = 0
        elif port and (matched := _SERVER.match(line)):
            weight = re.search(r" weight (\d+)", line)
            name = matched["name"].removesuffix("_") if matched["slots"] else matched["name"]
            found[port, name] = Server(
                name=name,
                host=matched["host"].strip("[]"),
                port=int(matched["port"]),
                weight=int(weight[1]) if weight else 1,
                slots=int(matched["slots"] or 0),
            )
    return found


def sources_of(text: str) -> frozenset[str]:
    """The networks that may dial a provider side's configuration."""
    found = re.findall(r"^    tcp-request connection reject unless \{ src (.*) \}$", text, re.MULTILINE)
    return frozenset(word for line in found for word in line.split())


def same(one: str, other: str) -> bool:
    """Whether two configurations do the same for the same mapping: the number of the revision and its parent
    may differ, as they do between two consoles.
    """
    return _meaning(one) == _meaning(other)


def _meaning(text: str) -> tuple[object, ...]:
    header, (_, _, rest) = parse_header(text), text.partition("\n")
    said = (header.fleet, header.mapping, header.digest, header.text) if header is not None else ()
    return (*said, re.sub(rf"(?m)^(backend {REVISION_BACKEND}|    description rev=)\d+", r"\1", rest))


def _token(name: str) -> str:
    if not valid_name(name):
        raise ValueError(f"{name!r} has no place in a configuration")
    return name


def _address(text: str) -> str:
    return str(ip_address(text))


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


def _endpoint(server: Server) -> str:
    address = _address(server.host)
    return f"{address}:{server.port:d}" if ":" not in address else f"[{address}]:{server.port:d}"


def _quoted(word: str) -> str:
    """In HAProxy's strong quotes, where nothing has a meaning but the closing quote."""
    if not word.isprintable() or not word.isascii():
        raise ValueError("a user for a check is of printable ASCII")
    return "'" + word.replace("'", "'\\''") + "'"
