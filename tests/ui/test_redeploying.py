"""What is typed for a redeploy, and how plans and their steps read."""

from __future__ import annotations

import re

import pytest

from console.errors import UsageError
from console.model.actions import Target
from console.model.redeploy.body import Recreation
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import StepKind, Way
from console.model.redeploy.plan import Ending, Plan, PlanLine, RedeployJob, Report, Told
from console.model.text import safe
from console.ui.lines import text_of
from console.ui.redeploying import changes_of, job_lines, job_title, outcome_of, plan_lines

TARGET = Target(host="app-1", id="a" * 64, name=safe("web"), image=safe("shop/web:1"))


def test_what_is_left_as_it_is_changes_nothing() -> None:
    assert changes_of({"image": "shop/web:1", "env": "", "ports": " "}, "shop/web:1") == Changes()


def test_everything_that_can_be_typed() -> None:
    typed = {
        "image": "shop/web:2",
        "env": "A=1 'B=two words' C-",
        "labels": "tier=web",
        "ports": "8080:80 53/udp",
        "restart": "on-failure:3",
        "memory": "512m",
        "cpus": "1.5",
    }
    assert changes_of(typed, "shop/web:1") == Changes(
        image="shop/web:2",
        env={"A": "1", "B": "two words", "C": None},
        labels={"tier": "web"},
        ports=("8080:80", "53/udp"),
        restart="on-failure:3",
        memory=512 << 20,
        cpus=1.5,
    )


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"env": "A"}, "variables: `A`"),
        ({"env": "'A=1"}, "a quote is not closed"),
        ({"labels": "="}, "labels"),
        ({"restart": "sometimes"}, "no restart policy"),
        ({"memory": "lots"}, "no size"),
        ({"cpus": "many"}, "cpus: `many`"),
        ({"cpus": "-1"}, "less than nothing"),
    ],
)
def test_what_cannot_be_meant_is_said(typed: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        changes_of(typed, "")


def plan(refusal: str = "") -> Plan:
    return Plan(
        target=TARGET,
        operation="op",
        changes=Changes(),
        image=safe("shop/web:2"),
        old_image="a",
        new_image="b",
        lines=(PlanLine(safe("image 1 -> 2")), PlanLine(safe("not reachable for a moment"), True)),
        warnings=(safe("compose will see drift"),),
        refusal=safe(refusal),
        way=Way(policy="no", ran=True),
        recreation=Recreation(body={}, connect=(), volumes=()),
    )


def test_a_plan_reads_as_sentences() -> None:
    assert [text_of(line) for line in plan_lines([plan("swarm manages it")], 60)] == [
        "Redeploy 1 container?",
        "",
        "web@app-1  aaaaaaaaaaaa",
        "- image 1 -> 2",
        "! not reachable for a moment",
        "note: compose will see drift",
        "refused: swarm manages it",
    ]


def job(ending: Ending | None = None) -> RedeployJob:
    told = (
        (TARGET, Told(at=0.0, step=StepKind.CREATE, text=safe("create the new container"))),
        (TARGET, Told(at=1.0, step=None, text=safe("it ended; going back"), bad=True)),
    )
    reports = {}
    if ending is not None:
        reports[TARGET.key] = Report(
            ending=ending, text=safe("why"), next_step=safe("look"), evidence=(safe("boom"),)
        )
    return RedeployJob(number=1, targets=(TARGET,), began=0.0, told=told, reports=reports)


def test_the_steps_and_the_end_of_a_job() -> None:
    lines = [re.sub(r"^  \d\d:\d\d:\d\d  ", "", text_of(line)) for line in job_lines(job(), 60)]
    assert lines == ["web@app-1  aaaaaaaaaaaa", "create the new container", "it ended; going back", ""]
    assert job_title(job()) == ("0 of 1 over", "busy")
    ended = job(Ending.RESTORED)
    assert [text_of(line) for line in job_lines(ended, 60)][-4:] == [
        "  restored  why", "  next: look", "  | boom", "",
    ]  # fmt: skip
    assert job_title(ended) == ("restored", "warn")
    assert job_title(job(Ending.DONE)) == ("done", "ok")
    assert outcome_of(TARGET, ended.reports[TARGET.key]) == "redeploy web@app-1: restored: why"
