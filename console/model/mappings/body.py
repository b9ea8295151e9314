"""What an ambassador is created with: the body of `POST /containers/create`, and a digest of it.

The container gets by on nothing: no capability, no new privileges, no mount of the host's, its sockets in a
tmpfs of its own. Everything that an edit changes is in its configuration; what is here is fixed for its life,
so a difference of digests means that it must be made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Lookup
from typing import Any

from console.model.mappings.haproxy import CONFIG, MASTER_SOCKET, RUN
from console.model.mappings.world import FLEET_LABEL, MAPPING_LABEL, SIDE_LABEL, SPEC_LABEL, Side

MEMORY = 128 << 20
"""Bytes: an old worker stays for as long as it has sessions, and a killed ambassador drops all of them."""

FILES = 16384
"""More than twice `maxconn`: HAProxy ends where it cannot have them."""


def ambassador_name(mapping: str, side: Side) -> str:
    """`dockcon-db`, `dockcon-db-provider`."""
    return f"dockcon-{mapping}" if side is Side.CONSUMER else f"dockcon-{mapping}-provider"


def network_name(mapping: str) -> str:
    """Of an internal network of ours; one on each host that needs it."""
    return f"dockcon-{mapping}"


def network_labels(fleet: str, mapping: str) -> dict[str, str]:
    return {FLEET_LABEL: fleet, MAPPING_LABEL: mapping}


def create_body(
    *, fleet: str, mapping: str, side: Side, image: str, publish: Lookup[int, str] = {}
) -> dict[str, Any]:
    """The body for an ambassador (Docker API, ContainerCreate).

    `publish` says on which address of the host which port is published, under the same number.
    """
    body: dict[str, Any] = {
        "Image": image,
        "Entrypoint": ["haproxy"],
        "Cmd": ["-W", "-db", "-S", f"{MASTER_SOCKET},mode,600", "-f", CONFIG],
        "StopSignal": "SIGTERM",
        "ExposedPorts": {f"{port}/tcp": {} for port in sorted(publish)},
        "HostConfig": {
            "NetworkMode": "bridge",
            "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            # Ports below 1024 without a capability.
            "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
            "Tmpfs": {RUN: "rw,noexec,nosuid,nodev,size=64k,mode=1777"},
            "Ulimits": [{"Name": "nofile", "Soft": FILES, "Hard": FILES}],
            "Memory": MEMORY,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
            "PortBindings": {
                f"{port}/tcp": [{"HostIp": address, "HostPort": str(port)}]
                for port, address in sorted(publish.items())
            },
        },
    }
    labels = {FLEET_LABEL: fleet, MAPPING_LABEL: mapping, SIDE_LABEL: side.value}
    return {**body, "Labels": {**labels, SPEC_LABEL: spec_of(body)}}


def spec_of(body: Lookup[str, Any]) -> str:
    """Twelve hex digits over all that is fixed at creation, labels apart."""
    fixed = {key: value for key, value in body.items() if key != "Labels"}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:12]


def published(body: Lookup[str, Any]) -> dict[int, str]:
    """What `create_body` was told to publish."""
    bindings: Lookup[str, Any] = body["HostConfig"]["PortBindings"]
    return {int(port.partition("/")[0]): bound[0]["HostIp"] for port, bound in bindings.items()}
