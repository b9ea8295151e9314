"""The question before an action: its targets are pinned, what makes no sense is left out."""

from __future__ import annotations

import pytest

from console.errors import GuardRefused
from console.model.actions import Action, ActionKind, Outcome, Result, Target
from console.model.containers import Container, ContainerState
from console.model.hosts import Guard, HostSpec
from console.model.text import safe
from console.ui.asking import TYPED_AT_MOST, ask, consequence, said, stop_or_start, tone

SPECS = {
    "a": HostSpec(name="a", address="x"),
    "t": HostSpec(name="t", address="y", guard=Guard.TYPED),
    "o": HostSpec(name="o", address="z", guard=Guard.OBSERVE),
}
STOP = Action(kind=ActionKind.STOP)


def container(host: str, name: str, state: ContainerState = ContainerState.RUNNING) -> Container:
    return Container(host=host, id=(name * 64)[:64], name=safe(name), image=safe("i"), state=state)


def test_what_makes_no_sense_is_left_out_and_said() -> None:
    web, old = container("a", "web"), container("a", "old", ContainerState.EXITED)
    asked = ask(STOP, [web, old], SPECS, read_only=False, hidden=1)
    assert asked.targets == (Target.of(web),)
    assert asked.left_out == ((Target.of(old), "it does not run"),)
    assert asked.title == "Stop 1 container?"
    assert asked.states[web.key] == "running"
    assert asked.typed == ()


def test_names_are_typed_once_each() -> None:
    asked = ask(
        STOP, [container("t", "db"), container("a", "web"), container("t", "mq")], SPECS, read_only=False
    )
    assert asked.typed == ("db", "mq")
    many = [container("t", f"c{n}") for n in range(TYPED_AT_MOST + 1)]
    with pytest.raises(GuardRefused, match="5 names"):
        ask(STOP, many, SPECS, read_only=False)


@pytest.mark.parametrize(
    ("containers", "read_only", "why"),
    [
        ([container("o", "db")], False, "may only be observed"),
        ([container("a", "web"), container("o", "db")], False, "may only be observed"),
        ([container("a", "web")], True, "read-only"),
        ([container("a", "old", ContainerState.EXITED)], False, "old@a: it does not run"),
        ([], False, "nothing is chosen"),
    ],
)
def test_where_there_is_nothing_to_ask(containers: list[Container], read_only: bool, why: str) -> None:
    with pytest.raises(GuardRefused, match=why):
        ask(STOP, containers, SPECS, read_only=read_only)


def test_one_key_stops_or_starts() -> None:
    web, old = container("a", "web"), container("a", "old", ContainerState.EXITED)
    assert stop_or_start([web, old]) == (STOP, [web])
    assert stop_or_start([old]) == (Action(kind=ActionKind.START), [old])


def test_what_became_of_it() -> None:
    outcome = Outcome(
        target=Target.of(container("a", "web")), result=Result.FAILED, text=safe("no"), next_step=safe("look")
    )
    assert said(STOP, outcome) == "stop web@a: failed: no; look"
    assert [tone(result) for result in Result] == ["ok", "ok", "bad", "bad", "warn"]
    assert "Volumes are kept" in consequence(Action(kind=ActionKind.REMOVE))
