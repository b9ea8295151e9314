"""HAProxy as it runs in ambassadors of the memory fleet: workers, checks, sessions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from console.model.mappings.world import ProxyView, ServerView
from console.model.text import sanitise
from console.transport.memory import haproxy
from console.transport.memory.containers import MemoryContainer
from console.transport.memory.disk import Disk
from console.transport.memory.haproxy import BadConfig, Config, Section, ServerLine
from console.transport.memory.paths import HOPS, Met, dial

if TYPE_CHECKING:
    from console.transport.memory.host import MemoryHost


def config_path(container: MemoryContainer) -> str:
    """What follows `-f`."""
    words = container.command
    return words[words.index("-f") + 1] if "-f" in words[:-1] else ""


@dataclass(slots=True)
class Worker:
    """One process below the master."""

    number: int
    config: Config
    held: int = 0
    """Sessions of consumers."""


@dataclass(slots=True)
class Proxy:
    """A running HAProxy with its master; the newest worker takes what comes."""

    container: MemoryContainer
    config: Config
    workers: list[Worker] = field(default_factory=list)
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    """What an administrator set: `drain`, `maint`."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(8))

    def __post_init__(self) -> None:
        self.workers.append(Worker(next(self._numbers), self.config))

    def reload(self, disk: Disk) -> str:
        """On SIGHUP: take over the file as it is, unless it is bad; return what it says."""
        try:
            config = read(self.container, disk)
        except BadConfig as bad:
            return f"[WARNING]  (1) : Reexecuting Master process\n{bad}\n[WARNING]  (1) : Loading failure!\n"
        self.config = config
        self.states.clear()
        self.workers.append(Worker(next(self._numbers), config))
        self._clean()
        number = self.workers[-1].number
        return f"[NOTICE]   (1) : New worker ({number}) forked\n[NOTICE]   (1) : Loading success.\n"

    def hold(self, sessions: int = 1) -> None:
        """Consumers connect and stay."""
        self.workers[-1].held += sessions

    def release(self, sessions: int = 1, *, old: bool = False) -> int:
        """Consumers hang up, those of old workers only with `old`; return how many did."""
        gone = 0
        for worker in self.workers[:-1] if old else self.workers:
            part = min(worker.held, sessions - gone)
            worker.held -= part
            gone += part
        self._clean()
        return gone

    def _clean(self) -> None:
        """A worker of an earlier configuration ends with its last session."""
        self.workers = [w for w in self.workers[:-1] if w.held] + self.workers[-1:]

    @property
    def old(self) -> int:
        """Sessions that earlier configurations hold."""
        return sum(worker.held for worker in self.workers[:-1])

    @property
    def held(self) -> int:
        """All sessions."""
        return sum(worker.held for worker in self.workers)

    def cut(self) -> int:
        """End those; return how many there were."""
        return self.release(self.old, old=True)

    def administer(self, command: str) -> str:
        """A few of the commands of its sockets."""
        words = command.removeprefix("@1 ").split()
        match words:
            case ["show", "proc"]:
                old = "".join(f"{worker.number} worker 1\n" for worker in self.workers[:-1])
                now = f"{self.workers[-1].number} worker 0"
                return (
                    f"#<PID> <type> <reloads>\n1 master 0\n# workers\n{now}\n# old workers\n{old}# programs"
                )
            case ["show", "info"]:
                return f"Name: HAProxy\nVersion: 2.9.7\nCurrConns: {self.workers[-1].held}"
            case ["set", "server", where, "state", state] if state in ("ready", "drain", "maint"):
                backend, _, server = where.partition("/")
                known = (
                    {line.name for line in section.servers}
                    if (section := self.config.backs.get(backend))
                    else set()
                )
                if server not in known:
                    return "No such server."
                self.states.pop((backend, server), None)
                if state != "ready":
                    self.states[backend, server] = state
                return ""
        return f"Unknown command: '{command[:40]}'"

    def view(self, host: MemoryHost) -> ProxyView:
        """As its socket tells it."""
        found: list[ServerView] = []
        for name in self.config.backs:
            found += self.servers(host, name)
        open_to = [n for n, server in enumerate(found) if server.status in ("UP", "no check")]
        for turn in range(self.workers[-1].held if open_to else 0):
            at = open_to[turn % len(open_to)]
            found[at] = replace(found[at], sessions=found[at].sessions + 1)
        return ProxyView(revision=self.config.revision, servers=tuple(found), old_sessions=self.old)

    def servers(self, host: MemoryHost, backend: str, hops: int = HOPS) -> tuple[ServerView, ...]:
        """Those of one backend, checked now."""
        section = self.config.backs.get(backend)
        if section is None:
            return ()
        return tuple(view for line in section.servers for view in self._checked(host, section, line, hops))

    def _checked(
        self, host: MemoryHost, section: Section, line: ServerLine, hops: int
    ) -> Iterator[ServerView]:
        if not line.slots:
            yield self._one(host, section, line, line.name, line.host, hops)
            return
        addresses = host.daemon.nets.look_up(self.container, line.host)
        for slot in range(line.slots):
            name = f"{line.name}{slot + 1}"
            if slot < len(addresses):
                yield self._one(host, section, line, name, addresses[slot], hops)
            else:
                status = "MAINT (resolution)"
                yield ServerView(
                    backend=section.name, server=sanitise(name), status=status, weight=line.weight
                )

    def _one(
        self, host: MemoryHost, section: Section, line: ServerLine, name: str, address: str, hops: int
    ) -> ServerView:
        status, check = "no check", ""
        if line.checked:
            end = dial(host, self.container, address, line.port, hops)
            status, check = {
                Met.HELD: ("UP", "L4OK"),
                Met.CLOSED: ("UP", "L4OK"),
                Met.REFUSED: ("DOWN", "L4CON"),
                Met.SILENT: ("DOWN", "L4TOUT"),
            }[end.met]
            if section.protocol and status == "UP":
                ok = end.met is Met.HELD and not end.mute
                status, check = ("UP", "L7OK") if ok else ("DOWN", "L7TOUT" if end.mute else "L7RSP")
        if (stated := self.states.get((section.name, name))) is not None:
            status = stated.upper()
        return ServerView(
            backend=section.name,
            server=sanitise(name),
            address=f"[{address}]:{line.port}" if ":" in address else f"{address}:{line.port}",
            status=status,
            check=check,
            weight=line.weight,
        )


def read(container: MemoryContainer, disk: Disk) -> Config:
    """The configuration as it is on the disk. Raises BadConfig."""
    path = config_path(container)
    found = disk.find(path)
    if found is None or found[1].data is None:
        raise BadConfig(f"[ALERT]    (1) : Cannot open configuration file/directory {path}")
    return haproxy.parse(found[1].data.decode(errors="replace"), path)


def begin(container: MemoryContainer, disk: Disk) -> tuple[Proxy | None, str]:
    """What a start comes to, and what it says; None: it ends at once."""
    try:
        proxy = Proxy(container, read(container, disk))
    except BadConfig as bad:
        return None, f"{bad}\n"
    return proxy, f"[NOTICE]   (1) : New worker ({proxy.workers[0].number}) forked\n"
