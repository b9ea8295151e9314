"""Which links break when containers stop. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from console.model.containers import ContainerKey
from console.model.links.link import Link, LinkList, LinkState
from console.model.text import NOTHING, sanitise

_WHOLE = frozenset(
    {LinkState.OK, LinkState.IDLE, LinkState.UNDECLARED, LinkState.CONFIGURED, LinkState.UNKNOWN}
)
"""What can still break; for another endpoint to carry on it must be known to be well."""
_CARRIES = frozenset({LinkState.OK, LinkState.IDLE})


def breaks(found: LinkList, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
    """Links that need one of the `containers`, as endpoint or on the way; `reason` says what each loses.

    First those that lose their last endpoint that is well, then those that lose one of several. Links between
    two of the containers, and those that are broken anyway, are left out.

    A container takes along those that use its network (`LinkList.sharing`).
    """
    gone = set(containers)
    while more := {one for one, other in found.sharing if other in gone} - gone:
        gone |= more
    last: list[Link] = []
    one_of: list[Link] = []
    for link in found.links:
        if link.state not in _WHOLE or link.consumer.key in gone:
            continue
        lost = next((hop.end for hop in link.path[1:] if hop.end.key in gone), None)
        if link.endpoint.key in gone:
            lost = link.endpoint
        if lost is None:
            continue
        others = [other for other in _siblings(found, link) if not _needs(other, gone)]
        open_ = f"; {link.sessions} open now" if link.sessions else ""
        if others:
            text = f"loses {lost.text}, one of {len(others) + 1} endpoints that are well{open_}"
            one_of.append(replace(link, reason=sanitise(text, 300), next_step=NOTHING))
        else:
            what = "its only endpoint" if lost == link.endpoint else "the ambassador on its way"
            text = f"loses {lost.text}, {what}{open_}"
            last.append(replace(link, reason=sanitise(text, 300), next_step=NOTHING))
    return (*sorted(last, key=_weight), *sorted(one_of, key=_weight))


def _weight(link: Link) -> tuple[object, ...]:
    return (-(link.sessions or 0), *link.identity)


def _siblings(found: LinkList, link: Link) -> list[Link]:
    """The other links by which the same mapping carries the same address for the same consumer."""
    return [
        other
        for other in found.links
        if link.mapping
        and (other.mapping, other.consumer, other.dials) == (link.mapping, link.consumer, link.dials)
        and other.identity != link.identity
        and other.state in _CARRIES
    ]


def _needs(link: Link, gone: Collection[ContainerKey | None]) -> bool:
    return link.endpoint.key in gone or any(hop.end.key in gone for hop in link.path[1:])
