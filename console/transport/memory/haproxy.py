"""The part of HAProxy's configuration that ambassadors use, as the memory fleet's own HAProxy reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from console.model.mappings.haproxy import revision_of

_SECTIONS = ("global", "defaults", "frontend", "backend", "resolvers")
_KNOWN = {
    "global": "log maxconn stats description ulimit-n nbthread hard-stop-after user group",
    "defaults": "mode log timeout option retries default-server maxconn balance",
    "frontend": "mode bind timeout default_backend tcp-request http-request stats option maxconn log",
    "backend": "mode balance option timeout server server-template default-server log retries",
    "resolvers": "nameserver resolve_retries timeout hold accepted_payload_size parse-resolv-conf",
}
_RULE = re.compile(r"connection (accept|reject)(?: (if|unless) \{ src ([^}]*)\})?")


class BadConfig(ValueError):
    """What `haproxy -c` would print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLine:
    """A `server`, or with `slots` a `server-template`."""

    name: str
    host: str
    port: int
    weight: int = 1
    slots: int = 0
    checked: bool = False


@dataclass(slots=True)
class Section:
    """A frontend or a backend."""

    name: str
    port: int = 0
    goal: str = ""
    rules: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """accept or reject, if or unless or nothing, sources."""
    servers: list[ServerLine] = field(default_factory=list)
    protocol: str = ""
    """Of its check: empty for plain TCP."""

    def admits(self, source: str) -> bool:
        """Whether a connection from an address passes its rules."""
        for verdict, when, networks in self.rules:
            inside = any(ip_address(source) in ip_network(net, strict=False) for net in networks)
            if not when or inside == (when == "if"):
                return verdict == "accept"
        return True


@dataclass(slots=True)
class Config:
    """One configuration."""

    fronts: dict[str, Section] = field(default_factory=dict)
    backs: dict[str, Section] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """Of a configuration of ours; empty for any other."""
        return next(filter(None, map(revision_of, self.backs)), "")

    def front(self, port: int) -> Section | None:
        """What listens on a port."""
        return next((front for front in self.fronts.values() if front.port == port), None)


def parse(text: str, path: str) -> Config:
    """Raises BadConfig with every fault, as `haproxy -c -f PATH` says them."""
    reader = _Reader(path)
    for number, line in enumerate(text.splitlines(), 1):
        reader.line(number, line)
    config = reader.config
    for front in config.fronts.values():
        if front.goal and front.goal not in config.backs:
            reader.alert(0, f"Proxy '{front.name}': unable to find required default_backend: '{front.goal}'.")
    if not config.fronts:
        reader.alert(0, "no <frontend> section found")
    if reader.alerts:
        raise BadConfig("\n".join(reader.alerts))
    return config


class _Reader:
    def __init__(self, path: str) -> None:
        self.config = Config()
        self.alerts: list[str] = []
        self._path = path
        self._kind = ""
        self._section = Section("")

    def alert(self, number: int, words: str) -> None:
        where = f"parsing [{self._path}:{number}]: " if number else ""
        self.alerts.append(f"[ALERT]    (1) : config : {where}{words}")

    def line(self, number: int, line: str) -> None:
        words = line.partition("#")[0].split()
        if not words:
            return
        if words[0] in _SECTIONS and not line[:1].isspace():
            self._begin(number, words)
        elif words[0] not in _KNOWN.get(self._kind, "").split():
            self.alert(number, f"unknown keyword '{words[0]}' in '{self._kind or 'no'}' section")
        else:
            self._take(number, words, line)

    def _begin(self, number: int, words: Sequence[str]) -> None:
        self._kind = words[0]
        self._section = Section(words[1] if len(words) > 1 else "")
        kept = {"frontend": self.config.fronts, "backend": self.config.backs}.get(self._kind)
        if kept is None:
            return
        if not self._section.name or self._section.name in kept:
            self.alert(number, f"'{self._kind}' needs a name of its own")
        kept[self._section.name] = self._section

    def _take(self, number: int, words: Sequence[str], line: str) -> None:
        section = self._section
        match words:
            case ["bind", where, *_]:
                port = where.rpartition(":")[2]
                section.port = int(port) if port.isdigit() else 0
                if not 0 < section.port < 65536:
                    self.alert(number, f"'bind' : invalid address: '{where}'")
            case ["default_backend", goal]:
                section.goal = goal
            case ["option", check, *_] if check.endswith(("-check", "chk")):
                section.protocol = check
            case ["tcp-request", *_] if found := _RULE.search(line):
                section.rules.append((found[1], found[2] or "", tuple((found[3] or "").split())))
            case ["server", name, where, *more]:
                self._server(number, name, where, more, 0)
            case ["server-template", prefix, count, where, *more] if count.isdigit():
                self._server(number, prefix, where, more, int(count))
            case ["server" | "server-template", *_]:
                self.alert(number, f"'{words[0]}' expects a name and an address")

    def _server(self, number: int, name: str, where: str, more: Sequence[str], slots: int) -> None:
        host, _, port = where.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            self.alert(number, f"'server {name}' : invalid address: '{where}'")
            return
        weight = more[more.index("weight") + 1] if "weight" in more[:-1] else "1"
        self._section.servers.append(
            ServerLine(
                name=name,
                host=host.strip("[]"),
                port=int(port),
                weight=int(weight) if weight.isdigit() else 1,
                slots=slots,
                checked="check" in more,
            )
        )
