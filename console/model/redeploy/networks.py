"""Networks: the one a container is created with, and those it is connected to before it starts.

Engines before API 1.44 take one network at create (a second is refused), so one is always all that is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.model.redeploy.documents import Document, mapping, text, texts

_SPECIAL = frozenset({"host", "none", "bridge", "default", "nat"})
"""Networks on which aliases and fixed addresses are refused."""


def endpoints(container: Document) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """`NetworkingConfig` for the create, and (network, endpoint settings) of the others, by name."""
    host_config = mapping(container.get("HostConfig"))
    mode = text(host_config.get("NetworkMode"))
    networks = {
        name: mapping(value)
        for name, value in mapping(mapping(container.get("NetworkSettings")).get("Networks")).items()
    }
    if mode.startswith("container:") or mode in ("host", "none"):
        return {}, []
    primary = _primary(mode, networks)
    short = text(container.get("Id"))[:12]
    own_name = text(container.get("Name")).lstrip("/")
    wanted = {name: _endpoint(name, value, short, own_name) for name, value in networks.items()}
    first = wanted.pop(primary, {})
    others = sorted(wanted.items())
    return ({"EndpointsConfig": {primary: first}} if first else {}), others


def _primary(mode: str, networks: Mapping[str, Mapping[str, Any]]) -> str:
    """The network that `NetworkMode` means: by name, by id, or the default one."""
    if mode in networks:
        return mode
    by_id = (n for n, v in networks.items() if mode and text(v.get("NetworkID")) == mode)
    return next(by_id, "bridge" if mode in ("", "default") else mode)


def _endpoint(network: str, value: Mapping[str, Any], short: str, own_name: str) -> dict[str, Any]:
    """What was asked for, without what the engine filled in while the container ran."""
    kept: dict[str, Any] = {}
    if value.get("DriverOpts"):
        kept["DriverOpts"] = value["DriverOpts"]
    if value.get("GwPriority"):
        kept["GwPriority"] = value["GwPriority"]
    if network in _SPECIAL:
        return kept
    fixed = {k: v for k, v in mapping(value.get("IPAMConfig")).items() if v}
    if fixed:
        kept["IPAMConfig"] = fixed
    if texts(value.get("Links")):
        kept["Links"] = texts(value.get("Links"))
    # The short id is the engine's own; the name is answered for whether it is listed or not.
    aliases = [alias for alias in texts(value.get("Aliases")) if alias not in (short, own_name)]
    if aliases:
        kept["Aliases"] = aliases
    return kept


def legacy_links(links: object) -> list[str]:
    """`/db:/web/alias`, as an inspect has them, as `db:alias`."""
    found = []
    for link in texts(links):
        target, _, alias = link.partition(":")
        found.append(f"{target.lstrip('/')}:{alias.rpartition('/')[2]}")
    return found


def shares_network_of(container: Document) -> str:
    """The id or name of the container whose network this one uses, or empty."""
    mode = text(mapping(container.get("HostConfig")).get("NetworkMode"))
    return mode.removeprefix("container:") if mode.startswith("container:") else ""
