"""The request that makes a container like another one, from a new image or with changed settings."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.model.redeploy.changes import Changes, apply
from console.model.redeploy.config import own_config
from console.model.redeploy.documents import Document, mapping, text
from console.model.redeploy.networks import endpoints, legacy_links
from console.model.redeploy.storage import keep_volumes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recreation:
    """What to ask the engine for. Holds secrets: never shown, logged or journalled."""

    body: dict[str, Any]
    """For `POST /containers/create`."""
    connect: tuple[tuple[str, dict[str, Any]], ...]
    """Further networks and their endpoint settings, to be connected before the start."""
    volumes: tuple[str, ...]
    """Anonymous volumes that the new one takes over."""


def recreation(
    container: Document,
    old_image: Document | None,
    changes: Changes,
    names: Mapping[str, str],
) -> Recreation:
    """What makes a container like `container` (its inspect) with `changes`.

    `old_image` is the inspect of the image it was made of, found by its id and not by its tag; None where it
    is gone. `names` has the names of the other containers by full id: an id of a container that may itself be
    recreated is no lasting reference.
    """
    config = own_config(container, old_image)
    config["Image"] = changes.image or text(mapping(container.get("Config")).get("Image"))
    host_config = copy.deepcopy(mapping(container.get("HostConfig")))
    host_config.pop("ContainerIDFile", None)
    if host_config.get("Links"):
        host_config["Links"] = legacy_links(host_config["Links"])
    for key in ("NetworkMode", "IpcMode", "PidMode"):
        mode = text(host_config.get(key))
        if mode.startswith("container:"):
            other = mode.removeprefix("container:")
            host_config[key] = f"container:{names.get(other, other)}"
    volumes = keep_volumes(host_config, container)
    networking, further = endpoints(container)
    apply(changes, config, host_config)
    body = {**config, "HostConfig": host_config}
    if networking:
        body["NetworkingConfig"] = networking
    return Recreation(body=body, connect=tuple(further), volumes=tuple(volumes))


def dependents(container_id: str, others: Mapping[str, Document]) -> list[str]:
    """Ids of those of `others` (inspects by id) that use this container's network, processes or volumes: they
    have to be recreated after it, since they hold on to the old one.
    """
    found = []
    for other_id, other in others.items():
        host_config = mapping(other.get("HostConfig"))
        modes = (text(host_config.get(key)) for key in ("NetworkMode", "IpcMode", "PidMode"))
        if f"container:{container_id}" in modes:
            found.append(other_id)
    return found
