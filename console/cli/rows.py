"""Snapshots as rows of JSON, with the fields of section 14 of the design. Pure.

Times are UTC in ISO 8601; what is not known is null. Labels and commands are masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from console.model.containers import Container, ContainerState, Health, Port
from console.model.events import EngineEvent
from console.model.hosts import HostLoad
from console.model.problems import Problem
from console.model.snapshot import HostSnapshot

Row = dict[str, object]

_ALIVE = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})


def time_of(seconds: float | None) -> str | None:
    """Seconds of the Unix epoch as `2024-05-06T07:08:09.123Z`."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_of_ns(nanoseconds: int) -> str:
    """The same from nanoseconds, which are all kept."""
    whole, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def state_of(snapshot: HostSnapshot, container: Container) -> ContainerState:
    """What may be said of a container: of a host that is not heard, `running` is only a memory."""
    if container.state in _ALIVE and not snapshot.fresh:
        return ContainerState.UNKNOWN
    return container.state


def container_row(snapshot: HostSnapshot, container: Container, problem: Problem | None) -> Row:
    """One object of `ps --json`."""
    from console.model.secrets import mask_labels  # slow to load, and a table shows no labels

    usage = snapshot.usage.get(container.id)
    return {
        "host": container.host,
        "id": container.id,
        "name": container.name,
        "image": container.image,
        "state": state_of(snapshot, container).value,
        "exit_code": container.exit_code,
        "oom": container.oom,
        "health": None if container.health is Health.NONE else container.health.value,
        "ports": [_port(port) for port in container.ports],
        "project": container.project or None,
        "labels": mask_labels(container.labels),
        "created": time_of(container.created),
        "started": time_of(container.started),
        "restarts": container.restarts,
        "cpu_percent": None if usage is None or usage.cpu_percent is None else round(usage.cpu_percent, 2),
        "memory_bytes": None if usage is None else usage.memory_bytes,
        "problem": None if problem is None else problem.text,
    }


def _port(port: Port) -> Row:
    return {
        "private": port.private,
        "public": port.public or None,
        "ip": port.ip or None,
        "protocol": port.protocol,
    }


def host_row(snapshot: HostSnapshot) -> Row:
    """One object of `hosts --json`."""
    status, facts, load = snapshot.status, snapshot.facts, snapshot.load
    running = sum(c.state is ContainerState.RUNNING for c in snapshot.containers.values())
    listed = snapshot.listed is not None
    return {
        "host": snapshot.name,
        "address": snapshot.spec.target,
        "state": status.state.value,
        "reason": status.reason or None,
        "since": time_of(status.since),
        "rtt_ms": None if snapshot.rtt is None else round(1000 * snapshot.rtt, 2),
        "engine": facts.engine if facts else None,
        "version": facts.version if facts else None,
        "api": facts.api if facts else None,
        "carrier": facts.carrier if facts else None,
        "capabilities": {name: why or "ok" for name, why in snapshot.capabilities.items()},
        "containers": len(snapshot.containers) if listed else None,
        "running": running if listed else None,
        **_load(load),
    }


def _load(load: HostLoad | None) -> Row:
    return {
        "disk_used_percent": _rounded(load.disk_percent) if load else None,
        "load": load.load1 if load else None,
        "memory_used_percent": _rounded(load.memory_percent) if load else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def problem_row(problem: Problem) -> Row:
    """One object of `problems --json`."""
    return {
        "host": problem.host,
        "container": problem.name or None,
        "kind": problem.kind.value,
        "since": time_of(problem.since),
        "text": problem.text,
    }


def event_row(event: EngineEvent) -> Row:
    """One object of `events --json`."""
    from console.model.secrets import mask_command, mask_labels

    attributes: Mapping[str, str] = event.attributes
    return {
        "time": time_of_ns(event.time_ns),
        "host": event.host,
        "type": event.type,
        # An exec's whole command line stands here.
        "action": mask_command(event.action),
        "id": event.id,
        "name": event.name,
        "attributes": mask_labels(attributes),
    }


def ports_text(ports: tuple[Port, ...]) -> str:
    """`8080>80`, `127.0.0.1:8080>80/udp`, `5432` where nothing is published; IPv4 and IPv6 once."""
    shown = dict.fromkeys(_port_text(port) for port in sorted(ports, key=lambda p: (not p.public, p)))
    return " ".join(shown)


def _port_text(port: Port) -> str:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    if not port.public:
        return f"{port.private}{protocol}"
    address = "" if port.ip in ("", "0.0.0.0", "::") else f"[{port.ip}]:" if ":" in port.ip else f"{port.ip}:"
    return f"{address}{port.public}>{port.private}{protocol}"
