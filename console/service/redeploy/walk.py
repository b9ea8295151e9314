"""Walking the course of one redeploy on a real engine, through losses, until an end that is one.

Each round looks at the engine, takes the one next step and looks again; nothing is remembered in between. A
step whose answer is lost is therefore neither repeated nor believed: the next look shows what became of it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from console.errors import (
    Conflict,
    DockconError,
    EngineDown,
    HostUnreachable,
    NotFound,
    OutcomeUnknown,
)
from console.model.actions import Action, ActionKind
from console.model.clock import Clock
from console.model.redeploy.course import (
    ASIDE,
    NEXT,
    PREV,
    Goal,
    StepKind,
    Way,
    last_step,
    next_step,
)
from console.model.redeploy.plan import Ending, Report, Rules, Told
from console.model.text import NOTHING, SafeText, safe, short_ids
from console.service.redeploy.doubt import Doubt
from console.service.redeploy.health import Gate, evidence
from console.service.redeploy.look import Scene, look
from console.transport.base import Engine

log = logging.getLogger(__name__)

LOOK_AGAIN = 0.5
"""Seconds between two looks at a container that is not well yet."""

PATIENCE = 600.0
"""Seconds that a host may be away in the middle of a redeploy; then somebody has to recover it."""

TRIES = 3
"""Times that a step of the way back is tried before it is said to be stuck."""

STOP_PATIENCE = 30
"""Seconds a process has to end by itself when it is only stopped because it failed."""

_WORDS = {
    StepKind.SEND: "send it the image from another host",
    StepKind.CREATE: "create the new container",
    StepKind.CONNECT: "connect it to its other networks",
    StepKind.HOLD: "take the old one's restart policy",
    StepKind.STOP_OLD: "stop the old one",
    StepKind.SHELVE: "rename the old one",
    StepKind.PROMOTE: "give the new one its name",
    StepKind.ARM: "give the new one its restart policy",
    StepKind.START: "start the new one",
    StepKind.WAIT: "wait until it is well",
    StepKind.CLEAR: "remove the one kept from the redeploy before",
    StepKind.KEEP: "keep the old one for a way back",
    StepKind.DROP: "remove the old one",
    StepKind.REOPEN: "take the old one from where it is kept",
    StepKind.DISARM: "take the new one's restart policy",
    StepKind.STOP_NEW: "stop the new one",
    StepKind.DEMOTE: "take the name from the new one",
    StepKind.UNSHELVE: "give the old one its name back",
    StepKind.RELEASE: "give the old one its restart policy back",
    StepKind.START_OLD: "start the old one",
    StepKind.PAUSE_OLD: "pause the old one again",
    StepKind.DISCARD: "remove the new one",
}

_POLICIES = {StepKind.HOLD: True, StepKind.RELEASE: True, StepKind.ARM: False, StepKind.DISARM: False}
"""Steps that change a restart policy; whether of the old container."""

Create = Callable[[Engine], Awaitable[object]]
Send = Callable[[Engine, Callable[[SafeText], None]], Awaitable[None]]
Record = Callable[[StepKind], Awaitable[None]]
"""Puts a step on record before it is taken. Raises AuditFailed: then it is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Which redeploy is walked, and what it needs to know."""

    host: str
    name: str
    old_id: str
    operation: str
    way: Way
    wanted: str
    rules: Rules
    send: Send | None = None
    """Sees to it that the image is there; None where it is, or where there is nothing to create."""
    create: Create | None = None
    """Makes the new container; None where it is there already, when an interrupted one is recovered."""


class Company(Protocol):
    """Those that live in the network of the container that is walked for."""

    async def follow(self, engine: Engine, scene: Scene) -> SafeText:
        """The new one is well: they go to it. Why one did not, or nothing."""
        ...

    async def back(self, engine: Engine, scene: Scene) -> None:
        """The old one runs again: they go back to it."""
        ...


@dataclass(slots=True)
class Walk:
    """One walk. `reach` waits until the host is up and returns its engine, or raises when it is not."""

    errand: Errand
    reach: Callable[[], Awaitable[Engine]]
    clock: Clock
    tell: Callable[[Told], None]
    record: Record
    goal: Goal = Goal.FINISH
    company: Company | None = None
    reason: SafeText = NOTHING
    """Why it was turned round."""
    evidence: tuple[SafeText, ...] = ()
    _away: float | None = None
    _failures: int = 0
    _begun: bool = False
    _said: StepKind | None = None
    _gate: Gate | None = field(default=None)
    _well: SafeText = NOTHING
    """Why the new one is well, once it is: then there is no turning round any more."""
    _roused: bool = False
    _doubt: Doubt | None = None
    _warned: bool = False
    _sent: bool = False
    _settled: bool = False
    """Whether its company is where it belongs."""

    async def run(self) -> Report:
        """Walk until an end. Never raises for what a host or engine did."""
        while True:
            try:
                report = await self._round()
            except (HostUnreachable, EngineDown, OutcomeUnknown) as error:
                if (report := await self._lost(error)) is None:
                    continue
            except DockconError as error:
                if (report := await self._failed(error)) is None:
                    continue
            if report is not None:
                return report

    async def _round(self) -> Report | None:
        errand = self.errand
        engine = await self.reach()
        scene = await look(engine, errand.name, errand.old_id, errand.operation, errand.wanted)
        self._away = None
        self._begun = self._begun or scene.facts.new is not None or errand.create is None
        if self.goal is Goal.UNDO and not self._begun:
            # Somebody else may be at work on the old one: what is not ours is not taken back.
            return self._returned(scene)
        step = next_step(scene.facts, self.goal, errand.way)
        if self.goal is Goal.UNDO and errand.create is None and self._doubtful(scene, step):
            await self.clock.sleep(LOOK_AGAIN)
            return None
        if self.goal is Goal.UNDO and step in (StepKind.DISCARD, None):
            await self._settle(engine, scene)
        if step is StepKind.WAIT and not self._asleep(scene):
            return await self._wait(engine, scene)
        if step is StepKind.WAIT:
            self._roused, step = True, StepKind.START
        if step is None:
            return self._returned(scene)
        if step is StepKind.CREATE and errand.create is None:
            return self._end(
                Ending.STUCK,
                "the new container is gone",
                f"dockcon recover --undo {errand.host}/{errand.name}",
            )
        if step is StepKind.CREATE and (scene.facts.old is None or scene.facts.old.name != errand.name):
            return self._end(
                Ending.REFUSED, "somebody else changed it meanwhile; nothing was done", "plan anew"
            )
        if step is StepKind.CREATE and errand.send is not None and not self._sent:
            step = StepKind.SEND
        await self._do(engine, scene, step)
        return None

    async def _settle(self, engine: Engine, scene: Scene) -> None:
        """Before the new one goes, by which those that went with it are known."""
        strangers = scene.facts.other is not None
        if self.company is not None and not self._settled and not strangers:
            await self.company.back(engine, scene)
            self._settled = True

    def _doubtful(self, scene: Scene, step: StepKind | None) -> bool:
        if self._doubt is None:
            self._doubt = Doubt(self.clock)
        self._doubt.look(scene, self.errand.way)
        wait = self._doubt.holds(scene, step)
        if wait and not self._warned:
            self._warned = True
            self._tell(safe(f"the old one may still be stopping: watching it for {wait:.0f} s"))
        return wait > 0

    def _asleep(self, scene: Scene) -> bool:
        """Whether the new one of an interrupted redeploy was stopped on a way back: it is started before
        it is judged.
        """
        new = scene.facts.new
        return self.errand.create is None and not self._roused and new is not None and not new.running

    async def _do(self, engine: Engine, scene: Scene, step: StepKind) -> None:
        self._say(step)
        await self.record(step)
        await self._take(engine, scene, step)
        self._failures = 0

    async def _take(self, engine: Engine, scene: Scene, step: StepKind) -> None:
        errand, deeds, facts = self.errand, engine.deeds, scene.facts
        new = facts.new.id if facts.new else ""
        if step is StepKind.SEND and errand.send is not None:
            await errand.send(engine, self._tell)
            self._sent = True
        elif step is StepKind.CREATE and errand.create is not None:
            await errand.create(engine)
        elif step is StepKind.CONNECT:
            network, endpoint = scene.missing[0]
            await deeds.connect(network, new, endpoint)
        elif step in (StepKind.CLEAR, StepKind.DROP):
            gone = facts.shelved if step is StepKind.CLEAR else facts.old
            if gone is not None:
                # Its volumes are the new one's.
                await deeds.act(gone.id, Action(kind=ActionKind.REMOVE))
        elif step in _POLICIES:
            policy = {StepKind.ARM: errand.wanted, StepKind.RELEASE: errand.way.policy}.get(step, "no")
            await deeds.set_restart_policy(errand.old_id if _POLICIES[step] else new, policy)
        else:
            of_old, action = _action(step, errand.name)
            await deeds.act(errand.old_id if of_old else new, action)

    async def _wait(self, engine: Engine, scene: Scene) -> Report | None:
        assert scene.facts.new is not None
        if self._well:
            return await self._tidy(engine, scene)
        self._say(StepKind.WAIT)
        if self._gate is None:
            self._gate = Gate(self.errand.rules, self.clock)
        new = scene.facts.new.id
        well, why = self._gate.judge((await engine.inspect(new)).container)
        if well is None:
            await self.clock.sleep(LOOK_AGAIN)
            return None
        if not well:
            self.evidence = await evidence(engine, new)
            self._turn(why)
            return None
        self._well = why
        self._tell(why)
        return None

    async def _tidy(self, engine: Engine, scene: Scene) -> Report | None:
        if self.company is not None and not self._settled:
            if why := await self.company.follow(engine, scene):
                self._well, self._gate = NOTHING, None
                self._turn(why)
                return None
            self._settled = True
        step = last_step(scene.facts, keep=self.errand.rules.keep > 0)
        if step is None:
            return self._end(Ending.DONE, str(self._well))
        await self._do(engine, scene, step)
        return None

    def _returned(self, scene: Scene) -> Report:
        if scene.facts.old is None:
            gone = "the old container is gone: there is nothing to go back to"
            return self._end(Ending.STUCK, f"{self.reason}; {gone}" if self.reason else gone)
        return self._end(Ending.RESTORED, str(self.reason) or "taken back")

    # What goes wrong

    async def _lost(self, error: DockconError) -> Report | None:
        """The host is away, or an answer was: look again, for as long as there is hope."""
        now = self.clock.monotonic()
        if self._away is None:
            self._away = now
            self._tell(safe(f"{error.message}; looking again"), bad=True)
        elif now - self._away > PATIENCE:
            return self._end(Ending.STUCK, f"not reached for {PATIENCE:.0f} s: {error.message}")
        await self.clock.sleep(1.0)
        return None

    async def _failed(self, error: DockconError) -> Report | None:
        """The engine said no: turn round, or, on the way back, try again a few times."""
        self._failures += 1
        if self._well:
            self._tell(SafeText(error.message), bad=True)
            if self._failures >= TRIES:
                finish = f"dockcon recover --finish {self.errand.host}/{self.errand.name}"
                words = f"{self._well}; the old one could not be put away: {error.message}"
                return self._end(Ending.DONE, words, finish)
        elif self.goal is Goal.FINISH:
            # A conflict may mean that another console walks the same way: what it did is seen at the next
            # look, and only a step that is still to be taken, and still refused, turns us round.
            if self._failures > 1 or not isinstance(error, Conflict | NotFound):
                self._turn(SafeText(error.message))
                return None
        else:
            self._tell(SafeText(error.message), bad=True)
            if self._failures >= TRIES:
                why = "; on the way back: ".join(filter(None, (self.reason, error.message)))
                return self._end(Ending.STUCK, why)
        await self.clock.sleep(1.0)
        return None

    def _turn(self, why: SafeText) -> None:
        self.goal, self.reason, self._failures = Goal.UNDO, why, 0
        self._tell(safe(f"{why}; going back"), bad=True)

    # Telling

    def _say(self, step: StepKind) -> None:
        if step is not self._said:
            self._said = step
            self.tell(Told(at=self.clock.now(), step=step, text=safe(_WORDS[step])))

    def _tell(self, words: SafeText, *, bad: bool = False) -> None:
        self.tell(Told(at=self.clock.now(), step=None, text=short_ids(words), bad=bad))

    def _end(self, ending: Ending, words: str, next_step: str = "") -> Report:
        if ending is Ending.STUCK and not next_step:
            next_step = f"dockcon recover {self.errand.host}/{self.errand.name}"
        text = short_ids(SafeText(words))
        return Report(ending=ending, text=text, next_step=safe(next_step), evidence=self.evidence)


def _action(step: StepKind, name: str) -> tuple[bool, Action]:
    """What a step asks for, and whether of the old container."""
    actions = {
        StepKind.STOP_OLD: (True, Action(kind=ActionKind.STOP)),
        StepKind.STOP_NEW: (False, Action(kind=ActionKind.STOP, timeout=STOP_PATIENCE)),
        StepKind.SHELVE: (True, Action(kind=ActionKind.RENAME, name=safe(name + ASIDE))),
        StepKind.KEEP: (True, Action(kind=ActionKind.RENAME, name=safe(name + PREV))),
        StepKind.REOPEN: (True, Action(kind=ActionKind.RENAME, name=safe(name + ASIDE))),
        StepKind.UNSHELVE: (True, Action(kind=ActionKind.RENAME, name=safe(name))),
        StepKind.PROMOTE: (False, Action(kind=ActionKind.RENAME, name=safe(name))),
        StepKind.DEMOTE: (False, Action(kind=ActionKind.RENAME, name=safe(name + NEXT))),
        StepKind.START: (False, Action(kind=ActionKind.START)),
        StepKind.START_OLD: (True, Action(kind=ActionKind.START)),
        StepKind.PAUSE_OLD: (True, Action(kind=ActionKind.PAUSE)),
        # Its own anonymous volumes go with it; those it took over are bound by name and stay.
        StepKind.DISCARD: (False, Action(kind=ActionKind.REMOVE, volumes=True, force=True)),
    }
    return actions[step]
