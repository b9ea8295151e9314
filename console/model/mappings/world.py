"""The fleet as planning sees it: frozen, every part from an engine or a host, with what could not be read."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from enum import StrEnum

from console.model.actions import Target
from console.model.containers import ContainerState, Health, Port
from console.model.hosts import Guard
from console.model.mappings.mapping import Party
from console.model.mappings.offers import Proposal
from console.model.text import NOTHING, SafeText

FLEET_LABEL = "dockcon.fleet"
MAPPING_LABEL = "dockcon.mapping"
SIDE_LABEL = "dockcon.side"
SPEC_LABEL = "dockcon.spec"
"""Digest of all that is fixed when an ambassador is created."""


class Side(StrEnum):
    """Where an ambassador stands."""

    CONSUMER = "consumer"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkView:
    """One network of an engine."""

    id: str
    name: str
    driver: str = "bridge"
    scope: str = "local"
    internal: bool = False
    subnets: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    labels: Lookup[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A container's place in one network."""

    network: str
    network_id: str = ""
    ip: str = ""
    """Empty while the container does not run."""
    aliases: tuple[str, ...] = ()
    """Every name its neighbours there find it by, its own name included (not on the default bridge)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerView:
    """One container as mappings need it. Environment is left out on purpose: it holds secrets."""

    host: str
    id: str
    name: SafeText
    image: SafeText = NOTHING
    image_id: str = ""
    state: ContainerState = ContainerState.RUNNING
    health: Health = Health.NONE
    labels: Lookup[str, SafeText] = field(default_factory=dict)
    mode: str = "bridge"
    """`HostConfig.NetworkMode`: `host`, `none`, `container:ID`, else a network."""
    attachments: tuple[Attachment, ...] = ()
    ports: tuple[Port, ...] = ()
    """Exposed and published ones."""
    hosts_path: str = ""
    """Its /etc/hosts on the host."""
    hosts_lines: tuple[str, ...] | None = ()
    """The lines of that file that are ours; None: it cannot be read here (nor written, then)."""
    pid: int = 0
    auto_remove: bool = False
    dials: tuple[Proposal, ...] = ()
    """Names or addresses, and ports, that its configuration says it dials; never a value with a secret."""

    @property
    def target(self) -> Target:
        return Target(host=self.host, id=self.id, name=self.name, image=self.image)

    def is_of(self, party: Party) -> bool:
        """Whether it is the container, or one of the service, that is meant."""
        if party.host != self.host:
            return False
        if party.container:
            return party.container == self.name
        project = self.labels.get("com.docker.compose.project", NOTHING)
        return project == party.project and self.labels.get("com.docker.compose.service") == party.service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """One server of one backend, as the running HAProxy reports it."""

    backend: str
    server: str
    address: str = ""
    """`10.0.0.21:5432`; empty where it is not told."""
    status: str = ""
    """HAProxy's word: `UP`, `DOWN`, `MAINT`, `DRAIN`, `no check` ..."""
    check: str = ""
    """HAProxy's word for the last check: `L4OK`, `L4CON`, `L4TOUT`, `L7STS` ..."""
    sessions: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyView:
    """What an ambassador's running HAProxy says of itself."""

    revision: str = ""
    """`NUMBER-DIGEST` that the running worker was started with, as `Header.revision`; empty: no configuration
    of ours."""
    servers: tuple[ServerView, ...] = ()
    old_sessions: int | None = None
    """Held by workers of earlier configurations; None: cannot be told here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a configuration of ours."""

    fleet: str
    mapping: str
    number: int
    digest: str
    """Of the mapping as stated, twelve digits."""
    parent: str
    text: str = ""
    """Of all that follows the first line, eight digits: one wording can lead to different files, since
    endpoints move."""

    @property
    def revision(self) -> str:
        """As a running worker shows it (`ProxyView.revision`)."""
        return f"{self.number}-{self.digest}{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbassadorView:
    """A container that carries our labels, with its file and its process."""

    container: ContainerView
    fleet: str
    mapping: str
    side: Side
    spec: str
    config: str | None = None
    """The file as it is; None: none there, or it cannot be read (`unread` says why)."""
    header: Header | None = None
    """Of the file."""
    running: ProxyView | None = None
    """None: it does not run, or cannot be asked (`unread` says why)."""
    unread: SafeText = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host of the fleet."""

    name: str
    reach: str = ""
    """The address at which the other hosts reach ports published here; empty: none is known."""
    guard: Guard = Guard.CONFIRM
    missing: SafeText = NOTHING
    """Why nothing is known of it now; empty where it is up."""
    root: bool = False
    """Whether the login is root: namespaces can be entered and an ambassador's own socket opened."""
    shell: bool = False
    engine: str = "docker"
    containers: tuple[ContainerView, ...] = ()
    networks: tuple[NetworkView, ...] = ()
    ambassadors: tuple[AmbassadorView, ...] = ()
    """Those with a label of this program, of whatever fleet."""
    listening: frozenset[int] | None = None
    """TCP ports taken on the host, as far as can be told; None: cannot."""
    image: str = ""
    """Id of the ambassador's image here; empty: absent."""

    def network(self, name: str) -> NetworkView | None:
        """By name or id."""
        return next((one for one in self.networks if name in (one.name, one.id)), None)

    def of(self, party: Party) -> tuple[ContainerView, ...]:
        """The containers that are meant, sorted by name; kept predecessors of a redeploy are none of them."""
        found = (one for one in self.containers if one.is_of(party) and ".dockcon-" not in one.name)
        return tuple(sorted(found, key=lambda one: one.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All hosts that concern the mappings in question, at about one time (seconds of the Unix epoch)."""

    fleet: str
    at: float
    hosts: Lookup[str, HostView]

    def containers(self, party: Party) -> tuple[ContainerView, ...]:
        """The containers that are meant; none where the host is not known."""
        host = self.hosts.get(party.host)
        return host.of(party) if host is not None else ()

    def ambassadors(self, mapping: str) -> tuple[AmbassadorView, ...]:
        """Ours that carry a mapping, by host."""
        return tuple(
            one
            for host in self.hosts.values()
            for one in host.ambassadors
            if one.fleet == self.fleet and one.mapping == mapping
        )
