"""From the engine's JSON to containers: lists and inspections. Pure; see `wire_text` for the manners.

A list of an engine before API 1.52 holds exit code, health and times only in the human's `Status` text,
so those of a list are approximate until an inspection replaces them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from console.model.containers import Container, ContainerState, Health, Inspection, Port
from console.model.text import NOTHING, SafeText, sanitise
from console.transport.wire_logs import log_setup
from console.transport.wire_text import (
    FULL_ID,
    health,
    items,
    mapping,
    moment,
    names,
    number,
    raw_text,
    real,
    state,
    status_age,
    status_exit_code,
    status_health,
    text,
    texts,
)

log = logging.getLogger(__name__)

_ENDED = (ContainerState.EXITED, ContainerState.DEAD)
_BEGUN = (ContainerState.RUNNING, ContainerState.PAUSED)


def containers(host: str, document: object, now: float) -> tuple[Container, ...]:
    """The rows of `GET /containers/json`. A row without a full id is left out and logged.

    `now` is seconds of the epoch by our clock: ages in the text count back from it.
    """
    rows: list[Container] = []
    skipped = 0
    for row in items(document):
        container = listed(host, mapping(row), now)
        if container is None:
            skipped += 1
        else:
            rows.append(container)
    if skipped or not isinstance(document, list):
        log.warning("%s: %d rows of the container list could not be read", host, skipped)
    return tuple(rows)


def listed(host: str, row: Mapping[str, object], now: float) -> Container | None:
    """One row of the list; None without a full id."""
    ident = raw_text(row.get("Id"))
    if not FULL_ID.match(ident):
        return None
    status = raw_text(row.get("Status"))[:200]
    word = state(row.get("State"))
    age = status_age(status)
    when = None if age is None else now - age
    stated = mapping(row.get("Health"))
    return Container(
        host=host,
        id=ident,
        name=_listed_name(row.get("Names")) or SafeText(ident[:12]),
        image=text(row.get("Image")),
        image_id=text(row.get("ImageID"), 200),
        state=word,
        exit_code=status_exit_code(status),
        health=health(stated.get("Status")) if stated else status_health(status),
        ports=_listed_ports(row.get("Ports")),
        labels=texts(mapping(row.get("Labels"))),
        networks=names(mapping(mapping(row.get("NetworkSettings")).get("Networks"))),
        joins=_joined(mapping(row.get("HostConfig")).get("NetworkMode")),
        volumes=_volumes(row.get("Mounts")),
        command=_command(row.get("Command")),
        created=real(row.get("Created")),
        started=when if word in _BEGUN else None,
        finished=when if word in _ENDED or word is ContainerState.RESTARTING else None,
    )


def _joined(mode: object) -> str:
    other = raw_text(mode).removeprefix("container:")
    return other if FULL_ID.match(other) else ""


def _listed_name(value: object) -> SafeText:
    """The container's own name among its names: links of others add `/other/alias`."""
    found = [name.removeprefix("/") for name in items(value) if isinstance(name, str)]
    own = [name for name in found if "/" not in name] or found
    return sanitise(own[0], 300) if own else NOTHING


def _listed_ports(value: object) -> tuple[Port, ...]:
    ports: set[Port] = set()
    for entry in map(mapping, items(value)):
        private = number(entry.get("PrivatePort"))
        if _port(private):
            public = number(entry.get("PublicPort"))
            ports.add(
                Port(
                    private,
                    public if _port(public) else 0,
                    text(entry.get("IP"), 64),
                    text(entry.get("Type"), 16) or "tcp",
                )
            )
    return tuple(sorted(ports))


def _volumes(value: object) -> tuple[SafeText, ...]:
    found = [mount for mount in map(mapping, items(value)) if mount.get("Type") == "volume"]
    return tuple(dict.fromkeys(names(mount.get("Name") for mount in found)))


def _port(value: int) -> bool:
    return 0 < value < 65536


def _command(value: object) -> SafeText:
    if isinstance(value, list):  # Podman
        return sanitise(" ".join(word for word in value if isinstance(word, str)))
    return text(value)


def inspection(host: str, document: object) -> Inspection | None:
    """The answer of `GET /containers/{id}/json`; None without a full id."""
    whole = mapping(document)
    ident = raw_text(whole.get("Id"))
    if not FULL_ID.match(ident):
        return None
    config, status = mapping(whole.get("Config")), mapping(whole.get("State"))
    settings, host_config = mapping(whole.get("NetworkSettings")), mapping(whole.get("HostConfig"))
    word = _inspected_state(status)
    # Podman calls it Healthcheck in some versions.
    checked = mapping(status.get("Health")) or mapping(status.get("Healthcheck"))
    path = [whole.get("Path"), *items(whole.get("Args"))]
    return Inspection(
        Container(
            host=host,
            id=ident,
            name=sanitise(raw_text(whole.get("Name")).removeprefix("/"), 300) or SafeText(ident[:12]),
            image=text(config.get("Image")),
            image_id=text(whole.get("Image"), 200),
            state=word,
            exit_code=number(status.get("ExitCode"))
            if word in _ENDED or word is ContainerState.RESTARTING
            else None,
            oom=status.get("OOMKilled") is True,
            health=health(checked.get("Status")) if checked else Health.NONE,
            ports=_inspected_ports(settings.get("Ports")),
            labels=texts(mapping(config.get("Labels"))),
            networks=names(mapping(settings.get("Networks"))),
            joins=_joined(host_config.get("NetworkMode")),
            volumes=_volumes(whole.get("Mounts")),
            command=_command(path),
            created=moment(whole.get("Created")) or 0.0,
            started=moment(status.get("StartedAt")),
            finished=moment(status.get("FinishedAt")),
            restarts=number(whole.get("RestartCount")),
            restart_policy=_restart_policy(host_config.get("RestartPolicy")),
            detailed=True,
        ),
        document=whole,
        logs=log_setup(whole),
    )


def _inspected_state(status: Mapping[str, object]) -> ContainerState:
    word = state(status.get("Status"))
    if word is ContainerState.RUNNING and status.get("Paused") is True:
        return ContainerState.PAUSED
    return word


def _restart_policy(value: object) -> SafeText:
    """`no`, `always`, `unless-stopped`, `on-failure` or `on-failure:5`."""
    policy = mapping(value)
    name = text(policy.get("Name"), 64) or SafeText("no")
    most = number(policy.get("MaximumRetryCount"))
    return SafeText(f"{name}:{most}") if name == "on-failure" and most > 0 else name


def _inspected_ports(value: object) -> tuple[Port, ...]:
    ports: set[Port] = set()
    for spec, bindings in mapping(value).items():
        private, _, protocol = spec.partition("/")
        if not _digits(private) or not _port(int(private)):
            continue
        kind = sanitise(protocol, 16) or SafeText("tcp")
        published = [
            Port(int(private), int(public), text(binding.get("HostIp"), 64), kind)
            for binding in map(mapping, items(bindings))
            if _digits(public := raw_text(binding.get("HostPort"))) and _port(int(public))
        ]
        ports.update(published or [Port(int(private), 0, "", kind)])
    return tuple(sorted(ports))


def _digits(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 5
