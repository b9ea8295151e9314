"""The hosts of hosts.yml: settings, defaults, and the way through jump hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from console.config import fields
from console.config.yamldoc import Value, nearest, quote
from console.model.hosts import EngineChoice, EngineKind, Guard, HostSpec, ObserveMode

PLACES = ("address", "ssh", "local")
LOGIN = ("user", "port", "identity", "known_hosts", "jump")
"""How SSH gets in. `defaults` of these are for hosts with an `address`: ~/.ssh/config has an alias's."""
_PLACE_MISSING = "needs address, ssh or local, to say where it is"
OTHER = ("engine", "guard", "labels", "observe", "disabled", "reach")


@dataclass(slots=True)
class _Draft:
    """A host before its jump hosts are known."""

    spec: HostSpec
    jump: tuple[Value, ...] = ()


@dataclass(slots=True)
class HostReader:
    """Reads `defaults` and `hosts` of one file."""

    base: Path
    """The directory of the file: relative paths start there."""
    defaults: dict[str, Any] = field(default_factory=dict)
    drafts: dict[str, _Draft] = field(default_factory=dict)

    def read_defaults(self, value: Value) -> None:
        """Read `defaults:`."""
        if value.is_null:
            return
        entries = fields.section(value, (*LOGIN, *OTHER, *PLACES))
        for place in (*PLACES, "reach"):
            if place in entries:
                entries.pop(place).problem("says which host it is, so it stands with the host")
        self.defaults = self._settings(entries)

    def read_hosts(self, value: Value) -> tuple[HostSpec, ...]:
        """Read `hosts:`."""
        entries = {} if value.is_null else (value.entries() or {})
        if value.is_null or (value.is_map and not value.node.value):
            value.problem("no host stands here")
        for key, entry in entries.items():
            if fields.NAME.fullmatch(key) is None or key in (".", "..") or len(key) > 64:
                entry.problem(f"{quote(key)}: a host's name has letters, digits and . _ - only, at most 64")
                continue
            draft = self._host(key, entry.value)
            if draft is not None:
                self.drafts[key] = draft
        router = _Router(self.drafts, self.defaults)
        return tuple(replace(d.spec, jump=router.way(key)) for key, d in self.drafts.items())

    def _host(self, name: str, value: Value) -> _Draft | None:
        if value.is_null:
            value.problem(_PLACE_MISSING)
            return None
        entries = fields.section(value, (*PLACES, *LOGIN, *OTHER))
        places = [p for p in PLACES if p in entries]
        if len(places) != 1 and value.is_map:
            stated = f"has {' and '.join(places)}: one of them must go" if places else ""
            value.problem(stated or _PLACE_MISSING)
        place = places[0] if places else ""
        if place == "local":
            self._no_ssh(entries)
        where = self._place(place, entries[place]) if place else None
        own = self._settings({k: v for k, v in entries.items() if k not in PLACES})
        inherited = {k: v for k, v in self.defaults.items() if place == "address" or k in OTHER}
        if place == "local":
            inherited.pop("engine", None)
        labels = {**inherited.get("labels", {}), **own.get("labels", {})}
        settings = {**inherited, **own, "labels": labels}
        jump = settings.pop("jump", ())
        if where is None:
            # It has been reported; the name stays known, so that a jump to it is no second problem.
            where = {"address": name}
        return _Draft(HostSpec(name=name, **where, **settings), jump)

    def _no_ssh(self, entries: Mapping[str, Value]) -> None:
        for key in (*LOGIN, "engine"):
            if key in entries:
                entries[key].problem("has no meaning for a local engine: there is no SSH")

    def _place(self, place: str, value: Value) -> dict[str, Any] | None:
        read: str | None
        if place == "local":
            text = value.text()
            read = None if text is None else fields.unix_socket(value, text)
        else:
            read = fields.address(value) if place == "address" else fields.alias(value)
        return None if read is None else {place: read}

    def _settings(self, entries: Mapping[str, Value]) -> dict[str, Any]:
        """What the entries say, under the names of HostSpec's fields; `jump` as its values."""
        read: dict[str, Any] = {}
        for key, value in entries.items():
            setting = self._setting(key, value)
            if setting is not None:
                read[key] = setting
        return read

    def _setting(self, key: str, value: Value) -> object:
        match key:
            case "user":
                return fields.user(value)
            case "port":
                return fields.integer(value, 1, 65535)
            case "identity":
                return self._identity(value)
            case "known_hosts":
                return fields.paths(value, self.base)
            case "jump":
                return tuple(value.items())
            case "engine":
                return read_engine(value)
            case "guard":
                return fields.choice(value, Guard)
            case "labels":
                return _labels(value)
            case "observe":
                return fields.choice(value, ObserveMode)
            case "reach":
                return fields.ip(value)
            case _:
                return fields.boolean(value)

    def _identity(self, value: Value) -> tuple[str, ...] | None:
        read = fields.paths(value, self.base)
        for file, item in zip(read or (), value.items(), strict=True) if read else ():
            if not Path(file).is_file():
                item.warn(f"there is no key file {file}")
        return read


