"""A mapping from the JSON values of `Mapping.data`, as the file of an ambassador keeps them.

Nothing is trusted: whoever can start a container can write such a file.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup

from console.model.mappings.mapping import Check, CheckKind, Endpoint, Mapping, Party, Via
from console.model.text import sanitise


def mapping_from(data: object) -> Mapping | None:
    """The mapping, or None where anything of it is missing, of a wrong kind or out of range."""
    try:
        return _mapping(data)
    except (KeyError, TypeError, ValueError):
        return None


def _mapping(data: object) -> Mapping:
    found = _table(data)
    check = _table(found["check"])
    ports = _ports(found["ports"])
    to = tuple(_endpoint(end, len(ports)) for end in _list(found["to"]))
    return Mapping(
        id=_word(found["id"]),
        name=_word(found["name"]),
        ports=ports,
        to=to,
        consumers=tuple(_party(_table(one)) for one in _list(found["for"])),
        via=Via(_word(found["via"])),
        check=Check(CheckKind(_word(check["kind"])), _word(check["user"], empty=True)),
        secure=_word(found["secure"]),
    )


def _endpoint(data: object, ports: int) -> Endpoint:
    found = _table(data)
    party, own, weight = _party(found), _ports(found["ports"]), found["weight"]
    if type(weight) is not int or not 1 <= weight <= 256 or len(own) != ports:
        raise ValueError("weight or ports")
    return Endpoint(
        host=party.host,
        container=party.container,
        project=party.project,
        service=party.service,
        ports=own,
        weight=weight,
    )


def _party(found: Lookup[str, object]) -> Party:
    container, project, service = (
        _word(found.get(key, ""), empty=True) for key in ("container", "project", "service")
    )
    if bool(container) == bool(project and service) or bool(project) != bool(service):
        raise ValueError("either a container or a service")
    return Party(host=_word(found["host"]), container=container, project=project, service=service)


def _table(value: object) -> Lookup[str, object]:
    if not isinstance(value, dict):
        raise TypeError("no table")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or not value:
        raise TypeError("no list")
    return value


def _word(value: object, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty) or sanitise(value, 200) != value:
        raise TypeError("no word")
    return value


def _ports(value: object) -> tuple[int, ...]:
    found = tuple(port for port in _list(value) if type(port) is int and 0 < port < 65536)
    if len(found) != len(_list(value)):
        raise ValueError("no ports")
    return found
