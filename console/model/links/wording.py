"""From a link that is seen to the mapping that would state it. Pure."""

from __future__ import annotations

import re

from console.errors import UsageError
from console.model.links.link import End, EndKind, Known, Link
from console.model.mappings.mapping import Book, Endpoint, Mapping, Party
from console.model.mappings.names import bad_id, bad_name
from console.model.mappings.world import ContainerView, World


def wording(link: Link, book: Book, world: World | None = None) -> Mapping:
    """A mapping for a link that none states, to be read and agreed to. With a `world` a consumer or endpoint
    that is of a Compose service is named as such.

    Raises UsageError where it cannot be stated.
    """
    if link.mapping:
        raise UsageError(f"the mapping {link.mapping} states it already", next_step="edit that one")
    for end, what in ((link.consumer, "its consumer"), (link.endpoint, "its endpoint")):
        if end.kind is not EndKind.CONTAINER:
            raise UsageError(
                f"{what}, {end.text}, is no container of the fleet: a mapping leads from one to another",
                next_step="edit the consumer's configuration" if what == "its consumer" else "",
            )
    if not link.endpoint.port:
        raise UsageError(
            f"on which port {link.endpoint.text} is dialled is not known",
            next_step="state the mapping by hand",
        )
    if link.consumer.host == link.endpoint.host and link.via == "bridge":
        raise UsageError(
            f"{link.consumer.text} finds {link.endpoint.text} by the engine's own names: nothing to state"
        )
    consumer, target = _party(link.consumer, world), _party(link.endpoint, world)
    name, port = _dialled(link, target)
    there = Endpoint(
        host=target.host,
        container=target.container,
        project=target.project,
        service=target.service,
        ports=(link.endpoint.port,),
    )
    return Mapping(id=_free(name, book), name=name, ports=(port,), to=(there,), consumers=(consumer,))


def _party(end: End, world: World | None) -> Party:
    view = _view(end, world)
    labels = view.labels if view is not None else {}
    project = str(labels.get("com.docker.compose.project", ""))
    service = str(labels.get("com.docker.compose.service", ""))
    if project and service:
        return Party(host=end.host, project=project, service=service)
    return Party(host=end.host, container=str(end.name))


def _view(end: End, world: World | None) -> ContainerView | None:
    host = world.hosts.get(end.host) if world is not None else None
    return next((one for one in host.containers if one.id == end.id), None) if host is not None else None


def _dialled(link: Link, target: Party) -> tuple[str, int]:
    """The name and port that the consumer goes on dialling, where it dials one; else the endpoint's own."""
    said, _, digits = str(link.dials).rpartition(":")
    port = int(digits) if digits.isascii() and digits.isdigit() and 0 < int(digits) < 65536 else 0
    said = said if port else str(link.dials)
    by_name = re.fullmatch(r"[\d.]+", said) is None and ":" not in said
    if Known.CONFIGURED in link.known and by_name and not bad_name(said):
        return said, port or link.endpoint.port
    plain = re.sub(r"[^a-z0-9-]+", "-", (target.service or target.container).casefold()).strip("-")[:60]
    return ("backend" if not plain or bad_name(plain) else plain), link.endpoint.port


def _free(name: str, book: Book) -> str:
    """An id that no mapping has."""
    stem = re.sub(r"[^a-z0-9-]+", "-", name.casefold()).strip("-")[:40] or "link"
    if bad_id(stem):
        stem = "link"
    number, id_ = 2, stem
    while id_ in book.mappings:
        number, id_ = number + 1, f"{stem}-{number}"
    return id_
