"""Who else thinks that a container is theirs: orchestrators that would undo what is done behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.model.redeploy.documents import Document, mapping, text
from console.model.text import SafeText, safe, sanitise


class OwnerKind(StrEnum):
    """What manages a container."""

    COMPOSE = "compose"
    SWARM = "swarm"
    KUBERNETES = "kubernetes"
    POD = "pod"
    SYSTEMD = "systemd"
    NOMAD = "nomad"
    RANCHER = "rancher"
    MESOS = "mesos"


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner, and its own way to do what is asked for."""

    kind: OwnerKind
    name: SafeText
    """Project, service, pod, unit ..."""
    way: SafeText
    """A command of the owner's, or a sentence."""
    undoes: bool
    """Whether it would undo a redeploy; Compose only sees drift."""


def _compose(labels: Mapping[str, object], label: str) -> Owner:
    service = sanitise(text(labels.get("com.docker.compose.service")), 100)
    files = sanitise(text(labels.get("com.docker.compose.project.config_files")), 300)
    where = f"-f {files.partition(',')[0]} " if files else ""
    return Owner(
        OwnerKind.COMPOSE,
        sanitise(label, 100),
        safe(f"docker compose {where}up -d {service}".rstrip()),
        undoes=False,
    )


def _swarm(labels: Mapping[str, object], label: str) -> Owner:
    name = sanitise(text(labels.get("com.docker.swarm.service.name")) or label, 100)
    return Owner(OwnerKind.SWARM, name, safe(f"docker service update --force {name}"), undoes=True)


def _kubernetes(labels: Mapping[str, object], label: str) -> Owner:
    namespace = sanitise(text(labels.get("io.kubernetes.pod.namespace")) or "default", 100)
    pod = sanitise(label, 200)
    return Owner(OwnerKind.KUBERNETES, pod, safe(f"kubectl -n {namespace} delete pod {pod}"), undoes=True)


def _systemd(labels: Mapping[str, object], label: str) -> Owner:
    unit = sanitise(label, 200)
    return Owner(OwnerKind.SYSTEMD, unit, safe(f"systemctl restart {unit}"), undoes=True)


def _other(kind: OwnerKind, way: str) -> Callable[[Mapping[str, object], str], Owner]:
    return lambda labels, label: Owner(kind, sanitise(label, 200), safe(way), undoes=True)


_BY_LABEL: tuple[tuple[str, Callable[[Mapping[str, object], str], Owner]], ...] = (
    ("com.docker.swarm.service.id", _swarm),
    ("com.docker.swarm.task.id", _swarm),
    ("io.kubernetes.pod.name", _kubernetes),
    ("PODMAN_SYSTEMD_UNIT", _systemd),
    ("com.hashicorp.nomad.alloc_id", _other(OwnerKind.NOMAD, "nomad alloc restart, or a new job version")),
    ("io.rancher.container.uuid", _other(OwnerKind.RANCHER, "upgrade the service in Rancher")),
    ("com.docker.compose.project", _compose),
)


def owner_of(container: Document) -> Owner | None:
    """Whoever manages this container, the mightiest first; None where nobody is known to."""
    labels = mapping(mapping(container.get("Config")).get("Labels"))
    for key, make in _BY_LABEL:
        if value := text(labels.get(key)):
            return make(labels, value)
    if pod := text(container.get("Pod")):
        return Owner(OwnerKind.POD, sanitise(pod[:12]), safe("podman pod restart"), undoes=True)
    name = text(container.get("Name")).lstrip("/")
    if name.startswith("mesos-"):
        return Owner(OwnerKind.MESOS, sanitise(name), safe("restart the task in its framework"), undoes=True)
    return None
