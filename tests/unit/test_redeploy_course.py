"""The course of a redeploy: from every state, forwards and backwards, it ends well."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import pytest

from console.model.redeploy.course import (
    ASIDE,
    LABELS,
    NEXT,
    OF,
    OPERATION,
    POLICY,
    PREV,
    RAN,
    WANTED,
    Facts,
    Goal,
    Seen,
    StepKind,
    Trace,
    Way,
    find,
    last_step,
    next_step,
    way_back,
)

OLD, NEW, EARLIER = "old", "new", "earlier"


@dataclass
class Engine:
    """An engine with as much sense as is needed: names are unique, and a restart starts what should."""

    policy: str = "always"
    ran: bool = True
    paused: bool = False
    networks: int = 2
    containers: dict[str, Seen] = field(default_factory=dict)
    ever_without: bool = False

    def __post_init__(self) -> None:
        old = Seen(
            id=OLD,
            name="web",
            running=self.ran,
            paused=self.paused,
            started=True,
            policy=self.policy,
            labels={},
        )
        self.put(old)

    def put(self, seen: Seen) -> None:
        taken = next((c for c in self.containers.values() if c.name == seen.name and c.id != seen.id), None)
        assert taken is None, f"{seen.name} is taken by {taken}"
        self.containers[seen.id] = seen
        self.both_never_run()

    def change(self, which: str, **fields: object) -> None:
        self.put(replace(self.containers[which], **fields))  # type: ignore[arg-type]  # names of fields

    def both_never_run(self) -> None:
        assert not (
            self.get(OLD) and self.get(NEW) and self.containers[OLD].running and self.containers[NEW].running
        )

    @property
    def way(self) -> Way:
        return Way(policy=self.policy, ran=self.ran, paused=self.paused)

    def get(self, which: str) -> Seen | None:
        return self.containers.get(which)

    def restart(self) -> None:
        """The engine's own restart: what has a policy that says so runs again; nothing else does."""
        for seen in list(self.containers.values()):
            up = (
                seen.policy in ("always", "unless-stopped")
                and seen.started
                and (seen.running or seen.policy == "always")
            )
            self.change(seen.id, running=up)

    def facts(self) -> Facts:
        shelved = next((c for c in self.containers.values() if c.name == "web" + PREV and c.id != OLD), None)
        return Facts(
            name="web",
            old=self.get(OLD),
            new=self.get(NEW),
            shelved=shelved,
            networks=self.networks,
            wanted="always",
        )

    def create(self) -> None:
        labels = {
            OPERATION: "op", OF: OLD, POLICY: self.policy, RAN: self.way.word,
            WANTED: "always",
        }  # fmt: skip
        name = "web" + NEXT
        self.put(Seen(id=NEW, name=name, running=False, started=False, policy="always", labels=labels))

    def do(self, step: StepKind) -> None:
        networks = self.containers[NEW].networks + 1 if NEW in self.containers else 1
        changes: dict[StepKind, tuple[str, dict[str, object]]] = {
            StepKind.CONNECT: (NEW, {"networks": networks}),
            StepKind.HOLD: (OLD, {"policy": "no"}),
            StepKind.STOP_OLD: (OLD, {"running": False, "paused": False}),
            StepKind.SHELVE: (OLD, {"name": "web" + ASIDE}),
            StepKind.KEEP: (OLD, {"name": "web" + PREV}),
            StepKind.REOPEN: (OLD, {"name": "web" + ASIDE}),
            StepKind.PROMOTE: (NEW, {"name": "web"}),
            StepKind.ARM: (NEW, {"policy": "always"}),
            StepKind.START: (NEW, {"running": True, "started": True}),
            StepKind.DISARM: (NEW, {"policy": "no"}),
            StepKind.STOP_NEW: (NEW, {"running": False}),
            StepKind.DEMOTE: (NEW, {"name": "web" + NEXT}),
            StepKind.UNSHELVE: (OLD, {"name": "web"}),
            StepKind.RELEASE: (OLD, {"policy": self.policy}),
            StepKind.START_OLD: (OLD, {"running": True}),
            StepKind.PAUSE_OLD: (OLD, {"paused": True}),
        }
        if step is StepKind.CREATE:
            self.create()
        elif step in (StepKind.CLEAR, StepKind.DROP, StepKind.DISCARD):
            gone = {StepKind.CLEAR: EARLIER, StepKind.DROP: OLD, StepKind.DISCARD: NEW}
            del self.containers[gone[step]]
        else:
            which, fields = changes[step]
            self.change(which, **fields)

    def walk(self, goal: Goal, steps: int = 50) -> list[StepKind]:
        """Go on until the goal, at most so many steps."""
        taken: list[StepKind] = []
        while len(taken) < steps:
            step = next_step(self.facts(), goal, self.way)
            if step is None or step is StepKind.WAIT:
                return taken
            self.do(step)
            taken.append(step)
        return taken

    def tidy(self, *, keep: bool = True) -> list[StepKind]:
        """The new one is well: the rest."""
        taken = []
        while (step := last_step(self.facts(), keep=keep)) is not None:
            self.do(step)
            taken.append(step)
        return taken

    def forwards_done(self) -> None:
        new, old = self.containers[NEW], self.containers[OLD]
        assert (new.name, new.running, new.networks) == ("web", True, 2)
        assert (old.name, old.running, old.policy) == ("web" + PREV, False, "no")

    def backwards_done(self) -> None:
        assert NEW not in self.containers
        old = self.containers[OLD]
        assert (old.name, old.running, old.policy) == ("web", self.ran, self.policy)


