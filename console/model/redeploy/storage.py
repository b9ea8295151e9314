"""Volumes and mounts: the new container gets the very volumes of the old one, also those without a name."""

from __future__ import annotations

from typing import Any

from console.model.redeploy.documents import Document, items, mapping, text, texts


def keep_volumes(host_config: dict[str, Any], container: Document) -> list[str]:
    """Name the anonymous volumes of `container` in `host_config` (changed in place); return their names.

    An anonymous volume stands only in `Mounts`: created anew, the container would get an empty one.
    """
    binds = texts(host_config.get("Binds"))
    bound = {_destination(bind) for bind in binds}
    mounts = [mapping(mount) for mount in items(host_config.get("Mounts"))]
    by_target = {text(mount.get("Target")): mount for mount in mounts}
    temporary = set(mapping(host_config.get("Tmpfs")))
    found: list[str] = []
    for mount in map(mapping, items(container.get("Mounts"))):
        name, at = text(mount.get("Name")), text(mount.get("Destination"))
        if mount.get("Type") != "volume" or not name or not at or at in bound or at in temporary:
            continue
        stated = by_target.get(at)
        if stated is None:
            binds.append(f"{name}:{at}" + ("" if mount.get("RW", True) else ":ro"))
        elif stated.get("Type") == "volume" and not stated.get("Source"):
            stated["Source"] = name
        else:
            continue
        found.append(name)
    if binds:
        host_config["Binds"] = binds
    if mounts:
        host_config["Mounts"] = mounts
    return found


def _destination(bind: str) -> str:
    """The path inside, of `source:/path[:options]`."""
    parts = bind.split(":")
    return parts[1] if len(parts) > 1 else parts[0]
