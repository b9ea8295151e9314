"""Containers of the memory engine: what is stored of one, and what a list or an inspect says of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.model.containers import Container, ContainerState, Health, Port
from console.model.logs.setup import LogSetup
from console.model.text import sanitise

RUNNING_STATES = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})
"""States in which Docker counts a container as running."""

JSON_FILE = LogSetup(driver="json-file")
"""How an engine that was not told otherwise keeps logs: for ever."""


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU and memory as functions of time, so that the same moment always gives the same figures.

    CPU wanders around `cpu` (1.0 is one core) by the sum of two sines whose amplitudes never exceed it;
    its integral, which is what a cgroup counts, is therefore exact. Memory wanders around `memory` bytes.
    """

    cpu: float = 0.02
    memory: int = 64 << 20
    phase: float = 0.0

    def cpu_integral(self, at: float) -> float:
        """Antiderivative of the load: CPU seconds up to `at`, seconds of the Unix epoch."""
        wave = 0.0
        for amplitude, period in ((0.45, 47.0), (0.25, 11.0)):
            turn = 2 * math.pi / period
            wave -= amplitude / turn * math.cos(turn * at + self.phase * (1 + amplitude))
        return self.cpu * (at + wave)

    def memory_at(self, at: float) -> int:
        """Bytes in use at `at`."""
        swing = 0.05 * math.sin(2 * math.pi * at / 130 + self.phase) + 0.015 * math.sin(at / 7 + self.phase)
        return int(self.memory * (1 + swing)) & ~4095


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A volume (`source` is its name) or a bind mount (`source` is a path)."""

    source: str
    target: str
    writable: bool = True

    @property
    def bind(self) -> bool:
        return self.source.startswith("/")


@dataclass(slots=True)
class HealthRecord:
    """One run of a health check."""

    at: float
    exit_code: int
    output: str


@dataclass(slots=True, kw_only=True)
class MemoryContainer:
    """One container of a `MemoryHost`. Only its host changes it. Times are by the host's clock."""

    id: str
    name: str
    image: str
    created: float
    command: tuple[str, ...] = ("sleep", "infinity")
    env: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    networks: dict[str, str] = field(default_factory=lambda: {"bridge": "172.17.0.2"})
    """Network name -> address in it."""
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Network name -> further names there."""
    refuses: frozenset[int] = frozenset()
    """Ports on which nothing listens, although the image exposes them."""
    mounts: tuple[Mount, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    restart_policy: str = "no"
    healthcheck: str = ""
    """A shell command; empty: no health check."""
    memory_limit: int = 0
    figures: Figures = Figures()
    log: LogSetup = JSON_FILE
    log_cached: bool = True
    """Whether the engine keeps a copy of its own where the driver is one that only sends."""

    state: ContainerState = ContainerState.CREATED
    exit_code: int = 0
    oom: bool = False
    health: Health = Health.NONE
    health_log: list[HealthRecord] = field(default_factory=list)
    started: float | None = None
    finished: float | None = None
    restarts: int = 0
    pid: int = 0

    @property
    def image_id(self) -> str:
        """A digest that depends on nothing but the image's name."""
        return "sha256:" + stable_hex(self.image)

    @property
    def alive(self) -> bool:
        """Whether a process runs."""
        return self.state in (ContainerState.RUNNING, ContainerState.PAUSED)

    @property
    def log_readable(self) -> bool:
        """Whether the engine can give its log back."""
        local = self.log.driver in ("json-file", "local", "journald")
        return local or (self.log.driver != "none" and self.log_cached)

    def row(self, host: str, now: float) -> Container:
        """As a list has it: no details, and times only as exact as `Up 3 minutes` is."""
        running = self.state in RUNNING_STATES
        started = rounded_time(self.started, now) if running else None
        ended = not running and self.state is not ContainerState.CREATED
        finished = rounded_time(self.finished, now) if ended else None
        return self._container(host, started=started, finished=finished)

    def detail(self, host: str) -> Container:
        """As an inspect has it."""
        return self._container(
            host,
            started=self.started,
            finished=self.finished,
            oom=self.oom,
            restarts=self.restarts,
            restart_policy=sanitise(self.restart_policy),
            detailed=True,
        )

    @property
    def joins(self) -> str:
        """The id of the container whose network it uses."""
        mode = next(iter(self.networks), "")
        return mode.removeprefix("container:") if mode.startswith("container:") else ""

    @property
    def own_networks(self) -> dict[str, str]:
        """Addresses by network; none where it uses those of another container."""
        return {} if self.joins else self.networks

    def _container(self, host: str, **more: object) -> Container:
        has_code = self.state in (ContainerState.EXITED, ContainerState.DEAD, ContainerState.RESTARTING)
        values: dict[str, object] = {
            "host": host,
            "id": self.id,
            "name": sanitise(self.name),
            "image": sanitise(self.image),
            "image_id": self.image_id,
            "state": self.state,
            "exit_code": self.exit_code if has_code else None,
            "health": self.health,
            "ports": tuple(sorted(self.ports)) if self.alive else (),
            "labels": {key: sanitise(value) for key, value in self.labels.items()},
            "networks": tuple(sanitise(name) for name in sorted(self.own_networks)),
            "joins": self.joins,
            "volumes": tuple(sorted({sanitise(m.source) for m in self.mounts if not m.bind})),
            "command": sanitise(" ".join(self.command)),
            "created": self.created,
        }
        return Container(**(values | more))  # type: ignore[arg-type]  # the keys are those above


def is_haproxy(container: MemoryContainer) -> bool:
    """Whether its process is HAProxy."""
    return bool(container.command) and container.command[0].rpartition("/")[2] == "haproxy"


def stable_hex(seed: str) -> str:
    """64 hexadecimal digits that depend on `seed` alone."""
    return hashlib.sha256(seed.encode()).hexdigest()


def rounded_time(at: float | None, now: float) -> float | None:
    """`at` as it can be told from Docker's words, `Up 3 minutes`, `Exited (0) 2 weeks ago`."""
    if at is None:
        return None
    age = max(0.0, now - at)
    if age < 60:
        return now - math.floor(age)
    if age < 3600:
        return now - math.floor(age / 60) * 60
    hours = math.floor(age / 3600 + 0.5)
    for limit, unit in ((48, 1), (24 * 14, 24), (24 * 60, 24 * 7), (24 * 730, 24 * 30)):
        if hours < limit:
            return now - hours // unit * unit * 3600
    return now - hours // (24 * 365) * 24 * 365 * 3600
