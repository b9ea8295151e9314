"""A mapping as it is typed: fields of text, and the mapping they say. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from console.model.mappings.mapping import Book, Check, CheckKind, Endpoint, Party, Via
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.names import ID_MAX, bad_id
from console.model.text import sanitise
from console.ui.mapping_words import wording

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "for": ("consumers", "who dials it: name@host, project/service@host; several: blanks"),
    "name": ("name", "what they dial; for them alone it leads there"),
    "port": ("port", "on which they dial it; several with blanks"),
    "to": ("endpoints", "who answers: name@host, with :PORT if another, *2: twice as much"),
    "via": ("via", "auto: an alias on the same host, else an ambassador"),
    "check": ("check", "how an ambassador learns whether an endpoint is well"),
    "id": ("id", "what the mapping is called in mappings.yml"),
}
"""In the order of the screen: the label, and what may stand there."""

REQUIRED: Final = ("for", "name", "port", "to")

LEADS: Final = ("for", "to", "name", "port")
"""The order in which what is missing is asked for: name and port are mostly proposed by then."""

_WITH_USER = (CheckKind.PGSQL, CheckKind.MYSQL)
_END = re.compile(r"(?P<party>[^:*]+)(?::(?P<ports>[\d,]+))?(?:\*(?P<weight>\d+))?")


@dataclass(frozen=True, slots=True)
class Read:
    """What was typed, as a mapping; None where something is missing or cannot be understood."""

    mapping: Stated | None
    complaints: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Labels of the fields that have to be filled."""


def words(text: str) -> list[str]:
    """The words of a field: parted by blanks, or commas with a blank."""
    return [word.strip(",") for word in text.split() if word.strip(",")]


def fields_of(mapping: Stated) -> dict[str, str]:
    """A mapping as it would be typed."""
    return {**wording(mapping), "id": mapping.id}


def read(typed: Mapping[str, str], hosts: Collection[str]) -> Read:
    """The mapping that was typed. What is wrong with it in this fleet is for others to say."""
    complaints: list[str] = []
    missing = tuple(FIELDS[key][0] for key in REQUIRED if not typed.get(key, "").strip())
    ports = _ports(words(typed.get("port", "")), "port", complaints)
    consumers = [_party(word, hosts, complaints) for word in words(typed.get("for", ""))]
    to = [_endpoint(word, ports, hosts, complaints) for word in words(typed.get("to", ""))]
    via = _via(typed.get("via", "").strip(), complaints)
    check = _check(words(typed.get("check", "")), complaints)
    name, ident = typed.get("name", "").strip(), typed.get("id", "").strip()
    if " " in name:
        complaints.append("name: one name only")
    if complaints or missing:
        return Read(None, tuple(dict.fromkeys(complaints)), missing)
    mapping = Stated(
        id=ident or name,
        name=name,
        ports=ports,
        to=tuple(end for end in to if end is not None),
        consumers=tuple(party for party in consumers if party is not None),
        via=via,
        check=check,
    )
    return Read(mapping)


def _ports(found: Iterable[str], where: str, complaints: list[str]) -> tuple[int, ...]:
    ports = []
    for word in found:
        if word.isascii() and word.isdecimal() and len(word) < 6 and 0 < int(word) < 65536:
            ports.append(int(word))
        else:
            complaints.append(f"{where}: {sanitise(word, 40)} is no port")
    return tuple(ports)


def party_of(word: str, hosts: Collection[str]) -> Party | None:
    """`web@app-1`, `app-1/web`, `shop/worker@app-2`; None for anything else."""
    name, at, host = word.rpartition("@")
    if not at:
        host, slash, name = word.partition("/")
        if not slash or host not in hosts:
            return None
    project, slash, service = name.partition("/")
    if not host or not name or (slash and not (project and service)):
        return None
    if slash:
        return Party(host=host, project=project, service=service)
    return Party(host=host, container=name)


def _party(word: str, hosts: Collection[str], complaints: list[str]) -> Party | None:
    party = party_of(word, hosts)
    if party is None:
        complaints.append(f"consumers: {sanitise(word, 60)} is no name@host")
    return party


def _endpoint(
    word: str, ports: tuple[int, ...], hosts: Collection[str], complaints: list[str]
) -> Endpoint | None:
    found = _END.fullmatch(word)
    party = party_of(found["party"], hosts) if found is not None else None
    if found is None or party is None:
        complaints.append(f"endpoints: {sanitise(word, 60)} is no name@host:port")
        return None
    own = _ports((found["ports"] or "").split(","), "endpoints", complaints) if found["ports"] else ports
    return Endpoint(
        host=party.host,
        container=party.container,
        project=party.project,
        service=party.service,
        ports=own,
        weight=int((found["weight"] or "1")[:6]),
    )


def _via(word: str, complaints: list[str]) -> Via:
    try:
        return Via(word or "auto")
    except ValueError:
        complaints.append(f"via: {sanitise(word, 40)} is none of {', '.join(one.value for one in Via)}")
        return Via.AUTO


def _check(found: list[str], complaints: list[str]) -> Check:
    kind = found[0] if found else "tcp"
    try:
        check = Check(CheckKind(kind), " ".join(found[1:]))
    except ValueError:
        names = ", ".join(one.value for one in CheckKind)
        complaints.append(f"check: {sanitise(kind, 40)} is none of {names}")
        return Check()
    if (check.kind in _WITH_USER) is not bool(check.user):
        why = "needs a login: " + f"{kind} USER" if check.kind in _WITH_USER else "takes no login"
        complaints.append(f"check: {kind} {why}")
    return check


def free_id(name: str, consumers: Iterable[Party], book: Book) -> str:
    """An id for a new mapping: its name, else with the consumer's, else with a number."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:ID_MAX]
    if not stem:
        return ""
    first = next(iter(consumers), None)
    tried = [stem]
    if first is not None:
        tried.append(f"{stem}-{first.container or first.service}"[:ID_MAX])
        tried.append(f"{stem}-{first.container or first.service}-{first.host}"[:ID_MAX])
    tried += [f"{stem[: ID_MAX - 4]}-{number}" for number in range(2, 100)]
    return next((one for one in tried if one not in book.mappings and not bad_id(one)), "")
