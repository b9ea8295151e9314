"""What may differ between a container and the one made like it, each with its reason; the rest may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from console.model.redeploy.course import LABELS

Document = dict[str, Any]

ALLOWED: Mapping[str, str] = {
    r"Id|Created": "it is another container",
    r"State\..*|RestartCount|ExecIDs": "it was started at another time",
    r"(ResolvConf|Hostname|Hosts|Log)Path|GraphDriver\..*": "files of the engine, named by the id",
    r"HostConfig\.ContainerIDFile": "a file that `docker run --cidfile` wrote once",
    r"NetworkSettings\.(SandboxID|SandboxKey|EndpointID)": "made at every start",
    r"NetworkSettings(\.Networks\.[^.]+)?\.EndpointID": "made at every start",
    r"NetworkSettings\.Networks\.bridge\.NetworkID": "made at every start of the engine",
    r"NetworkSettings\.Networks\.[^.]+\.DNSNames": "filled in by the engine from names and ids",
}
"""A pattern of a path -> why it may differ."""

_FREE = r"NetworkSettings(\.Networks\.[^.]+)?\.(IPAddress|MacAddress)"
"""Given out anew at each start, unless asked for; the fixed ones are compared by `wanted`."""


def differences(old: Document, new: Document) -> list[str]:
    """Paths at which two inspects differ and must not, with both values."""
    a, b = dict(_flat(normal(old))), dict(_flat(normal(new)))
    found = []
    for path in sorted(a.keys() | b.keys()):
        if a.get(path) != b.get(path) and not any(re.fullmatch(p, path) for p in (*ALLOWED, _FREE)):
            found.append(f"{path}: {a.get(path)!r} -> {b.get(path)!r}")
    return found


def normal(document: Document) -> Document:
    """An inspect with what is said in two ways said in one, and ids of its own taken out."""
    short = document["Id"][:12]
    config, host_config = dict(document["Config"]), dict(document["HostConfig"])
    config["Labels"] = {k: v for k, v in config["Labels"].items() if k not in LABELS}
    if config.get("Hostname") == short:
        config["Hostname"] = "<own id>"
    # An image's variables come first or last; which one wins is the same.
    config["Env"] = sorted(config["Env"] or ())
    config["Volumes"] = config.get("Volumes") or {}
    anonymous = {m["Destination"]: m["Name"] for m in document["Mounts"] if m["Type"] == "volume"}
    host_config["Binds"] = sorted(set(map(_plain, host_config.get("Binds") or ())) | {
        f"{name}:{at}" for at, name in anonymous.items()
    })  # fmt: skip
    host_config["Mounts"] = sorted(
        ({**mount, "Source": mount.get("Source") or anonymous.get(mount["Target"], "")}
         for mount in host_config.get("Mounts") or ()),
        key=lambda mount: str(mount["Target"]),
    )  # fmt: skip
    settings = dict(document["NetworkSettings"])
    settings["Networks"] = {n: _endpoint(e, short) for n, e in settings["Networks"].items()}
    settings["Ports"] = {port: _public(port, where, host_config) for port, where in settings["Ports"].items()}
    return {
        **document,
        "Config": config,
        "HostConfig": host_config,
        "NetworkSettings": settings,
        "Mounts": {m["Destination"]: _mount(m) for m in document["Mounts"]},
    }


def _plain(bind: str) -> str:
    """Without options: those are compared as the mount has them."""
    return ":".join(bind.split(":")[:2])


def _mount(mount: Document) -> Document:
    """The mode is how it was asked for (`z`, `ro`, nothing); RW and Propagation are what is done."""
    return {key: value for key, value in mount.items() if key != "Mode"}


def _endpoint(endpoint: Document, short: str) -> Document:
    fixed = {key: value for key, value in (endpoint.get("IPAMConfig") or {}).items() if value}
    return {
        **endpoint,
        "IPAMConfig": {**fixed, "has": endpoint["IPAddress"]} if fixed else {},
        "Aliases": sorted(set(endpoint.get("Aliases") or ()) - {short}),
        "Links": sorted(endpoint.get("Links") or ()),
        "DriverOpts": endpoint.get("DriverOpts") or {},
    }


def _public(port: str, where: list[Document] | None, host_config: Document) -> object:
    """A port that the engine picked is any port."""
    asked = {b["HostPort"] for b in (host_config.get("PortBindings") or {}).get(port) or ()}
    return sorted((b["HostIp"], b["HostPort"] if b["HostPort"] in asked else "any") for b in where or ())


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    else:
        # An engine says null, [] and {} for the same nothing.
        yield path, value if value not in (None, [], {}) else None
