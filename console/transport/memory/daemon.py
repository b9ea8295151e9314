"""The memory engine: operations on containers, and the events an engine sends for each, in its order."""

from __future__ import annotations

import dataclasses
import threading

from console.model.containers import ContainerState, Health
from console.model.logs.lines import Stream
from console.transport.memory.bus import EventBus
from console.transport.memory.containers import (
    RUNNING_STATES,
    HealthRecord,
    MemoryContainer,
    is_haproxy,
    stable_hex,
)
from console.transport.memory.ledger import Ledger
from console.transport.memory.logs import MemoryLog
from console.transport.memory.names import forget_lines

SIGNALS = {"SIGHUP": "1", "SIGKILL": "9", "SIGUSR1": "10", "SIGUSR2": "12", "SIGTERM": "15"}


class MemoryDaemon(Ledger):
    """What `dockerd` is on a real host. Operations take effect at once; ids are made from names."""

    def __init__(self, bus: EventBus) -> None:
        super().__init__(bus)
        self._made = 0
        self.registry = threading.Event()
        """Whether the registry answers; as long as it does not, pulls wait."""
        self.registry.set()
        self.pulling = 0
        """Pulls under way."""

    def create(self, name: str, image: str, **fields: object) -> MemoryContainer:
        """`docker create`; `fields` are those of `MemoryContainer`."""
        self._made += 1
        container_id = stable_hex(f"{self.bus.host}/{name}/{self._made}")
        container = MemoryContainer(  # a wrong field is a TypeError of the caller
            id=container_id, name=name, image=image, created=self.bus.now()
        )
        fields = {"networks": {"bridge": self.nets.free_address("bridge")}, **fields}
        container = dataclasses.replace(container, **fields)  # type: ignore[arg-type]  # as above
        self.containers[container_id] = container
        self.tell(container, "create")
        return container

    def start(self, container: MemoryContainer) -> None:
        """`docker start`, or the engine's own after a restart policy."""
        container.state = ContainerState.RUNNING
        container.started = self.bus.now()
        container.exit_code, container.oom = 0, False
        container.pid = 1000 + int(container.id[:4], 16)
        container.health = Health.STARTING if container.healthcheck else Health.NONE
        container.health_log = []
        if (log := self.logs.find(container)) is not None:
            log.started()
        forget_lines(self.disk(container))
        self.tell_networks(container, "connect")
        self.tell(container, "start")
        if is_haproxy(container):
            self.write(container, self.run_proxy(container).encode(), Stream.ERR)
            if container.id not in self.proxies:
                self.exit(container, 1)

    def exit(self, container: MemoryContainer, code: int = 0, *, oom: bool = False) -> None:
        """The process ends by itself; where its restart policy applies it now waits to be restarted."""
        if oom:
            container.oom = True
            self.tell(container, "oom")
        self._ended(container, code)
        policy = container.restart_policy.partition(":")[0]
        if policy in ("always", "unless-stopped") or (policy == "on-failure" and code):
            container.state = ContainerState.RESTARTING

    def revive(self, container: MemoryContainer) -> None:
        """What a restart policy does after its pause."""
        container.restarts += 1
        self.start(container)

    def stop(self, container: MemoryContainer, code: int = 143) -> None:
        """`docker stop`."""
        self._signal(container, "SIGTERM")
        self._ended(container, code)
        self.tell(container, "stop")

    def kill(self, container: MemoryContainer, signal: str = "SIGKILL") -> None:
        """`docker kill`; SIGHUP and SIGUSR1 are survived."""
        self._signal(container, signal)
        if signal in ("SIGHUP", "SIGUSR2") and (proxy := self.proxies.get(container.id)) is not None:
            self.write(container, proxy.reload(self.disk(container)).encode(), Stream.ERR)
        elif signal in ("SIGKILL", "SIGTERM"):
            self._ended(container, 128 + int(SIGNALS[signal]))

    def restart(self, container: MemoryContainer) -> None:
        """`docker restart`."""
        if container.state in RUNNING_STATES:
            self.stop(container)
        self.start(container)
        self.tell(container, "restart")

    def pause(self, container: MemoryContainer) -> None:
        """`docker pause`."""
        self.log(container).paused(True)
        container.state = ContainerState.PAUSED
        self.tell(container, "pause")

    def unpause(self, container: MemoryContainer) -> None:
        """`docker unpause`."""
        self.log(container).paused(False)
        container.state = ContainerState.RUNNING
        self.tell(container, "unpause")

    def rename(self, container: MemoryContainer, name: str) -> None:
        """`docker rename`."""
        old, container.name = container.name, name
        self.tell(container, "rename", oldName=f"/{old}")

    def update(self, container: MemoryContainer, restart_policy: str) -> None:
        """`docker update --restart`."""
        container.restart_policy = restart_policy
        self.tell(container, "update")

    def remove(self, container: MemoryContainer) -> None:
        """`docker rm -f`."""
        if container.state in RUNNING_STATES:
            self.kill(container)
        self.shelf.settle()
        del self.containers[container.id]
        self.logs.forget(container)
        self.tell(container, "destroy")

    def check_health(self, container: MemoryContainer, health: Health, output: str = "") -> None:
        """One run of the health check, with the three exec events each run costs, and its verdict."""
        for action in ("exec_create", "exec_start"):
            self.tell(container, f"{action}: /bin/sh -c {container.healthcheck}", execID="e" * 64)
        code = 1 if health is Health.UNHEALTHY else 0
        self.tell(container, "exec_die", execID="e" * 64, exitCode=str(code))
        container.health_log = [*container.health_log, HealthRecord(self.bus.now(), code, output)][-5:]
        if container.health is not health:
            container.health = health
            self.tell(container, f"health_status: {health}")

    def write(
        self, container: MemoryContainer, data: bytes, stream: Stream = Stream.OUT, *, ago: float = 0.0
    ) -> None:
        """Its process writes, any bytes, whole lines or not; `ago`: so many seconds before now."""
        self.log(container).write(data, stream, ago)

    def log(self, container: MemoryContainer) -> MemoryLog:
        """Its log: to truncate it, rotate it, hush its readers."""
        return self.logs.of(container)

    def connect(self, container: MemoryContainer, network: str, address: str) -> None:
        """`docker network connect`."""
        container.networks = {**container.networks, network: address}
        self.tell_network(container, network, "connect")

    def disconnect(self, container: MemoryContainer, network: str) -> None:
        """`docker network disconnect`."""
        container.networks = {name: at for name, at in container.networks.items() if name != network}
        self.tell_network(container, network, "disconnect")

    def _signal(self, container: MemoryContainer, signal: str) -> None:
        self.tell(container, "kill", signal=SIGNALS[signal])

    def _ended(self, container: MemoryContainer, code: int) -> None:
        if container.state not in RUNNING_STATES:
            return
        self.proxies.pop(container.id, None)
        waiting = container.state is ContainerState.RESTARTING
        container.state = ContainerState.EXITED
        if waiting:
            return
        container.exit_code = code
        container.finished = self.bus.now()
        container.pid = 0
        if (log := self.logs.find(container)) is not None:
            log.ended()
        self.tell(container, "die", exitCode=str(code))
        self.tell_networks(container, "disconnect")