ORDER = [
    StepKind.CREATE, StepKind.CONNECT, StepKind.HOLD, StepKind.STOP_OLD,
    StepKind.SHELVE, StepKind.PROMOTE, StepKind.START,
]  # fmt: skip


def test_the_order() -> None:
    engine = Engine()
    assert engine.walk(Goal.FINISH) == ORDER
    assert engine.tidy() == [StepKind.KEEP]
    engine.forwards_done()
    assert engine.walk(Goal.UNDO) == [
        StepKind.REOPEN, StepKind.DISARM, StepKind.STOP_NEW, StepKind.DEMOTE, StepKind.UNSHELVE,
        StepKind.RELEASE, StepKind.START_OLD, StepKind.DISCARD,
    ]  # fmt: skip
    engine.backwards_done()


def test_what_has_no_policy_and_does_not_run_needs_less() -> None:
    engine = Engine(policy="no", ran=False, networks=1)
    assert engine.walk(Goal.FINISH) == [StepKind.CREATE, StepKind.SHELVE, StepKind.PROMOTE, StepKind.START]
    engine.walk(Goal.UNDO)
    assert engine.containers == Engine(policy="no", ran=False).containers


@pytest.mark.parametrize("steps", range(len(ORDER) + 1))
def test_one_that_was_paused_is_paused_again(steps: int) -> None:
    """Whoever takes it back knows it from the new one's label."""
    engine = Engine(paused=True)
    engine.walk(Goal.FINISH, steps)
    if steps:
        assert way_back(engine.containers[NEW]) == engine.way
    engine.walk(Goal.UNDO)
    assert engine.containers == Engine(paused=True).containers


def test_the_one_kept_before_goes_when_the_new_one_is_well_and_not_earlier() -> None:
    engine = Engine()
    engine.put(Seen(id=EARLIER, name="web" + PREV, running=False, started=True, policy="no", labels={}))
    assert StepKind.CLEAR not in engine.walk(Goal.FINISH)
    assert engine.tidy() == [StepKind.CLEAR, StepKind.KEEP]
    engine.forwards_done()


def test_nothing_is_kept_where_nothing_is_to_be() -> None:
    engine = Engine()
    engine.walk(Goal.FINISH)
    assert engine.tidy(keep=False) == [StepKind.DROP]
    assert list(engine.containers) == [NEW]


CASES = [
    (policy, ran, networks)
    for policy in ("no", "always", "unless-stopped", "on-failure:3")
    for ran in (True, False)
    for networks in (1, 2)
]


@pytest.mark.parametrize(("policy", "ran", "networks"), CASES)
@pytest.mark.parametrize("restarted", [False, True])
def test_cut_anywhere_and_walked_on_either_way_it_ends_well(
    policy: str, ran: bool, networks: int, restarted: bool
) -> None:
    """Also where it is cut again on the way back, and the way back is turned round once more."""
    for there, back, again in itertools.product(range(9), range(9), (Goal.FINISH, Goal.UNDO)):
        engine = Engine(policy=policy, ran=ran, networks=networks)
        engine.walk(Goal.FINISH, there)
        if restarted:
            engine.restart()
        engine.walk(Goal.UNDO, back)
        if restarted:
            engine.restart()
        engine.walk(again)
        if again is Goal.UNDO:
            if restarted and not engine.containers[OLD].running and engine.ran:
                raise AssertionError(f"nothing runs after {there} and {back}")
            assert NEW not in engine.containers
            assert (engine.containers[OLD].name, engine.containers[OLD].policy) == ("web", policy)
            assert engine.containers[OLD].running is ran or restarted
        else:
            assert engine.containers[NEW].name == "web"
            assert engine.containers[OLD].name == "web" + ASIDE
            assert not engine.containers[OLD].running


