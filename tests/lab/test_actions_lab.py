"""Actions on real engines over real SSH: what is asked for happens, and what is not known is said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.model.actions import Action, ActionKind, Consent, Job, Outcome, Result, Target
from console.model.audit import Actor, Phase
from console.model.text import NOTHING, safe
from console.service.acting import Deeds
from console.service.audit import AuditFile, read_audit
from console.transport.base import Transport
from console.transport.clock import SystemClock
from tests.lab.aids import engine_of, until
from tests.lab.containers import SLEEP, start_plain
from tests.lab.host import LabHost
from tests.lab.machine import LabError
from tests.lab.options import QUICK

DEAF = "trap '' TERM; while :; do sleep 1; done"
HEARS = "trap 'echo hup' HUP; trap 'exit 7' USR1; while :; do sleep 0.1; done"


class Hand:
    """An operator's hand on one host: what was done, and what is on record."""

    def __init__(self, host: LabHost, transport: Transport, file: Path) -> None:
        self.host, self.file = host, file
        self._transport = transport
        self._last: Job | None = None

    async def open(self) -> None:
        engine = await engine_of(self._transport, self.host)
        clock = SystemClock()
        self._audit = AuditFile(self.file, "lab", lambda: Actor(uid=0, login="root"), clock)
        self._deeds = Deeds(
            {self.host.name: self.host.spec()},
            clock,
            self._audit,
            lambda host: engine.deeds,
            lambda host: None,
            changed=self._keep,
        )

    async def aclose(self) -> None:
        await self._deeds.aclose()
        await self._audit.aclose()

    def _keep(self, job: Job) -> None:
        self._last = job

    def begin(self, full: str, kind: ActionKind, name: str = "it", **fields: object) -> None:
        action = Action(kind=kind, **fields)  # type: ignore[arg-type]  # its fields by name
        target = Target(host=self.host.name, id=full, name=safe(name))
        self._deeds.act(1, action, [target], Consent(yes=True))

    async def end(self) -> Outcome:
        await until(lambda: self._last is not None and self._last.over, "the action to be over", 60)
        assert self._last is not None
        return next(iter(self._last.outcomes.values()))

    async def act(self, full: str, kind: ActionKind, **fields: object) -> Outcome:
        self.begin(full, kind, **fields)
        return await self.end()

    def recorded(self) -> list[tuple[Phase, str, str]]:
        return [(record.phase, record.action, record.result) for record in read_audit(self.file)]


@pytest.fixture
async def hand(h1: LabHost, transport: Transport, tmp_path: Path) -> AsyncIterator[Hand]:
    made = Hand(h1, transport, tmp_path / "audit.jsonl")
    await made.open()
    yield made
    await made.aclose()


def state(host: LabHost, name: str) -> str:
    return host.docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name)


async def test_every_action_and_what_is_so_already(h1: LabHost, hand: Hand) -> None:
    full = start_plain(h1, "it", script=QUICK)
    steps: list[tuple[ActionKind, Result, str]] = [
        (ActionKind.START, Result.NOTHING, "running 0"),
        (ActionKind.PAUSE, Result.DONE, "paused 0"),
        (ActionKind.UNPAUSE, Result.DONE, "running 0"),
        (ActionKind.STOP, Result.DONE, "exited 0"),
        (ActionKind.STOP, Result.NOTHING, "exited 0"),
        (ActionKind.START, Result.DONE, "running 0"),
        (ActionKind.RESTART, Result.DONE, "running 0"),
        (ActionKind.KILL, Result.DONE, "exited 137"),
        (ActionKind.KILL, Result.FAILED, "exited 137"),
    ]
    for kind, result, after in steps:
        outcome = await hand.act(full, kind)
        assert outcome.result is result, outcome
        # A kill is answered before the process is gone.
        await until(lambda wanted=after: state(h1, "it") == wanted, f"{after} after {kind}")
    wanted = [(phase, kind.value, "" if phase is Phase.BEFORE else result.value)
              for kind, result, _ in steps for phase in Phase]  # fmt: skip
    assert hand.recorded() == wanted


