"""Processes in containers: guards, the record, which shell, and what becomes of one that is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from console.errors import AuditFailed, CapabilityMissing, Conflict, GuardRefused, HostUnreachable
from console.model.actions import Consent, Target
from console.model.hosts import Guard, HostSpec
from console.model.inside import Command, Ended
from console.model.text import safe
from console.service.inside.desk import _HANG_UP, MARK, Deed, InsideDesk, command_text
from console.service.inside.orders import shell
from console.service.inside.wire import ROOM, Wire
from console.transport.base import Engine
from console.transport.clock import SystemClock
from console.transport.inside import STDOUT, Running
from console.transport.memory import MemoryContainer, MemoryFleet, MemoryTransport
from tests.ui.waiting import until

YES = Consent(yes=True)


@dataclass
class Record:
    """An audit that can be looked at."""

    lines: list[tuple[str, ...]] = field(default_factory=list)
    broken: bool = False

    async def before(self, operation: str, action: str, target: Target, plan: Sequence[str] = ()) -> None:
        if self.broken:
            raise AuditFailed("full")
        self.lines.append(("before", action, str(target.name), *plan))

    async def after(self, operation: str, action: str, target: Target, result: str, text: str = "") -> None:
        self.lines.append(("after", action, str(target.name), result, text))

    async def aclose(self) -> None:
        """Nothing is held."""


class Scene:
    """Three hosts by guard, a container on each."""

    def __init__(self, *, read_only: bool = False) -> None:
        specs = [
            HostSpec(name="a", address="x"),
            HostSpec(name="typed", address="x", guard=Guard.TYPED),
            HostSpec(name="seen", address="x", guard=Guard.OBSERVE),
        ]
        self.fleet = MemoryFleet(SystemClock(), specs)
        self.targets = {name: self.started(name, "web") for name in ("a", "typed", "seen")}
        self.audit = Record()
        self.engines: dict[str, Engine] = {}
        self.desk = InsideDesk(
            {spec.name: spec for spec in specs}, self.audit, self.reach, read_only=read_only
        )

    def started(self, host: str, name: str, image: str = "shop/web:1") -> Target:
        made = self.container(host, name, image)
        return Target(host=host, id=made.id, name=safe(name))

    def container(self, host: str, name: str, image: str) -> MemoryContainer:
        daemon = self.fleet[host].daemon
        made = daemon.create(name, image)
        daemon.start(made)
        return made

    async def reach(self, host: str) -> Engine:
        return self.engines[host]

    @asynccontextmanager
    async def live(self) -> AsyncIterator[None]:
        transport = MemoryTransport(self.fleet)
        for host in self.fleet.hosts.values():
            self.engines[host.name] = await (await transport.connect(host.spec, None)).engine()
        try:
            yield
        finally:
            await self.desk.aclose()
            await transport.aclose()


async def output(process: Running) -> str:
    out = b""
    while (piece := await process.read()) is not None:
        out += piece[1]
    return out.decode()


async def test_a_command_is_on_record_before_and_after() -> None:
    scene = Scene()
    async with scene.live():
        command = Command(argv=("sh", "-c", "echo hi; exit 3", "--password=hunter2"))
        async with scene.desk.running(Deed.EXEC, scene.targets["a"], command, YES) as run:
            assert await output(run.process) == "hi\n"
            assert await run.ended() == Ended(3)
    assert scene.audit.lines == [
        ("before", "exec", "web", "sh -c 'echo hi; exit 3' '--password=***'"),
        ("after", "exec", "web", "done", "exit code 3"),
    ]


def test_a_command_is_shown_without_its_secrets() -> None:
    text = command_text(("mysql", "-psecret1", "-h", "db", "--password", "secret2", "a b"))
    assert "secret" not in text
    assert text.startswith("mysql ")
    assert text.endswith("'a b'")


@pytest.mark.parametrize(
    ("host", "consent"),
    [
        ("seen", Consent(yes=True, typed=frozenset({"web"}))),
        ("typed", YES),
        ("typed", Consent(yes=True, typed=frozenset({"other"}))),
        ("a", Consent()),
    ],
)
async def test_a_guard_refuses(host: str, consent: Consent) -> None:
    scene = Scene()
    async with scene.live():
        with pytest.raises(GuardRefused):
            async with scene.desk.running(Deed.EXEC, scene.targets[host], Command(argv=("ls",)), consent):
                pass
        with pytest.raises(GuardRefused):
            await open_shell(scene, host, consent)
    assert scene.audit.lines == []


async def test_a_read_only_console_refuses() -> None:
    scene = Scene(read_only=True)
    async with scene.live():
        with pytest.raises(GuardRefused, match="read-only"):
            await open_shell(scene, "a", YES)
    assert scene.audit.lines == []


async def test_what_cannot_be_put_on_record_is_not_done() -> None:
    scene = Scene()
    scene.audit.broken = True
    async with scene.live():
        with pytest.raises(AuditFailed):
            async with scene.desk.running(Deed.EXEC, scene.targets["a"], Command(argv=("ls",)), YES):
                raise AssertionError("it was started")


async def test_a_container_that_does_not_run_is_a_failure_on_record() -> None:
    scene = Scene()
    scene.fleet["a"].daemon.stop(scene.fleet["a"].daemon.find("web"))
    async with scene.live():
        with pytest.raises(Conflict):
            async with scene.desk.running(Deed.EXEC, scene.targets["a"], Command(argv=("ls",)), YES):
                pass
    assert scene.audit.lines[-1][:4] == ("after", "exec", "web", "failed")


async def test_a_link_that_is_lost_is_unknown_on_record() -> None:
    scene = Scene()
    async with scene.live():

        async def stay() -> None:
            command = Command(argv=("sleep", "1000"))
            async with scene.desk.running(Deed.EXEC, scene.targets["a"], command, YES) as run:
                scene.fleet["a"].cut()
                await run.process.read()

        with pytest.raises(HostUnreachable):
            await stay()
    assert scene.audit.lines[-1][:4] == ("after", "exec", "web", "unknown")


@pytest.mark.parametrize(("tty", "signal"), [(True, "HUP"), (False, "TERM")])
async def test_one_that_is_left_is_told_to_end(
    monkeypatch: pytest.MonkeyPatch, tty: bool, signal: str
) -> None:
    scene = Scene()
    asked: list[tuple[Command, bool]] = []
    async with scene.live():
        inside = scene.engines["a"].inside
        original = type(inside).run

        def run(self: object, container_id: str, command: Command) -> object:
            asked.append((command, task.done() if len(asked) else False))
            return original(self, container_id, command)  # type: ignore[arg-type]  # it is one

        monkeypatch.setattr(type(inside), "run", run)

        async def stay() -> None:
            command = Command(argv=("sleep", "1000"), tty=tty, env=("A=1",))
            async with scene.desk.running(Deed.EXEC, scene.targets["a"], command, YES, "bash") as running:
                await running.process.read()

        task = asyncio.create_task(stay())
        await until(lambda: asked, "the command")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    (started, _), (hang_up, _) = asked
    assert started.env[0] == "A=1"
    mark = started.env[1]
    assert mark.startswith(f"{MARK}=")
    assert hang_up.argv == ("bash", "-c", _HANG_UP, "bash", mark, signal)
    assert scene.audit.lines[-1] == ("after", "exec", "web", "unknown", "left before it ended")


async def test_a_console_that_is_closed_leaves_in_order() -> None:
    scene = Scene()
    wire = Wire()
    async with scene.live():
        opened = asyncio.Event()
        task = asyncio.create_task(open_shell(scene, "a", YES, wire, opened))
        await opened.wait()
        await scene.desk.aclose()
        assert task.cancelled()
    wire.free()
    assert scene.audit.lines[-1] == ("after", "shell", "web", "unknown", "left before it ended")


# Shells


async def open_shell(
    scene: Scene, host: str, consent: Consent, wire: Wire | None = None, opened: asyncio.Event | None = None
) -> Ended | None:
    from console.model.inside import TerminalSize

    return await shell(
        scene.desk,
        scene.targets[host],
        consent,
        wire or Wire(),
        size=TerminalSize(80, 24),
        term="xterm",
        opened=lambda name: opened.set() if opened is not None else None,
    )


@pytest.mark.parametrize(
    ("image", "found"), [("shop/web:1", "bash"), ("alpine:3", "sh"), ("gcr.io/distroless/base", "")]
)
async def test_which_shell_there_is(image: str, found: str) -> None:
    scene = Scene()
    target = scene.started("a", "other", image)
    async with scene.live():
        if found:
            assert await scene.desk.find_shell(target) == found
        else:
            with pytest.raises(CapabilityMissing, match="other@a has no shell"):
                await scene.desk.find_shell(target)
    assert scene.audit.lines == [], "looking is not opening"


async def test_a_shell_typed_at_from_another_thread() -> None:
    scene = Scene()
    wire = Wire()

    def person() -> None:
        seen = ""

        def read_until(text: str) -> None:
            nonlocal seen
            give_up = time.monotonic() + 30
            while text not in seen and time.monotonic() < give_up:
                wire.hush()
                seen += wire.take(7).decode()
                time.sleep(0.001)
            assert text in seen

        read_until("/ # ")
        wire.type(b"echo some")
        wire.type(b"thing\r")
        read_until("\nsomething\r\n/ # ")
        wire.type(b"exit 5\r")
        while not wire.over:
            wire.take(4096)
            time.sleep(0.001)

    async with scene.live():
        opened = asyncio.Event()
        task = asyncio.create_task(open_shell(scene, "a", YES, wire, opened))
        await opened.wait()
        async with asyncio.timeout(30):
            await asyncio.to_thread(person)
            assert await task == Ended(5)
    wire.free()
    assert scene.audit.lines == [
        ("before", "shell", "web", "bash"),
        ("after", "shell", "web", "done", "exit code 5"),
    ]


class Flood:
    """A process that writes for ever, and takes nothing."""

    def __init__(self) -> None:
        self.wrote = 0
        self.never = asyncio.Event()

    async def read(self) -> tuple[int, bytes] | None:
        await asyncio.sleep(0)
        self.wrote += 65536
        return STDOUT, b"x" * 65536

    async def write(self, data: bytes) -> None:
        await self.never.wait()

    def write_eof(self) -> None: ...

    async def resize(self, columns: int, rows: int) -> None: ...

    async def ended(self) -> Ended:
        return Ended(0)


async def test_neither_side_piles_up() -> None:
    wire, flood = Wire(), Flood()
    task = asyncio.create_task(wire.carry(flood))
    await until(lambda: flood.wrote >= ROOM, "a flood")
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert flood.wrote <= 2 * ROOM
    before = flood.wrote
    while wire.take(1 << 16):
        pass
    await until(lambda: flood.wrote > before, "it goes on")
    while wire.room:
        wire.type(b"y" * 65536)
    await asyncio.sleep(0.01)
    assert not wire.room
    wire.close()
    assert await task is False
    assert wire.over
    wire.free()
