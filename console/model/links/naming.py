"""Whether a consumer finds the name that a mapping gives it. Pure."""

from __future__ import annotations

from console.model.containers import ContainerState
from console.model.links.draft import Draft, Stated
from console.model.links.fleet import Fleet, shared
from console.model.mappings.mapping import Via
from console.model.mappings.world import AmbassadorView, ContainerView


def no_name(fleet: Fleet, draft: Draft, stated: Stated, one: AmbassadorView | None) -> str:
    """Why it does not; empty where it does, or where that cannot be told."""
    consumer, mapping = stated.consumer, stated.standing.mapping
    here, name = fleet.host(draft.consumer.host), mapping.name
    if here is None or consumer is None:
        return ""
    owner = fleet.owner(consumer)
    if owner is None:
        return f"the container whose network {draft.consumer.text} uses is gone"
    if owner.mode == "none":
        return f"{draft.consumer.text} has no network (mode `none`)"
    if draft.via == Via.AMBASSADOR.value or one is not None:
        if one is None:
            return f"no ambassador of {mapping.id} is on {here.name}"
        if one.container.state is not ContainerState.RUNNING:
            return f"{one.container.name} on {here.name} is {one.container.state.value}"
    elif draft.via != Via.ALIAS.value:
        return ""
    if owner.mode == "host" or draft.via == Via.HOSTS.value:
        lines = owner.hosts_lines
        known = lines is None or any(name in line.split() for line in lines)
        return "" if known else f"{name} is not in the /etc/hosts of {owner.name}@{owner.host}"
    return _not_shared(fleet, stated, owner, one.container if one is not None else stated.target)


def _not_shared(fleet: Fleet, stated: Stated, owner: ContainerView, holder: ContainerView | None) -> str:
    """Whether it shares a network with whoever has the name there, and with nobody else who has it."""
    if holder is None or holder.id == owner.id:
        return ""
    mapping = stated.standing.mapping
    name = mapping.name.casefold()
    networks = [
        place.network
        for place in owner.attachments
        if (theirs := shared(holder, place)) is not None
        and name in (alias.casefold() for alias in theirs.aliases)
    ]
    if not networks:
        return f"no network of {owner.name}@{owner.host} knows {name} as {holder.name}"
    ours = {one.id for end in mapping.to for one in fleet.world.containers(end)}
    for other, network in fleet.named(owner, name):
        if other.id != holder.id and other.id not in ours and other.state is ContainerState.RUNNING:
            return f"{name} is also {other.name} on network {network}: which one answers is left to chance"
    return ""
