"""What all ways of realising look at: the mapping, the world, and a place to note what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from console.model.containers import ContainerState
from console.model.mappings import haproxy
from console.model.mappings.body import ambassador_name
from console.model.mappings.mapping import Mapping
from console.model.mappings.realise.outline import Numbered, RealiseRules
from console.model.mappings.world import (
    FLEET_LABEL,
    MAPPING_LABEL,
    AmbassadorView,
    Attachment,
    ContainerView,
    HostView,
    NetworkView,
    Side,
    World,
)
from console.model.text import SafeText, sanitise

RUNS = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})
MARK = "dockcon."
_NEVER = frozenset({"bridge", "podman", "host", "none"})


@dataclass(slots=True)
class Notes:
    """What is found on the way; each once, in the order it was found."""

    warnings: dict[SafeText, None] = field(default_factory=dict)
    refusals: dict[SafeText, None] = field(default_factory=dict)

    def warn(self, text: str) -> None:
        self.warnings[sanitise(text, 400)] = None

    def refuse(self, text: str) -> None:
        self.refusals[sanitise(text, 400)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One mapping to be made true."""

    id: str
    mapping: Mapping | None
    """None: it is to go."""
    before: Mapping | None
    """What it was, where that is known."""
    revision: Numbered
    world: World
    rules: RealiseRules
    notes: Notes = field(default_factory=Notes)

    @property
    def stated(self) -> Mapping:
        """The mapping, where there is one."""
        assert self.mapping is not None
        return self.mapping

    @property
    def marker(self) -> str:
        """An alias by which a place in a network is known to be of this mapping's making."""
        return f"{MARK}{self.id}"

    def host(self, name: str) -> HostView | None:
        """A host that can be read now; one that cannot is noted."""
        host = self.world.hosts.get(name)
        if host is None:
            self.notes.refuse(f"{name} is not a host of this fleet")
            return None
        if host.missing:
            self.notes.warn(
                f"{name} cannot be read ({host.missing}): what is there stays as it is until then"
            )
            return None
        return host

    def standing(self, host: HostView, side: Side) -> AmbassadorView | None:
        """Our ambassador for this mapping, the one with the right name."""
        name = ambassador_name(self.id, side)
        return next((one for one in self.ours(host) if one.side is side and one.container.name == name), None)

    def ours(self, host: HostView) -> tuple[AmbassadorView, ...]:
        """All our ambassadors for this mapping on a host."""
        return tuple(
            one for one in host.ambassadors if one.fleet == self.world.fleet and one.mapping == self.id
        )

    def is_ours(self, network: NetworkView) -> bool:
        labels = network.labels
        return labels.get(MAPPING_LABEL) == self.id and labels.get(FLEET_LABEL) == self.world.fleet

    def foreign(self, ambassador: AmbassadorView) -> bool:
        """Whether it has, or runs, a wording that neither book nor history knows."""
        known = self.rules.known
        if known is None:
            return False
        found = {ambassador.header.digest} if ambassador.header is not None else set()
        if ambassador.running is not None and ambassador.running.revision:
            found.add(haproxy.meaning_of(ambassador.running.revision)[:12])
        return not found <= known


def is_kept(container: ContainerView) -> bool:
    """Whether it is what a redeploy has put aside, or not yet put in its place."""
    return ".dockcon-" in container.name


def truth(host: HostView, container: ContainerView) -> ContainerView | None:
    """The container whose network it is: itself, but for `container:` mode. None where that one is gone."""
    seen: set[str] = set()
    while container.mode.startswith("container:"):
        other = container.mode.removeprefix("container:")
        if container.id in seen:
            return None
        seen.add(container.id)
        found = next((one for one in host.containers if other and other in (one.id, str(one.name))), None)
        if found is None:
            return None
        container = found
    return container


def places(host: HostView, container: ContainerView) -> tuple[Attachment, ...]:
    """Its places in networks of its users' own making, sorted by name: those that exist, none of ours, none
    that we have put it into.
    """
    found = []
    for place in container.attachments:
        network = network_of(host, place)
        if place.network in _NEVER or network is None or MAPPING_LABEL in network.labels:
            continue
        ours = any(alias.startswith(MARK) for alias in place.aliases)
        if network.driver in ("bridge", "overlay") and not ours:
            found.append(place)
    return tuple(sorted(found, key=lambda place: place.network))


def home(host: HostView, containers: Iterable[ContainerView]) -> str:
    """A network that all of them are on: if they can, the one that the first was made on. Empty for none."""
    known = list(containers)
    shared = set.intersection(*({place.network for place in places(host, one)} for one in known))
    return known[0].mode if known[0].mode in shared else min(shared, default="")


def network_of(host: HostView, place: Attachment) -> NetworkView | None:
    """The network of a place; None where that very one is no more (another may have its name)."""
    if place.network_id:
        return next((one for one in host.networks if one.id == place.network_id), None)
    return next((one for one in host.networks if one.name == place.network), None)


def place_in(container: ContainerView, network: str) -> Attachment | None:
    return next((place for place in container.attachments if place.network == network), None)


def way_out(host: HostView) -> NetworkView | None:
    """The network by which ambassadors reach other hosts: the engine's default bridge."""
    return host.network("podman" if host.engine == "podman" else "bridge")


def holder(scene: Scene, host: HostView, network: str, name: str) -> ContainerView | None:
    """Who has a name on a network already, our own for this mapping apart."""
    for container in host.containers:
        place = place_in(container, network)
        if is_kept(container) or place is None or (name not in place.aliases and container.name != name):
            continue
        ours = any(one.container.id == container.id for one in scene.ours(host))
        if not ours and (scene.marker not in place.aliases or container.name == name):
            return container
    return None
