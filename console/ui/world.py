"""All that is known of the fleet at one moment: what every pane and dialog draws from. Pure and frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from console.model.containers import Container, ContainerKey, Usage
from console.model.hosts import HostSpec, HostState
from console.model.problems import Problem
from console.model.snapshot import HostSnapshot
from console.service.handle import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The newest snapshot of every host that has one, and the problems seen in them."""

    fleet: str
    hosts: tuple[HostSpec, ...]
    """In the order of hosts.yml."""
    snapshots: Mapping[str, HostSnapshot] = field(default_factory=dict)
    """By host name; a host that has not been heard of yet is missing."""
    problems: tuple[Problem, ...] = ()
    """Worst first."""

    def after(self, batch: Batch, problems: tuple[Problem, ...]) -> World:
        """The world with what a batch brought."""
        return replace(self, snapshots={**self.snapshots, **batch.snapshots}, problems=problems)

    def state(self, host: str) -> HostState:
        """A host's state; `connecting` until it was heard of."""
        snapshot = self.snapshots.get(host)
        return snapshot.status.state if snapshot else HostState.CONNECTING

    def containers(self) -> Iterator[tuple[HostSnapshot, Container]]:
        """Every container with its host's snapshot, hosts in the order of hosts.yml.

        A host that was switched off is out of the fleet, and so are its containers.
        """
        for spec in self.hosts:
            snapshot = self.snapshots.get(spec.name)
            if snapshot is not None and snapshot.status.state is not HostState.OFF:
                for container in snapshot.containers.values():
                    yield snapshot, container

    def container(self, key: ContainerKey) -> Container | None:
        """A container by its key; None when it is not known (any more)."""
        snapshot = self.snapshots.get(key[0])
        return snapshot.containers.get(key[1]) if snapshot else None

    def usage(self, key: ContainerKey) -> Usage | None:
        """The newest figures of a container."""
        snapshot = self.snapshots.get(key[0])
        return snapshot.usage.get(key[1]) if snapshot else None

    def container_problems(self) -> dict[ContainerKey, Problem]:
        """The worst problem of each container that has one."""
        found: dict[ContainerKey, Problem] = {}
        for problem in self.problems:
            if problem.container:
                found.setdefault((problem.host, problem.container), problem)
        return found
