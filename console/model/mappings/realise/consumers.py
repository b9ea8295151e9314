"""Who dials a mapping on one host, sorted by how a name can reach them."""

from __future__ import annotations

from dataclasses import dataclass

from console.model.mappings import haproxy
from console.model.mappings.mapping import Party
from console.model.mappings.realise.scene import Scene, is_kept, places, truth
from console.model.mappings.realise.wanted import Wanted
from console.model.mappings.world import ContainerView, HostView


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The consumers of one host: the containers whose network it is in truth, each once."""

    host: HostView
    networked: tuple[ContainerView, ...] = ()
    """On a network of their users' making, where names are known."""
    loners: tuple[ContainerView, ...] = ()
    """On the default bridge or such, where there are none."""
    hosted: tuple[ContainerView, ...] = ()
    """On the host's own network."""

    @property
    def joined(self) -> tuple[ContainerView, ...]:
        return (*self.networked, *self.loners)

    @property
    def all(self) -> tuple[ContainerView, ...]:
        return (*self.networked, *self.loners, *self.hosted)


def sites(scene: Scene, wanted: Wanted) -> list[Site]:
    """By host, in the order of the mapping. What cannot be reached by a name is noted."""
    hosts = dict.fromkeys(consumer.host for consumer in scene.stated.consumers)
    found = []
    for name in hosts:
        host = scene.host(name)
        if host is not None:
            mine = [consumer for consumer in scene.stated.consumers if consumer.host == name]
            site = _site(scene, host, mine)
            if any(not host.of(party) and _had(scene, host, party) for party in mine):
                wanted.held.add(name)
            if site.all:
                found.append(site)
    return found


def _had(scene: Scene, host: HostView, party: Party) -> bool:
    """Whether it was a consumer before, by all that tells of it: it will find what it had when it is back."""
    wordings = [scene.before, *(haproxy.mapping_of(one.config) for one in scene.ours(host) if one.config)]
    return all(party in wording.consumers for wording in wordings if wording is not None)


def _site(scene: Scene, host: HostView, consumers: list[Party]) -> Site:
    networked: dict[str, ContainerView] = {}
    loners: dict[str, ContainerView] = {}
    hosted: dict[str, ContainerView] = {}
    for consumer in consumers:
        containers = host.of(consumer)
        if not containers:
            scene.notes.warn(f"{consumer.text} is not there: nothing is done for it until it is")
        for container in containers:
            owner = truth(host, container)
            if owner is None or is_kept(owner):
                scene.notes.refuse(f"{consumer.text}: the container whose network it uses is gone")
            elif owner.mode == "none":
                scene.notes.refuse(f"{consumer.text} has no network (mode `none`): it can dial nothing")
            elif owner.mode == "host":
                hosted[owner.id] = owner
            elif places(host, owner):
                networked[owner.id] = owner
            else:
                loners[owner.id] = owner
    return Site(
        host=host,
        networked=tuple(networked.values()),
        loners=tuple(loners.values()),
        hosted=tuple(hosted.values()),
    )
