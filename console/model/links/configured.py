"""What consumers say that they dial, and whom they mean by it. Pure.

A host's name or address with a port that it publishes, a name on a network of the consumer's, or nobody the
fleet knows. Only names, ports and the place where they stand come here; values with secrets never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from console.model.links.draft import Draft
from console.model.links.fleet import Fleet, end_of, machine_end, written
from console.model.links.link import End, EndKind, Evidence, Known
from console.model.mappings import haproxy
from console.model.mappings.offers import Proposal
from console.model.mappings.realise.scene import is_kept
from console.model.mappings.world import AmbassadorView, ContainerView
from console.model.text import safe, sanitise

_WEB = frozenset({80, 443})
_EXTRA = "extra host "
_ITSELF = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})


def configured(fleet: Fleet) -> Iterator[Draft]:
    """One for each proposal that leads somewhere, of all containers that are no ambassadors."""
    for host in fleet.world.hosts.values():
        for view in host.containers:
            if view.dials and not is_kept(view) and (host.name, view.id) not in fleet.ambassadors:
                yield from _of(fleet, view)


def _of(fleet: Fleet, view: ContainerView) -> Iterator[Draft]:
    extra = {one.name.casefold() for one in view.dials if one.source.startswith(_EXTRA)}
    leads = {_line_of(one) for one in view.dials if _line_of(one)}
    found: list[Draft] = []
    for proposal in view.dials:
        name = proposal.name.casefold()
        # What a line of its hosts file says decides; the address in it is what is looked for.
        if name not in leads:
            found += _resolved(fleet, view, proposal, fixed=name in extra and not _is_address(name))
    better = any(not one.at_outside for one in found)
    for one in found:
        # An address of the wide world that a container also knows is no dependency worth a line.
        if not (better and one.endpoint.kind is EndKind.OUTSIDE and one.endpoint.port in (*_WEB, 0)):
            yield one


def _resolved(fleet: Fleet, view: ContainerView, proposal: Proposal, *, fixed: bool) -> Iterator[Draft]:
    name, port = proposal.name.casefold(), proposal.port
    if name in _ITSELF and view.mode != "host":
        return
    neighbours = [] if fixed else fleet.named(view, name)
    for one, _ in neighbours:
        ambassador = fleet.ambassadors.get((one.host, one.id))
        if ambassador is None:
            yield _draft(fleet, view, proposal, end_of(one, port), "bridge")
            continue
        for end in _behind(fleet, ambassador, port):
            yield _draft(fleet, view, proposal, end, "ambassador")
    if neighbours:
        return
    machine = None if fixed else fleet.machine(view.host if name in _ITSELF else name, view.host)
    if machine is not None:
        there = fleet.published(machine, name, port) if port else None
        end = end_of(*there) if there is not None else machine_end(machine, port)
        yield _draft(fleet, view, proposal, end, "published" if there is not None else "direct")
    elif _is_address(name):
        end = End(kind=EndKind.OUTSIDE, name=sanitise(name, 200), port=port)
        yield _draft(fleet, view, proposal, end, "direct")
    elif not proposal.source.startswith("Compose:"):
        why = "" if fixed else _nobody(fleet, view, proposal.name)
        kind = EndKind.OUTSIDE if "." in name and not fixed and not why else EndKind.NAME
        yield _draft(fleet, view, proposal, End(kind=kind, name=sanitise(name, 200), port=port), "", why)


def _draft(
    fleet: Fleet, view: ContainerView, proposal: Proposal, end: End, via: str, unresolved: str = ""
) -> Draft:
    source = safe(f"engine of {view.host}")
    return Draft(
        consumer=end_of(view),
        endpoint=end,
        dials=written(_line_of(proposal) or proposal.name, proposal.port),
        via=via,
        known={Known.CONFIGURED},
        said=[Evidence(text=sanitise(proposal.source, 120), source=source, at=fleet.world.at)],
        unresolved=unresolved,
    )


def _behind(fleet: Fleet, ambassador: AmbassadorView, port: int) -> Iterator[End]:
    """Where a neighbour of a mapping's consumers is led, who finds its name too."""
    stated = haproxy.mapping_of(ambassador.config or "")
    for end in stated.to if stated is not None else ():
        inner = dict(zip(stated.ports, end.ports, strict=False)).get(port, 0) if stated is not None else 0
        for one in fleet.world.containers(end):
            yield end_of(one, inner)


def _nobody(fleet: Fleet, view: ContainerView, name: str) -> str:
    """Why nobody answers to a name, where the fleet has somebody who is meant by it."""
    owner = fleet.owner(view)
    if owner is None or owner.mode in ("host", "none") or "." in name:
        return ""
    lines = " ".join(owner.hosts_lines or ()).split()
    if owner.hosts_lines is None or name in lines:
        return ""
    held = [
        f"{one.name}@{one.host}"
        for (host, _), one in sorted(fleet.views.items())
        if one.name == name and not is_kept(one) and host in fleet.world.hosts
    ]
    if not held:
        return ""
    return f"{name} is not known to {view.name}@{view.host}: {held[0]} is on no network of it"


def _line_of(proposal: Proposal) -> str:
    """The name that an extra host gives to an address; empty for any other proposal."""
    if not proposal.source.startswith(_EXTRA) or not _is_address(proposal.name):
        return ""
    return proposal.source.removeprefix(_EXTRA).casefold()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
