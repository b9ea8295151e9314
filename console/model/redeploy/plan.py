"""What a redeploy will do, as a person reads it before agreeing; and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from console.model.actions import Target
from console.model.containers import ContainerKey
from console.model.redeploy.body import Recreation
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import StepKind, Way
from console.model.redeploy.documents import items, mapping, text, texts
from console.model.secrets import HIDDEN
from console.model.text import NOTHING, SafeText, safe, sanitise


@dataclass(frozen=True, slots=True)
class Rules:
    """How a redeploy decides; `redeploy:` of hosts.yml. Seconds."""

    stable: float = 10.0
    """Without a restart, where there is no health check."""
    timeout: float = 120.0
    """Until the new container must be well."""
    keep: int = 1
    """Previous containers left stopped for a way back: 0 or 1."""
    no_way_back: bool = False
    """Whether it is accepted that a container which removes itself when it ends cannot be gone back to."""
    pull: bool = True
    """Whether to ask the registry for the image; without, what the host has is taken."""
    source: str = ""
    """A glob for hosts of the fleet one of which the image is to come from, whatever this host and a registry
    have; empty: only where it cannot be had otherwise, from any.
    """


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One sentence of a plan."""

    text: SafeText
    disruptive: bool = False
    """Whether somebody notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An image that comes from another host of the fleet."""

    host: str
    reference: str
    image: str
    """Its id."""
    size: int
    """Bytes, as the engine says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A reviewed redeploy of one container."""

    target: Target
    operation: str
    changes: Changes
    image: SafeText
    """The reference."""
    old_image: str
    new_image: str
    """Ids; equal where the image is the same."""
    lines: tuple[PlanLine, ...]
    warnings: tuple[SafeText, ...] = ()
    refusal: SafeText = NOTHING
    """Why it cannot be done; empty where it can."""
    send: Sending | None = None
    """Done first, where the host does not have the image."""
    way: Way
    recreation: Recreation = field(repr=False)
    """Holds secrets."""


class Ending(StrEnum):
    """How a redeploy ended."""

    DONE = "done"
    """The new container is well."""
    RESTORED = "restored"
    """It failed, and the old one is as it was."""
    REFUSED = "refused"
    """Nothing was begun."""
    STUCK = "stuck"
    """Neither could be reached from here: `recover` says what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the live log of a redeploy."""

    at: float
    step: StepKind | None
    """None: something between two steps."""
    text: SafeText
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of it."""

    ending: Ending
    text: SafeText
    next_step: SafeText = NOTHING
    evidence: tuple[SafeText, ...] = ()
    """The failed container's last log lines and health checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeployJob:
    """Redeploys under way, one after the other, as far as they have come. Frozen; a newer one has the same
    number.
    """

    number: int
    targets: tuple[Target, ...]
    began: float
    told: tuple[tuple[Target, Told], ...] = ()
    """The live log, oldest first; the last few hundred lines."""
    reports: Mapping[ContainerKey, Report] = field(default_factory=dict)
    """By target; one that was not begun because an earlier one failed has one that says so."""

    @property
    def over(self) -> bool:
        return len(self.reports) == len(self.targets)


def describe(
    container: Mapping[str, Any],
    recreated: Recreation,
    changes: Changes,
    *,
    files: int,
    same_image: bool,
    runs: bool = True,
) -> list[PlanLine]:
    """What is different afterwards, one sentence each; values of variables are never shown."""
    config, host_config = mapping(container.get("Config")), mapping(container.get("HostConfig"))
    new_host = mapping(recreated.body.get("HostConfig"))
    image = sanitise(text(recreated.body.get("Image")), 300)
    before = sanitise(text(config.get("Image")), 300)
    lines = []
    if image != before:
        lines.append(_line(f"image {before} -> {image}"))
    else:
        lines.append(_line(f"image {image}" + (", unchanged" if same_image else ", a newer build of it")))
    lines += _env(texts(config.get("Env")), changes)
    for name, value in changes.labels.items():
        lines.append(_line(f"label {sanitise(name, 200)} " + ("removed" if value is None else "set")))
    if changes.ports is not None:
        lines.append(_line(f"published ports: {', '.join(changes.ports) or 'none'}", disruptive=True))
    if changes.restart:
        old = text(mapping(host_config.get("RestartPolicy")).get("Name")) or "no"
        lines.append(_line(f"restart policy {sanitise(old, 40)} -> {sanitise(changes.restart, 40)}"))
    if changes.memory is not None:
        lines.append(_line(f"memory limit {changes.memory or 'none'}"))
    if changes.cpus is not None:
        lines.append(_line(f"CPU limit {changes.cpus or 'none'}"))
    if recreated.volumes:
        count = len(recreated.volumes)
        volumes = "1 anonymous volume goes" if count == 1 else f"{count} anonymous volumes go"
        lines.append(_line(f"{volumes} over to the new container"))
    if recreated.connect:
        lines.append(
            _line(f"connected to {', '.join(sanitise(n, 100) for n, _ in recreated.connect)} besides")
        )
    if files:
        what = "1 file in its own layer is" if files == 1 else f"{files} files in its own layer are"
        lines.append(_line(f"{what} lost", disruptive=True))
    if new_host.get("AutoRemove"):
        lines.append(_line("it removes itself when it ends: there is no way back", disruptive=True))
    words = "the old one stops before the new one starts: not reachable for a moment"
    lines.append(_line(words if runs else "it does not run now; the new one is started", disruptive=True))
    return lines


def lost_files(container: Mapping[str, Any], changed: Sequence[str]) -> int:
    """How many of the paths that an engine calls changed are lost with the container's own layer: not the
    places where something is mounted, and not the folders above another one.
    """
    mounts = {text(mapping(mount).get("Destination")) for mount in items(container.get("Mounts"))}
    mounts |= set(mapping(mapping(container.get("HostConfig")).get("Tmpfs")))
    above = {path.rpartition("/")[0] for path in changed}
    for path in tuple(above):
        while path:
            path = path.rpartition("/")[0]
            above.add(path)
    return len(set(changed) - mounts - above)


def _env(before: list[str], changes: Changes) -> list[PlanLine]:
    known = {entry.partition("=")[0] for entry in before}
    lines = []
    for name, value in changes.env.items():
        did = "removed" if value is None else f"changed to {HIDDEN}" if name in known else f"added, {HIDDEN}"
        lines.append(_line(f"variable {sanitise(name, 200)} {did}"))
    return lines


def _line(words: str, *, disruptive: bool = False) -> PlanLine:
    return PlanLine(safe(words), disruptive)