@pytest.mark.parametrize("steps", range(len(ORDER) + 2))
def test_a_stranger_finds_the_same_course(steps: int) -> None:
    """Nothing but the engine's containers tells another console where a redeploy stands."""
    engine = Engine()
    if len(engine.walk(Goal.FINISH, steps)) < steps:
        engine.tidy()
    found = find(engine.containers.values())
    if steps == 0:
        assert found == []
        return
    assert len(found) == 1
    # In how many networks it has to be is seen on the old one, which a list of names does not show.
    assert replace(found[0].facts, networks=2) == engine.facts()
    assert found[0].operation == "op"
    assert found[0].trace is (Trace.KEPT if steps > len(ORDER) else Trace.INTERRUPTED)
    assert found[0].facts.new is not None
    assert way_back(found[0].facts.new) == Way(policy="always", ran=True)


@pytest.mark.parametrize("steps", range(1, 8))
def test_a_stranger_finds_the_way_back_too(steps: int) -> None:
    engine = Engine()
    engine.walk(Goal.FINISH)
    engine.tidy()
    engine.walk(Goal.UNDO, steps)
    (found,) = find(engine.containers.values())
    assert replace(found.facts, networks=2) == engine.facts()
    assert found.trace is Trace.INTERRUPTED


def test_an_operator_who_stops_the_new_one_leaves_nothing_half_done() -> None:
    engine = Engine()
    engine.walk(Goal.FINISH)
    engine.tidy()
    engine.change(NEW, running=False, policy="no")
    (found,) = find(engine.containers.values())
    assert found.trace is Trace.KEPT


def test_what_another_redeploy_did_is_not_taken_back() -> None:
    engine = Engine()
    engine.walk(Goal.FINISH, 2)
    engine.change(OLD, name="web" + PREV, running=False, policy="no")
    winner = Seen(
        id="winner", name="web", running=True, started=True, policy="always", labels={OPERATION: "x"}
    )
    facts = replace(engine.facts(), other=winner)
    assert next_step(facts, Goal.UNDO, Way(policy="always", ran=True)) is StepKind.DISCARD
    assert next_step(replace(facts, new=None), Goal.UNDO, Way(policy="always", ran=True)) is None


def test_a_name_that_somebody_took_is_no_reason_to_forget_the_old_one() -> None:
    engine = Engine()
    engine.walk(Goal.FINISH, 5)
    thief = Seen(id="thief", name="web", running=False, started=False, policy="no", labels={})
    facts = replace(engine.facts(), other=thief)
    assert next_step(facts, Goal.UNDO, Way(policy="always", ran=True)) is StepKind.UNSHELVE


def test_without_an_old_one_there_is_no_way_back() -> None:
    engine = Engine()
    engine.walk(Goal.FINISH)
    del engine.containers[OLD]
    assert next_step(engine.facts(), Goal.UNDO, Way(policy="no", ran=True)) is None


def test_an_old_one_that_somebody_removed_does_not_stop_the_new_one() -> None:
    engine = Engine()
    engine.walk(Goal.FINISH, 3)
    del engine.containers[OLD]
    engine.walk(Goal.FINISH)
    assert engine.containers[NEW].name == "web"
    assert engine.containers[NEW].running


def test_containers_that_only_look_alike_are_left_alone() -> None:
    seen = Seen(id="x", name="web", running=True, started=True, policy="no", labels={})
    assert (
        find([seen, replace(seen, id="y", name="dockcon-next"), replace(seen, id="z", name="web-prev")]) == []
    )


def test_labels_that_make_no_sense_do_no_harm() -> None:
    labels = {OPERATION: "", OF: "nobody", POLICY: "", RAN: "x", WANTED: ""}
    new = Seen(id="n", name="web" + NEXT, running=False, started=False, policy="no", labels=labels)
    (found,) = find([new])
    assert found.facts.old is None
    assert set(labels) == set(LABELS)
