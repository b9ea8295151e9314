"""What an operator changes in the same step: image, environment, labels, ports, restart policy, limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.errors import UsageError
from console.model.redeploy.documents import mapping, texts

POLICIES = ("no", "always", "unless-stopped", "on-failure")
_PORT = re.compile(
    r"(?:(?P<ip>(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:]+\]):)?(?:(?P<public>\d{1,5}):)?(?P<private>\d{1,5})"
    r"(?:/(?P<protocol>tcp|udp|sctp))?"
)
_SIZE = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Nothing of it: the same again, from the image that its reference means now."""

    image: str = ""
    """Another reference; empty: the same."""
    env: Mapping[str, str | None] = field(default_factory=dict)
    """New values; None takes a variable away."""
    labels: Mapping[str, str | None] = field(default_factory=dict)
    ports: tuple[str, ...] | None = None
    """All published ports, `[IP:][PUBLIC:]PRIVATE[/PROTOCOL]`; None: as before."""
    restart: str = ""
    """A restart policy, `on-failure:3`; empty: as before."""
    memory: int | None = None
    """Bytes; 0: no limit."""
    cpus: float | None = None
    """Cores; 0: no limit."""


def apply(changes: Changes, config: dict[str, Any], host_config: dict[str, Any]) -> None:
    """Put `changes` into the two halves of a create request, in place. Raises UsageError."""
    if changes.env:
        kept = [e for e in texts(config.get("Env")) if e.partition("=")[0] not in changes.env]
        config["Env"] = kept + [f"{name}={value}" for name, value in changes.env.items() if value is not None]
    if changes.labels:
        labels = {k: v for k, v in mapping(config.get("Labels")).items() if k not in changes.labels}
        config["Labels"] = labels | {k: v for k, v in changes.labels.items() if v is not None}
    if changes.ports is not None:
        _publish(changes.ports, config, host_config)
    if changes.restart:
        host_config["RestartPolicy"] = restart_policy(changes.restart)
    if changes.memory is not None:
        host_config["Memory"] = changes.memory
        # A swap limit below the memory limit is refused; without one of its own it is twice the memory.
        host_config["MemorySwap"] = 0
    if changes.cpus is not None:
        host_config["NanoCpus"] = round(changes.cpus * 1e9)
        host_config["CpuQuota"] = host_config["CpuPeriod"] = 0


def pairs(stated: Iterable[str], what: str) -> dict[str, str | None]:
    """`A=1` sets, `A-` takes away. Raises UsageError, which begins with `what`."""
    found: dict[str, str | None] = {}
    for entry in stated:
        name, equals, value = entry.partition("=")
        if equals and name:
            found[name] = value
        elif entry.endswith("-") and len(entry) > 1:
            found[entry[:-1]] = None
        else:
            raise UsageError(f"{what} `{entry}`", next_step="write NAME=VALUE, or NAME- to take it away")
    return found


def _publish(ports: tuple[str, ...], config: dict[str, Any], host_config: dict[str, Any]) -> None:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        found = _PORT.fullmatch(port)
        numbers = [int(n) for n in (found["public"], found["private"]) if n] if found else []
        if found is None or not all(0 < n < 65536 for n in numbers):
            raise UsageError(f"`{port}` is no port", next_step="write [IP:][PUBLIC:]PRIVATE[/udp]")
        key = f"{found['private']}/{found['protocol'] or 'tcp'}"
        where = {"HostIp": (found["ip"] or "").strip("[]"), "HostPort": found["public"] or ""}
        bindings.setdefault(key, []).append(where)
    host_config["PortBindings"] = bindings
    host_config["PublishAllPorts"] = False
    config["ExposedPorts"] = mapping(config.get("ExposedPorts")) | {key: {} for key in bindings}


def restart_policy(stated: str) -> dict[str, Any]:
    """`on-failure:3` as an engine wants it. Raises UsageError."""
    name, colon, count = stated.partition(":")
    if name not in POLICIES or (colon and (name != "on-failure" or not count.isdecimal())):
        raise UsageError(f"`{stated}` is no restart policy", next_step=f"there are {', '.join(POLICIES)}")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


def memory_size(stated: str) -> int:
    """`512m`, `2g`, `0` in bytes. Raises UsageError."""
    found = _SIZE.fullmatch(stated.strip())
    if found is None:
        raise UsageError(f"`{stated}` is no size", next_step="write 512m or 2g; 0 for no limit")
    return int(float(found[1]) * _UNITS[found[2].lower()])
