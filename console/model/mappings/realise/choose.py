"""The plan for a whole mapping: the way that fits each host, and the steps to what is wanted."""

from __future__ import annotations

from dataclasses import replace

from console.model.mappings.mapping import Endpoint, Mapping, Via
from console.model.mappings.realise import alias, ambassador, hostsline, provider
from console.model.mappings.realise.consumers import Site, sites
from console.model.mappings.realise.difference import difference
from console.model.mappings.realise.outline import Numbered, Outline, RealiseRules
from console.model.mappings.realise.scene import Notes, Scene
from console.model.mappings.realise.targets import Targets, from_host
from console.model.mappings.realise.wanted import Wanted
from console.model.mappings.world import HostView, Side, World

_LATER = {
    Via.DNS: "use ambassador",
    Via.OVERLAY: "use ambassador",
    Via.ENV: "`dockcon redeploy --env` changes a variable; with an ambassador it need not change again",
}
_HEAVIEST = (Via.AMBASSADOR, Via.HOSTS, Via.ENV, Via.ALIAS)


def plan(
    mapping: Mapping | None, before: Mapping | None, revision: Numbered, world: World, rules: RealiseRules
) -> Outline:
    """What it takes in `world` to have `mapping` (None: removed), which was `before`.

    Carried out, the same call gives no steps; cut after any of them it gives the rest. `before` is needed
    only to find lines in /etc/hosts that nobody wants any more: all else is told from the world.
    """
    scene = Scene(id=revision.id, mapping=mapping, before=before, revision=revision, world=world, rules=rules)
    wanted = Wanted()
    if mapping is not None:
        _want(scene, wanted)
    steps = () if scene.notes.refusals else difference(scene, wanted)
    refusals = tuple(scene.notes.refusals)
    return Outline(
        steps=() if refusals else steps,
        candidates=() if refusals else tuple(wanted.candidates.values()),
        warnings=tuple(scene.notes.warnings),
        refusals=refusals,
        via=next((via for via in _HEAVIEST if via in wanted.via), Via.AUTO),
    )


def _want(scene: Scene, wanted: Wanted) -> None:
    mapping, notes = scene.stated, scene.notes
    if mapping.via in _LATER:
        notes.refuse(f"via {mapping.via} is not there yet: {_LATER[mapping.via]}")
        return
    proxied: list[tuple[Site, Targets]] = []
    for site in sites(scene, wanted):
        _site(scene, site, wanted, proxied)
    opened = _open(scene, proxied, wanted)
    for site, targets in proxied:
        if not any(opened.get((end, 0)) is None for end in targets.provided):
            ambassador.plan(scene, site, targets, opened, wanted)
    if all(host.missing for host in _consumer_hosts(scene)):
        notes.refuse("no host of its consumers can be read")


def _site(scene: Scene, site: Site, wanted: Wanted, proxied: list[tuple[Site, Targets]]) -> None:
    """The consumers of one host by the way that is stated, or that fits; those that need an ambassador are
    gathered first, since ambassadors beside endpoints serve all of them.
    """
    via = scene.stated.via
    if via is Via.HOSTS:
        unfit = hostsline.fits(scene, site)
        if not unfit:
            hostsline.plan(scene, site, wanted)
    elif via is Via.ALIAS or (via is Via.AUTO and not alias.fits(scene, site)):
        unfit = alias.fits(scene, site)
        if not unfit:
            alias.plan(scene, site, wanted)
    else:
        unfit = ambassador.fits(scene, site)
        if not unfit:
            standing = scene.standing(site.host, Side.CONSUMER)
            proxied.append((site, from_host(scene, site.host, standing)))
    if unfit:
        scene.notes.refuse(f"an alias will not do: {unfit}" if via is Via.ALIAS else unfit)


def _consumer_hosts(scene: Scene) -> list[HostView]:
    names = {consumer.host for consumer in scene.stated.consumers}
    return [host for name, host in scene.world.hosts.items() if name in names]


def _open(
    scene: Scene, proxied: list[tuple[Site, Targets]], wanted: Wanted
) -> dict[tuple[Endpoint, int], int]:
    """Ambassadors beside endpoints that nobody reaches otherwise."""
    needs = [(site.host, targets.provided) for site, targets in proxied]
    for host in _consumer_hosts(scene):
        if host.missing:
            # What it dials now must go on, so the same is asked for it; what is amiss there is noted nowhere.
            unseen = replace(scene, notes=Notes())
            needs.append((host, from_host(unseen, host, None).provided))
    dialled: dict[str, dict[Endpoint, frozenset[str]]] = {}
    for host, provided in needs:
        for end in provided:
            ends = dialled.setdefault(end.host, {})
            ends[end] = ends.get(end, frozenset()) | {host.name}
    opened: dict[tuple[Endpoint, int], int] = {}
    for name, ends in dialled.items():
        opened |= provider.plan(scene, scene.world.hosts[name], ends, wanted)
    return opened