async def test_a_signal_is_the_one_that_was_named(h1: LabHost, hand: Hand) -> None:
    full = start_plain(h1, "it", script=HEARS)
    assert (await hand.act(full, ActionKind.KILL, signal=safe("SIGHUP"))).result is Result.DONE
    await until(lambda: "hup" in h1.docker("logs", "it"), "the signal to be heard")
    assert state(h1, "it") == "running 0"
    assert (await hand.act(full, ActionKind.KILL, signal=safe("usr1"))).result is Result.DONE
    await until(lambda: state(h1, "it") == "exited 7", "the process to end by it")
    assert (await hand.act(full, ActionKind.KILL, signal=safe("SIGFOO"))).result is Result.FAILED


async def test_a_process_that_does_not_listen_has_its_time_and_no_more(h1: LabHost, hand: Hand) -> None:
    full = start_plain(h1, "it", script=DEAF)
    began = time.monotonic()
    assert (await hand.act(full, ActionKind.STOP, timeout=3)).result is Result.DONE
    assert time.monotonic() - began >= 3
    assert state(h1, "it") == "exited 137"


async def test_removing_what_runs_has_to_be_meant(h1: LabHost, hand: Hand) -> None:
    full = start_plain(h1, "it", "-v", "/anon", script=SLEEP)
    (volume,) = h1.docker("inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", "it").split()
    outcome = await hand.act(full, ActionKind.REMOVE)
    assert outcome.result is Result.FAILED
    assert full not in outcome.text
    assert state(h1, "it") == "running 0"
    assert (await hand.act(full, ActionKind.REMOVE, force=True)).result is Result.DONE
    assert h1.docker("volume", "inspect", "-f", "{{.Name}}", volume) == volume
    h1.docker("volume", "rm", volume)


async def test_one_that_was_made_anew_meanwhile_is_not_touched(h1: LabHost, hand: Hand) -> None:
    pinned = start_plain(h1, "it")
    h1.docker("rm", "-f", "it")
    other = start_plain(h1, "it")
    for kind in (ActionKind.STOP, ActionKind.RESTART, ActionKind.KILL):
        outcome = await hand.act(pinned, kind)
        assert outcome.result is Result.FAILED
        assert "recreated" in outcome.text
    assert (await hand.act(pinned, ActionKind.REMOVE, force=True)).result is Result.FAILED
    assert (
        h1.docker("inspect", "-f", "{{.Id}} {{.State.Status}} {{.RestartCount}}", "it")
        == f"{other} running 0"
    )


async def test_an_answer_that_is_lost_is_not_called_a_failure(h1: LabHost, hand: Hand) -> None:
    full = start_plain(h1, "it", script=DEAF)
    hand.begin(full, ActionKind.STOP, timeout=4)
    await until(lambda: "before" in hand.file.read_text() if hand.file.exists() else False, "the record")
    await until(lambda: stopping(h1, full), "the engine to have been asked")
    await asyncio.to_thread(h1.kill_sshd_children)
    outcome = await hand.end()
    assert outcome.result is Result.UNKNOWN, outcome
    assert outcome.text != NOTHING
    assert hand.recorded() == [(Phase.BEFORE, "stop", ""), (Phase.AFTER, "stop", "unknown")]
    # What was asked for happens all the same.
    await until(lambda: state(h1, "it") == "exited 137", "the engine to have stopped it")


def stopping(host: LabHost, full: str) -> bool:
    """Whether its first signal was sent."""
    now = str(int(time.time()) + 1)
    words = (
        "events",
        "--since",
        "60s",
        "--until",
        now,
        "--filter",
        f"container={full}",
        "--filter",
        "event=kill",
    )
    try:
        return bool(host.docker(*words, timeout=10))
    except LabError:
        return False
