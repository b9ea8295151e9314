"""A made-up fleet at a fixed moment, a handle that remembers what it was asked, and a clock set by hand."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from console.model.containers import Container, ContainerKey, ContainerState, Inspection, Usage
from console.model.hosts import EngineFacts, HostLoad, HostSpec, HostState, HostStatus
from console.model.problems import Problem
from console.model.questions import Prompt, Question, QuestionKind
from console.model.snapshot import HostSnapshot
from console.model.text import safe
from console.service.handle import Batch
from tests.ui.fleet import NoLinks

NOW = 1_700_000_000.0
GIB = 1 << 30


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def hex_id(number: int) -> str:
    return f"{number:064x}"


def container(host: str, name: str, number: int, **changes: object) -> Container:
    made = Container(
        host=host,
        id=hex_id(number),
        name=safe(name),
        image=safe(f"registry.example/{name}:1.4"),
        image_id="sha256:" + hex_id(number + 1000),
        state=ContainerState.RUNNING,
        created=NOW - 400_000,
        started=NOW - 300_000,
        restarts=0,
        restart_policy=safe("unless-stopped"),
        detailed=True,
    )
    return replace(made, **changes)


FACTS = EngineFacts(
    engine=safe("docker"),
    version=safe("20.10.24"),
    api=safe("1.41"),
    carrier=safe("streamlocal"),
    os=safe("Debian GNU/Linux 12"),
    kernel=safe("6.1.0-13-amd64"),
    arch=safe("x86_64"),
)

KEY_QUESTION = Question(
    kind=QuestionKind.HOST_KEY,
    host="app-3",
    hop="ops@10.0.0.13:22 via bastion",
    title=safe("app-3: unknown host key"),
    text=safe(
        "10.0.0.13 (reached through bastion) shows an ssh-ed25519 key that is in no known_hosts file. "
        "Compare the fingerprint with one you have from a safe place before you accept it."
    ),
    fingerprint=safe("SHA256:W0TCPTb4sQ1WJDpHPs8Km1jNfGBwvGvyxpBVaIUmmE8"),
    file="~/.ssh/known_hosts",
)

PASSPHRASE = Question(
    kind=QuestionKind.PASSPHRASE,
    host="app-2",
    hop="bastion",
    title=safe("bastion: passphrase"),
    text=safe("The key is encrypted."),
    prompts=(Prompt(safe("Passphrase")),),
    file="~/.ssh/id_ed25519",
)

CODE = Question(
    kind=QuestionKind.CODE,
    host="db-1",
    hop="ops@bastion:22",
    title=safe("bastion: two-step login"),
    text=safe("bastion asks on the way to db-1."),
    prompts=(Prompt(safe("Password: ")), Prompt(safe("Verification code: "), echo=True)),
)


def load(at: float = NOW - 2, **changes: object) -> HostLoad:
    made = HostLoad(
        at=at,
        load1=0.42,
        cpus=4,
        memory_total=16 * GIB,
        memory_used=6 * GIB,
        disk_total=200 * GIB,
        disk_used=90 * GIB,
        skew=0.01,
    )
    return replace(made, **changes)


def snapshot(
    name: str, state: HostState = HostState.UP, *, ago: float = 7300, **changes: object
) -> HostSnapshot:
    status_fields = {
        k: changes.pop(k) for k in ("reason", "next_step", "retry_at", "question") if k in changes
    }
    running = {c.id: c for c in (container(name, n, i) for i, n in enumerate(("web", "worker", "cache"), 1))}
    made = HostSnapshot(
        spec=HostSpec(name=name, address=f"10.0.0.{sum(map(ord, name)) % 200 + 10}", user="ops"),
        revision=1,
        epoch=1,
        status=HostStatus(state=state, since=NOW - ago, **status_fields),
        facts=FACTS,
        load=load(),
        capabilities={"shell": safe(""), "probe": safe("")},
        containers=running,
        heard=NOW - 1,
        listed=NOW - 30,
        rtt=0.0123,
    )
    return replace(made, **changes)


UNREACHED = {"facts": None, "load": None, "containers": {}, "listed": None, "rtt": None, "heard": None}


def fleet() -> dict[str, HostSnapshot]:
    """One host in each state, and one whose shell is refused."""
    made = [*_reached(), *_not_up()]
    return {s.name: s for s in made}


def _reached() -> list[HostSnapshot]:
    exited = container("app-1", "import", 9, state=ContainerState.EXITED, exit_code=0)
    first = snapshot("app-1")
    return [
        replace(first, containers={**first.containers, exited.id: exited}),
        snapshot(
            "app-2",
            load=load(load1=9.3, memory_used=14 * GIB, disk_used=186 * GIB, skew=3.4),
            capabilities={"shell": safe("the host allows no session"), "probe": safe("needs the shell")},
        ),
    ]


def _not_up() -> list[HostSnapshot]:
    bastion = HostSpec(name="bastion", address="bastion", user="ops")
    return [
        snapshot(
            "app-3",
            HostState.NEEDS_YOU,
            ago=95,
            reason=safe("unknown host key"),
            question=KEY_QUESTION,
            next_step=safe("answer the question"),
            **UNREACHED,
        ),
        snapshot("batch-1", HostState.QUIET, ago=8, reason=safe("no byte for 14 s"), heard=NOW - 14),
        snapshot(
            "db-1",
            HostState.LOST,
            ago=12,
            reason=safe("no answer for 15 s"),
            heard=NOW - 27,
            retry_at=NOW + 4,
            spec=HostSpec(name="db-1", address="10.0.0.13", user="ops", jump=(bastion,)),
        ),
        snapshot(
            "db-2",
            HostState.REFUSED,
            ago=4000,
            reason=safe("host key changed: not the one in known_hosts"),
            next_step=safe("ssh-keygen -R 10.0.0.14, after asking who changed it"),
            **UNREACHED,
        ),
        snapshot(
            "edge-1",
            HostState.ENGINE_DOWN,
            ago=70,
            reason=safe("the socket refuses connections"),
            next_step=safe("systemctl status docker"),
            retry_at=NOW + 8,
            rtt=None,
        ),
        snapshot("lab-1", HostState.CONNECTING, ago=2, **UNREACHED),
        snapshot("old-1", HostState.OFF, ago=600_000, reason=safe("by ops"), **UNREACHED),
    ]


def cpu_history(now: float = NOW) -> tuple[Usage, ...]:
    """Ten minutes of samples with a gap in the middle."""
    made = []
    for step in range(121):
        if 60 < step < 70:
            continue
        cpu = 30 + 25 * math.sin(step / 8) + (step * 37 % 11)
        used = int((200 + 150 * step / 120) * (1 << 20))
        made.append(
            Usage(at=now - 600 + 5 * step, cpu_percent=cpu, memory_bytes=used, memory_limit=512 << 20)
        )
    return tuple(made)


def load_history(now: float = NOW) -> tuple[HostLoad, ...]:
    return tuple(
        load(now - 600 + 5 * n, load1=1.5 + math.sin(n / 9), memory_used=int((5 + n / 60) * GIB))
        for n in range(121)
    )


@dataclass
class FakeHandle:
    """A fleet that does nothing but remember calls."""

    snapshots: dict[str, HostSnapshot] = field(default_factory=fleet)
    documents: Mapping[ContainerKey, Inspection | Exception] = field(default_factory=dict)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    fleet: str = "prod"
    changed: set[str] = field(default_factory=lambda: set(fleet()))
    """Hosts the next `take` tells of."""
    usage: tuple[Usage, ...] = field(default_factory=lambda: cpu_history())
    links: NoLinks = field(default_factory=NoLinks)

    @property
    def hosts(self) -> tuple[HostSpec, ...]:
        return tuple(s.spec for s in self.snapshots.values())

    def take(self) -> Batch | None:
        news = {name: s for name, s in self.snapshots.items() if name in self.changed}
        self.changed.clear()
        return Batch(snapshots=news) if news else None

    def put(self, changed: HostSnapshot) -> None:
        """Publish another snapshot of a host."""
        self.snapshots[changed.name] = changed
        self.changed.add(changed.name)

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def retry(self, host: str) -> None:
        self.calls.append(("retry", host))

    def switch(self, host: str, on: bool) -> None:
        self.calls.append(("switch", host, on))

    def answer(self, host: str, answers: tuple[str, ...] | None) -> None:
        self.calls.append(("answer", host, answers))

    def in_view(self, containers: Collection[ContainerKey]) -> None:
        self.calls.append(("in_view", *containers))

    def usage_history(self, key: ContainerKey) -> tuple[Usage, ...]:
        return self.usage

    def load_history(self, host: str) -> tuple[HostLoad, ...]:
        return load_history()

    async def inspect(self, key: ContainerKey) -> Inspection:
        self.calls.append(("inspect", key))
        found = self.documents[key]
        if isinstance(found, Exception):
            raise found
        return found

    async def aclose(self) -> None:
        return None
