"""Guards and actions: who may do what, and what makes sense."""

from __future__ import annotations

import pytest

from console.errors import GuardRefused
from console.model.actions import Action, ActionKind, Consent, Job, Outcome, Result, Target, objection
from console.model.containers import Container, ContainerState
from console.model.guards import check, forbid
from console.model.hosts import Guard, HostSpec
from console.model.text import safe

ID = "a" * 64


def container(state: ContainerState = ContainerState.RUNNING) -> Container:
    return Container(host="app-1", id=ID, name=safe("web"), image=safe("nginx"), state=state)


def spec(guard: Guard = Guard.CONFIRM) -> HostSpec:
    return HostSpec(name="app-1", address="10.0.0.1", guard=guard)


TARGET = Target.of(container())
YES = Consent(yes=True)


@pytest.mark.parametrize("guard", Guard)
def test_a_read_only_console_changes_nothing_anywhere(guard: Guard) -> None:
    with pytest.raises(GuardRefused, match="read-only"):
        check(spec(guard), TARGET, Consent(yes=True, typed=frozenset({"web"})), read_only=True)


def test_an_observed_host_is_refused_whatever_was_agreed_to() -> None:
    with pytest.raises(GuardRefused, match="app-1 may only be observed"):
        forbid(spec(Guard.OBSERVE), read_only=False)
    with pytest.raises(GuardRefused):
        check(spec(Guard.OBSERVE), TARGET, Consent(True, frozenset({"web"})), read_only=False)


def test_confirm_wants_a_yes() -> None:
    check(spec(), TARGET, YES, read_only=False)
    with pytest.raises(GuardRefused, match="not confirmed"):
        check(spec(), TARGET, Consent(typed=frozenset({"web"})), read_only=False)


@pytest.mark.parametrize(
    ("consent", "allowed"),
    [
        (Consent(typed=frozenset({"web"})), True),
        (YES, False),
        (Consent(True, frozenset({"web2"})), False),
        (Consent(True, frozenset({"web@app-1"})), False),
    ],
)
def test_typed_wants_the_name_and_a_yes_is_not_enough(consent: Consent, allowed: bool) -> None:
    if allowed:
        check(spec(Guard.TYPED), TARGET, consent, read_only=False)
        return
    with pytest.raises(GuardRefused, match="typed") as refused:
        check(spec(Guard.TYPED), TARGET, consent, read_only=False)
    assert "--confirm web" in refused.value.next_step


SENSE = {
    ActionKind.STOP: {"running", "paused", "restarting"},
    ActionKind.KILL: {"running", "paused", "restarting"},
    ActionKind.START: {"created", "exited", "dead"},
    ActionKind.PAUSE: {"running"},
    ActionKind.UNPAUSE: {"paused"},
    ActionKind.REMOVE: {"created", "exited", "dead", "removing"},
}


@pytest.mark.parametrize("kind", ActionKind)
@pytest.mark.parametrize("state", ContainerState)
def test_what_makes_no_sense_is_said_before_anything_is_asked(
    kind: ActionKind, state: ContainerState
) -> None:
    sensible = kind not in SENSE or state in SENSE[kind] or state is ContainerState.UNKNOWN
    assert bool(objection(container(state), Action(kind=kind))) is not sensible


def test_a_job_is_over_when_every_target_has_an_outcome() -> None:
    job = Job(number=1, action=Action(kind=ActionKind.STOP), targets=(TARGET,), began=0.0)
    assert not job.over
    done = Outcome(target=TARGET, result=Result.DONE)
    assert Job(number=1, action=job.action, targets=job.targets, began=0.0, outcomes={TARGET.key: done}).over


def test_actions_say_what_they_are() -> None:
    assert Action(kind=ActionKind.KILL, signal=safe("SIGHUP")).text == "kill with SIGHUP"
    assert Action(kind=ActionKind.RENAME, name=safe("web-old")).text == "rename to web-old"
    assert Action(kind=ActionKind.REMOVE, volumes=True).text == "remove with its anonymous volumes"
    assert Action(kind=ActionKind.RESTART).text == "restart"