def read_engine(value: Value) -> EngineChoice | None:
    """`auto`, `dial-stdio`, `sudo` or `unix:///path`."""
    text = value.text()
    if text is None:
        return None
    kinds = {k.value: k for k in EngineKind if k is not EngineKind.UNIX}
    if text.casefold() in kinds:
        return EngineChoice(kinds[text.casefold()])
    if "/" in text:
        socket = fields.unix_socket(value, text)
        return EngineChoice(EngineKind.UNIX, socket) if socket else None
    fields.not_one_of(value, text, [*kinds, "unix:///path"])
    return None


def _labels(value: Value) -> dict[str, str] | None:
    if value.is_null:
        return {}
    entries = value.entries()
    if entries is None:
        return None
    read = {key: entry.value.text() for key, entry in entries.items()}
    return {key: text for key, text in read.items() if text is not None}


class _Router:
    """Flattens `jump` settings: first hop first, each hop without a way of its own."""

    def __init__(self, drafts: Mapping[str, _Draft], defaults: Mapping[str, Any]) -> None:
        self._drafts = drafts
        self._defaults = defaults
        default = defaults.get("jump", ())
        self._default_jump = default
        # Bastions that stand in the same file are not reached through themselves.
        self._bastions = {str(v.node.value) for v in default} if default else set()
        self._ways: dict[str, tuple[HostSpec, ...]] = {}

    def way(self, name: str, below: tuple[str, ...] = ()) -> tuple[HostSpec, ...]:
        """The hops to the host `name`; `below` are the hosts whose way leads through it."""
        if name in self._ways:
            return self._ways[name]
        jump = self._drafts[name].jump
        if jump is self._default_jump and name in self._bastions:
            jump = ()
        hops: list[HostSpec] = []
        for value in jump:
            hops += self._hop(value, (*below, name))
        self._ways[name] = tuple(hops)
        return self._ways[name]

    def _hop(self, value: Value, below: tuple[str, ...]) -> tuple[HostSpec, ...]:
        text = value.text()
        if text is None:
            return ()
        login, _, rest = text.rpartition("@")
        where, port = _split_port(rest)
        if where in self._drafts:
            return self._host_of_file(value, where, login, port, below)
        if not login and port is None and fields.is_alias(text) and not fields.is_ip(text):
            if "." not in text and (near := nearest(text, self._drafts)):
                value.warn(
                    f"{quote(text)} is no host of this file: taken as an alias of ~/.ssh/config; {near}"
                )
            return (HostSpec(name=text, ssh=text),)
        if port == 0 or not fields.is_address(where) or (login and not fields.is_user(login)):
            hint = "; for several write a list" if "," in text else ""
            value.problem(f"{quote(text)} is no host of this file, ssh alias or user@host:port{hint}")
            return ()
        inherited = {k: v for k, v in self._defaults.items() if k in ("user", "identity", "known_hosts")}
        if login:
            inherited["user"] = login
        return (HostSpec(name=text, address=where, port=port or 0, **inherited),)

    def _host_of_file(
        self, value: Value, name: str, login: str, port: int | None, below: tuple[str, ...]
    ) -> tuple[HostSpec, ...]:
        spec = self._drafts[name].spec
        if name in below:
            circle = " -> ".join((*below[below.index(name) :], name))
            value.problem(f"the way leads in a circle: {circle}")
            return ()
        if spec.local:
            value.problem(f"{quote(name)} is a local engine: nothing can be reached through it")
            return ()
        hop = replace(spec, user=login or spec.user, port=port or spec.port, jump=())
        return (*self.way(name, below), hop)


def _split_port(text: str) -> tuple[str, int | None]:
    """`host:port` or `[v6]:port` in two; the port is None when there is none, 0 when it is no port."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return "", 0
        port = rest[1:]
    else:
        host, colon, port = text.partition(":")
        rest = colon
        if ":" in port:  # an IPv6 address without a port
            return text, None
    if not rest:
        return host, None
    return host, int(port) if port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536 else 0
