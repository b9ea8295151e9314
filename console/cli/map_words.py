"""A mapping as it is spelled on a command line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.cli.arguments import Options
from console.errors import UsageError
from console.model.mappings.mapping import Check, CheckKind, Endpoint, Mapping, Party, Via
from console.model.mappings.names import bad_id, bad_name, is_container, is_user

_WITH_USER = (CheckKind.PGSQL, CheckKind.MYSQL)


def mapping_of(options: Options, before: Mapping | None) -> Mapping:
    """The mapping that `map set` states; what it is not told is as `before`. Raises UsageError."""
    ident = options.query[0]
    if wrong := bad_id(ident):
        raise UsageError(f"{ident}: {wrong}")
    if before is None:
        needed = (("--port", options.ports), ("--to", options.to), ("--for", options.consumers))
        missing = [name for name, value in needed if not value]
        if missing:
            raise UsageError(
                f"there is no mapping {ident} yet: a new one needs {', '.join(missing)}",
                next_step="dockcon map set --help",
            )
    ports = _ports(options.ports, "--port") if options.ports else _of(before).ports
    name = options.name or (before.name if before is not None else ident)
    if wrong := bad_name(name):
        raise UsageError(f"--name {name}: {wrong}")
    return Mapping(
        id=ident,
        name=name,
        ports=ports,
        to=tuple(_endpoint(text, ports) for text in options.to) or _same_ends(_of(before), ports),
        consumers=tuple(_party(text, "--for") for text in options.consumers) or _of(before).consumers,
        via=_via(options.via) if options.via else before.via if before is not None else Via.AUTO,
        check=_check(options.check) if options.check else before.check if before is not None else Check(),
    )


def _of(before: Mapping | None) -> Mapping:
    assert before is not None  # the options that a new one needs were looked for
    return before


def _same_ends(before: Mapping, ports: tuple[int, ...]) -> tuple[Endpoint, ...]:
    if len(ports) != len(before.ports):
        raise UsageError("--port: with another number of ports the endpoints' are needed, too: --to")
    return before.to


def _endpoint(text: str, ports: tuple[int, ...]) -> Endpoint:
    """`db-1/postgres:5432=3`; without ports those that are dialled."""
    rest, _, weight = text.partition("=")
    where, colon, stated = rest.rpartition(":")
    if not colon:
        where, stated = rest, ""
    own = _ports(stated, f"--to {text}") if stated else ports
    if len(own) != len(ports):
        raise UsageError(f"--to {text}: {len(ports)} ports are dialled, and {len(own)} stand here")
    if weight and not (weight.isascii() and weight.isdigit() and 1 <= int(weight) <= 256):
        raise UsageError(f"--to {text}: a weight is a number from 1 to 256")
    party = _party(where, "--to")
    plain: dict[str, Any] = {
        name: getattr(party, name) for name in ("host", "container", "project", "service")
    }
    return replace(Endpoint(**plain, ports=own), weight=int(weight or 1))


def _party(text: str, option: str) -> Party:
    match text.split("/"):
        case [host, container] if host and is_container(container):
            return Party(host=host, container=container)
        case [host, project, service] if host and is_container(project) and is_container(service):
            return Party(host=host, project=project, service=service)
    raise UsageError(f"{option} {text}", next_step="write HOST/CONTAINER, or HOST/PROJECT/SERVICE")


def _ports(text: str, option: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.isascii() and word.isdigit() and 0 < int(word) < 65536 for word in words):
        raise UsageError(f"{option}: {text!r} is no port, nor several like 5672,15672")
    return tuple(map(int, words))


def _via(text: str) -> Via:
    try:
        return Via(text)
    except ValueError:
        raise UsageError(f"--via {text}", next_step=f"one of {', '.join(Via)}") from None


def _check(text: str) -> Check:
    word, _, user = text.partition(":")
    try:
        kind = CheckKind(word)
    except ValueError:
        raise UsageError(f"--check {text}", next_step=f"one of {', '.join(CheckKind)}") from None
    if bool(user) != (kind in _WITH_USER) or (user and not is_user(user)):
        raise UsageError(
            f"--check {text}", next_step="pgsql:USER and mysql:USER name a user, the others none"
        )
    return Check(kind, user)
