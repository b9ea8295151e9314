"""From an engine's documents to what planning sees of a container. Of its environment only the names and
ports that it dials are kept.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import replace
from ipaddress import ip_network

from console.model.containers import Inspection, Port
from console.model.mappings.offers import dials
from console.model.mappings.world import (
    FLEET_LABEL,
    MAPPING_LABEL,
    SIDE_LABEL,
    SPEC_LABEL,
    AmbassadorView,
    Attachment,
    ContainerView,
    NetworkView,
    Side,
)
from console.model.redeploy.documents import mapping, text, texts

NAMELESS = frozenset({"bridge", "host", "none"})
"""Networks of an engine in which nobody is found by a name."""


def container_view(inspection: Inspection, hosts_lines: tuple[str, ...] = ()) -> ContainerView:
    """`GET /containers/{id}/json`, as far as mappings need it."""
    container, document = inspection.container, inspection.document
    host_config = mapping(document.get("HostConfig"))
    settings = mapping(document.get("NetworkSettings"))
    pid = mapping(document.get("State")).get("Pid")
    return ContainerView(
        host=container.host,
        id=container.id,
        name=container.name,
        image=container.image,
        image_id=container.image_id,
        state=container.state,
        health=container.health,
        labels=container.labels,
        mode=_mode(text(host_config.get("NetworkMode"))),
        attachments=_attachments(settings, str(container.name), container.id),
        ports=_ports(inspection),
        hosts_path=text(document.get("HostsPath")),
        hosts_lines=hosts_lines,
        pid=pid if isinstance(pid, int) else 0,
        auto_remove=host_config.get("AutoRemove") is True,
        dials=dials(document),
    )


def with_gateways(network: NetworkView) -> NetworkView:
    """A bridge network with the address of the host itself in it. Engines do not tell that of the default
    bridge unless it was configured: then it is the first one of its subnet.
    """
    if network.gateways or network.driver != "bridge":
        return network
    found = []
    for subnet in network.subnets:
        try:
            found.append(str(next(ip_network(subnet, strict=False).hosts())))
        except (ValueError, StopIteration):
            continue
    return replace(network, gateways=tuple(found))


def ambassador_view(container: ContainerView) -> AmbassadorView | None:
    """A container that carries our labels under the name that goes with them, its file and process not yet
    read; None for any other: whoever can start a container can write labels, and what is taken for an
    ambassador may be removed.
    """
    labels = container.labels
    if not labels.get(FLEET_LABEL) or not labels.get(MAPPING_LABEL):
        return None
    name = f"dockcon-{labels[MAPPING_LABEL]}"
    if container.name not in (name, f"{name}-provider"):
        return None
    provider = str(labels.get(SIDE_LABEL, "")) == Side.PROVIDER.value
    return AmbassadorView(
        container=container,
        fleet=str(labels[FLEET_LABEL]),
        mapping=str(labels[MAPPING_LABEL]),
        side=Side.PROVIDER if provider else Side.CONSUMER,
        spec=str(labels.get(SPEC_LABEL, "")),
    )


def _mode(raw: str) -> str:
    # Older engines say `default` for what newer ones call by its name.
    return "bridge" if raw in ("", "default") else raw


def _attachments(settings: Lookup[str, object], name: str, ident: str) -> tuple[Attachment, ...]:
    found = []
    for network, raw in sorted(mapping(settings.get("Networks")).items()):
        endpoint = mapping(raw)
        # Engines before 25 list the short id among the aliases, later ones all of them as DNSNames.
        known = {*texts(endpoint.get("Aliases")), *texts(endpoint.get("DNSNames"))} - {ident[:12]}
        if network not in NAMELESS:
            known.add(name)
        address = text(endpoint.get("IPAddress")) or text(endpoint.get("GlobalIPv6Address"))
        aliases = () if network in NAMELESS else tuple(sorted(known))
        found.append(
            Attachment(
                network=network, network_id=text(endpoint.get("NetworkID")), ip=address, aliases=aliases
            )
        )
    return tuple(found)


def _ports(inspection: Inspection) -> tuple[Port, ...]:
    """What is published, and what is exposed without being published. A container that does not run has none
    published now; what it will publish when it is started stands in its configuration.
    """
    document = inspection.document
    found = set(inspection.container.ports)
    bindings = mapping(mapping(document.get("HostConfig")).get("PortBindings"))
    exposed = mapping(mapping(document.get("Config")).get("ExposedPorts"))
    known = {(port.private, port.protocol) for port in found}
    for spec in (*bindings, *exposed):
        private, _, protocol = spec.partition("/")
        if not (private.isascii() and private.isdigit() and len(private) <= 5):
            continue
        key = (int(private), "udp" if protocol == "udp" else protocol or "tcp")
        if key in known or not 0 < key[0] < 65536:
            continue
        known.add(key)
        found.update(_bound(key, bindings.get(spec)))
    return tuple(sorted(found))


def _bound(key: tuple[int, str], bindings: object) -> list[Port]:
    stated = [mapping(one) for one in bindings] if isinstance(bindings, list) else []
    fixed = [
        Port(key[0], int(public), text(one.get("HostIp")), key[1])
        for one in stated
        if (public := text(one.get("HostPort"))).isdigit() and 0 < int(public) < 65536
    ]
    return fixed or [Port(key[0], 0, "", key[1])]
