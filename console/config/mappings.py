"""mappings.yml: read with everything that is wrong at once, and written in one canonical form.

What is left out has its default (`name` the id, an endpoint's `port` the mapping's, `weight` 1, `via` auto,
`check` tcp), and a default is not written. Each endpoint and each consumer is a line of its own, so that a
difference in git shows what was changed and nothing else.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from console.config import fields
from console.config.yamldoc import MAX_BYTES, Entry, Problems, Value, compose, nearest, quote
from console.errors import ConfigError, ConfigProblem
from console.model.mappings.mapping import Book, Check, CheckKind, Endpoint, Mapping, Party, Via
from console.model.mappings.names import bad_id, bad_name, is_container, is_user

KEYS = ("name", "port", "to", "for", "via", "check", "secure")
PARTY_KEYS = ("host", "container", "project", "service")
WEIGHT_MAX = 256
PORTS_MAX = 32
"""Ports of one mapping: more are a mistake."""

_WITH_USER = (CheckKind.PGSQL, CheckKind.MYSQL)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that other readers of YAML take for something else than text."""

P = TypeVar("P", bound=Party)


def read(raw: bytes, file: str) -> Book:
    """The book in the bytes of a file. Raises ConfigError with every problem of it."""
    if len(raw) > MAX_BYTES:
        raise ConfigError([ConfigProblem(file, 0, "", f"is larger than {MAX_BYTES >> 20} MiB")])
    try:
        return parse(raw.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError([ConfigProblem(file, line, "", "is not UTF-8 text")]) from error


def parse(text: str, file: str) -> Book:
    """The book in the text of a file; a file without a mapping is an empty book. Raises ConfigError."""
    problems = Problems(file)
    if not any(line.split("#", 1)[0].strip() for line in text.splitlines()):
        return Book()
    root = compose(text, problems)
    found: dict[str, Mapping] = {}
    if root is not None and not root.is_null:
        value = fields.section(root, ("mappings",)).get("mappings")
        if value is not None and not value.is_null:
            for key, entry in (value.entries() or {}).items():
                mapping = _mapping(entry)
                if mapping is not None:
                    found[key] = mapping
    if problems.found:
        raise ConfigError(sorted(problems.found, key=lambda p: p.line))
    return Book(found)


def _mapping(entry: Entry) -> Mapping | None:
    """One entry; None where its problems have been reported."""
    known = len(entry.value.problems.found)
    why = bad_id(entry.key)
    if why:
        entry.problem(f"{quote(entry.key)}: {why}")
    if entry.value.is_null:
        entry.problem("needs port, to and for")
        return None
    if not entry.value.is_map:
        entry.value.problem("expected `key: value` lines with port, to and for")
        return None
    found = fields.section(entry.value, KEYS)
    for key in ("port", "to", "for"):
        if key not in found:
            entry.problem(f"`{key}` is missing")
    ports = _distinct_ports(found["port"]) if "port" in found else ()
    mapping = Mapping(
        id=entry.key,
        name=_name(found["name"]) if "name" in found else _own_name(entry),
        ports=ports,
        to=_endpoints(found["to"], ports) if "to" in found else (),
        consumers=_parties(found["for"], "consumer") if "for" in found else (),
        via=(fields.choice(found["via"], Via) if "via" in found else None) or Via.AUTO,
        check=_check(found["check"]) if "check" in found else Check(),
    )
    if "secure" in found:
        _secure(found["secure"])
    return mapping if len(entry.value.problems.found) == known else None


def _name(value: Value) -> str:
    text = value.text()
    why = bad_name(text) if text is not None else ""
    if why:
        value.problem(f"{quote(text or '')}: {why}")
    return text or ""


def _own_name(entry: Entry) -> str:
    if not bad_id(entry.key) and (why := bad_name(entry.key)):
        entry.problem(f"a `name` is missing, and the id cannot be one: {why}")
    return entry.key


def _ports(value: Value) -> tuple[int, ...]:
    """One port or a list of them."""
    items = value.items()
    if not items or len(items) > PORTS_MAX:
        value.problem(f"expected a port, or a list of 1 to {PORTS_MAX} ports")
        return ()
    read = [fields.integer(item, 1, 65535) for item in items]
    ports = tuple(port for port in read if port is not None)
    return ports if len(ports) == len(read) else ()


def _distinct_ports(value: Value) -> tuple[int, ...]:
    ports = _ports(value)
    if len(set(ports)) < len(ports):
        value.problem("the same port twice")
    return ports


def _endpoints(value: Value, ports: tuple[int, ...]) -> tuple[Endpoint, ...]:
    found: dict[Party, Endpoint] = {}
    items = value.items() if not value.is_null else []
    if not items:
        value.problem("no endpoint stands here")
    for item in items:
        keys = _section(item, (*PARTY_KEYS, "port", "weight"))
        party = _party(item, keys, "endpoint")
        own = _ports(keys["port"]) if "port" in keys else ports
        if "port" in keys and own and ports and len(own) != len(ports):
            keys["port"].problem(
                f"{_count(len(own), 'port')}, but the mapping has {len(ports)}: as many, in the same order"
            )
        weight = fields.integer(keys["weight"], 1, WEIGHT_MAX) if "weight" in keys else 1
        if party is None:
            continue
        if party in found:
            item.problem(f"{party.text} stands here twice; `weight` gives it more")
        found[party] = Endpoint(
            host=party.host,
            container=party.container,
            project=party.project,
            service=party.service,
            ports=own,
            weight=weight or 1,
        )
    return tuple(found.values())


def _parties(value: Value, what: str) -> tuple[Party, ...]:
    found: dict[Party, None] = {}
    items = value.items() if not value.is_null else []
    if not items:
        value.problem(f"no {what} stands here")
    for item in items:
        party = _party(item, _section(item, PARTY_KEYS), what)
        if party is None:
            continue
        if party in found:
            item.problem(f"{party.text} stands here twice")
        found[party] = None
    return tuple(found)


def _section(item: Value, known: tuple[str, ...]) -> dict[str, Value]:
    if item.is_map:
        return fields.section(item, known)
    item.problem("expected {host: HOST, container: CONTAINER}, or host, project and service")
    return {}


def _party(item: Value, keys: dict[str, Value], what: str) -> Party | None:
    """A container of a host, or a service of a project there; None (reported) where it is neither."""
    if not item.is_map:
        return None
    known = len(item.problems.found)
    named = {key: keys[key].text() or "" for key in PARTY_KEYS if key in keys}
    for key, text in named.items():
        good = fields.NAME.fullmatch(text) if key == "host" else is_container(text)
        if text and not good:
            keys[key].problem(f"no {key} can be called {quote(text)}")
    if "host" not in named:
        item.problem(f"this {what} has no `host`")
    if "container" in named and ("project" in named or "service" in named):
        item.problem("either container, or project and service")
    elif "container" not in named and not ("project" in named and "service" in named):
        lacking = [key for key in ("project", "service") if key not in named]
        short = lacking[0] if len(lacking) == 1 else "container"
        item.problem(f"this {what} has no `{short}`")
    return Party(**named) if len(item.problems.found) == known else None


def _check(value: Value) -> Check:
    """A word, or `{pgsql: USER}` and `{mysql: USER}`."""
    words = [kind.value for kind in CheckKind if kind not in _WITH_USER]
    forms = [*words, *(f"{{{kind.value}: USER}}" for kind in _WITH_USER)]
    if value.is_map:
        found = fields.section(value, [kind.value for kind in _WITH_USER])
        if len(found) != 1:
            value.problem(f"expected one of {', '.join(forms)}")
            return Check()
        key, user = next(iter(found.items()))
        text = user.text()
        if text is not None and not is_user(text):
            user.problem(f"{quote(text)} is no login name")
        return Check(CheckKind(key), text or "")
    text = value.text()
    if text is None:
        return Check()
    if text in words:
        return Check(CheckKind(text))
    if text in [kind.value for kind in _WITH_USER]:
        value.problem(f"the check needs a login that may connect without a password: {{{text}: USER}}")
    else:
        hint = nearest(text, words)
        value.problem(f"{quote(text)} is none of {', '.join(forms)}" + (f"; {hint}" if hint else ""))
    return Check()


def _secure(value: Value) -> None:
    text = value.text()
    if text == "mtls":
        value.problem("mtls is not possible yet: only `none` is")
    elif text is not None and text != "none":
        fields.not_one_of(value, text, ["none"])


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def render(book: Book) -> str:
    """The one canonical text of a book; parsed it has the same mappings in the same order."""
    if not book.mappings:
        return "mappings: {}\n"
    return "mappings:\n" + "".join(map(render_mapping, book.mappings.values()))


def render_mapping(mapping: Mapping) -> str:
    """The lines of one mapping, indented as they stand in the file."""
    lines = [f"  {_scalar(mapping.id)}:"]
    if mapping.name != mapping.id:
        lines.append(f"    name: {_scalar(mapping.name)}")
    lines.append(f"    port: {_port(mapping.ports)}")
    lines.append("    to:")
    lines += [f"      - {_flow(_end(end, mapping.ports))}" for end in mapping.to]
    lines.append("    for:")
    lines += [f"      - {_flow(_names(consumer))}" for consumer in mapping.consumers]
    if mapping.via is not Via.AUTO:
        lines.append(f"    via: {mapping.via.value}")
    if mapping.check != Check():
        check = mapping.check
        kind = _scalar(check.kind.value)
        lines.append(f"    check: {_flow({check.kind.value: _scalar(check.user)}) if check.user else kind}")
    return "\n".join(lines) + "\n"


def _names(party: Party) -> dict[str, str]:
    values = {key: getattr(party, key) for key in PARTY_KEYS}
    return {key: _scalar(text) for key, text in values.items() if text}


def _end(end: Endpoint, ports: tuple[int, ...]) -> dict[str, str]:
    own = {} if end.ports == ports else {"port": _port(end.ports)}
    return {**_names(end), **own, **({"weight": str(end.weight)} if end.weight != 1 else {})}


def _port(ports: tuple[int, ...]) -> str:
    return str(ports[0]) if len(ports) == 1 else f"[{', '.join(map(str, ports))}]"


def _flow(values: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def _scalar(text: str) -> str:
    """Plain where every reader of YAML takes it for text, else quoted."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
