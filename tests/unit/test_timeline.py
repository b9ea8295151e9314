"""The timeline: ordered, bounded, nothing lost but what is counted; what belongs together as one line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.events import EngineEvent
from console.model.text import safe
from console.model.timeline.entries import Entry, bookmark, of_event, remark, thing
from console.model.timeline.store import Timeline
from tests.unit.happenings import DB, NOON, SECOND, WEB, entry, event


def told(*entries: Entry) -> list[str]:
    """The lines of a timeline of these."""
    timeline = Timeline()
    timeline.add(entries)
    return [f"{m.what}: {m.detail}" if m.detail else m.what for m in timeline.moments()]


def stop(
    at: float, code: str = "143", *, with_signals: tuple[str, ...] = ("15",), **more: str
) -> list[Entry]:
    signals = [entry("kill", at + n, signal=signal, **more) for n, signal in enumerate(with_signals)]
    end = at + len(signals)
    return [*signals, entry("die", end, exitCode=code, **more), entry("stop", end + 0.1, **more)]


def crash(at: float, pause: float = 1, code: str = "1") -> list[Entry]:
    return [entry("die", at, exitCode=code), entry("start", at + pause)]


def test_a_stop_is_one_line() -> None:
    assert told(*stop(0)) == ["stopped: SIGTERM, exit 143"]
    assert told(*stop(0, "137", with_signals=("15", "9"))) == ["stopped: SIGTERM, SIGKILL, exit 137"]
    assert told(entry("kill", 0, signal="9"), entry("die", 0.1, exitCode="137")) == [
        "killed: SIGKILL, exit 137"
    ]


def test_a_signal_that_is_told_late_still_explains_the_end() -> None:
    end = [entry("die", 0, exitCode="137"), entry("kill", 0.5, signal="9")]
    assert told(*end) == ["killed: SIGKILL, exit 137"]
    assert told(end[0], entry("kill", 5, signal="9")) == ["exited: exit 137", "signal: SIGKILL"]


def test_a_restart_that_was_asked_for_is_one_line() -> None:
    assert told(*stop(0), entry("start", 2), entry("restart", 2.1)) == ["restarted: SIGTERM, exit 143"]


def test_a_stop_with_a_long_wait_is_a_signal_first() -> None:
    signal = entry("kill", 0, signal="15")
    assert told(signal) == ["signal: SIGTERM"]
    assert told(signal, entry("die", 600, exitCode="0"), entry("stop", 600.2)) == ["stopped: SIGTERM, exit 0"]


def test_a_signal_to_reload_ends_nothing() -> None:
    assert told(entry("kill", 0, signal="1"), *crash(3)) == [
        "signal: SIGHUP",
        "restarted: after exit 1",
    ]


def test_a_run_is_one_line_with_its_networks() -> None:
    join = EngineEvent(
        host="app-1",
        time_ns=(NOON + 1) * SECOND,
        type=safe("network"),
        action=safe("connect"),
        id="n" * 64,
        name=safe("front"),
        attributes={"container": safe(WEB)},
        container_id=WEB,
    )
    joined = of_event(join, entry("start", 0).about)
    assert joined is not None
    assert told(entry("create", 0), joined, entry("start", 1.5)) == ["created, started: nginx:1.27"]
    assert told(joined) == ["joined network: front"]


def test_a_loop_of_restarts_is_one_line_that_says_how_many_and_how_long() -> None:
    rounds = [e for n in range(12) for e in crash(n * 15)]
    assert told(*rounds) == ["restarted 12 times: in 2 min, exit 1"]
    assert told(*rounds, entry("die", 181, exitCode="137")) == [
        "restarted 12 times: in 3 min, exit 1, 137, down now"
    ]
    assert told(*crash(0)) == ["restarted: after exit 1"]
    assert told(*crash(0), entry("die", 5, exitCode="1")) == [
        "restarted: after exit 1",
        "exited: exit 1",
    ]


def test_a_loop_takes_what_is_told_of_health_between_but_not_after() -> None:
    healthy = [entry("health_status: healthy", at) for at in (5, 25)]
    assert told(*crash(0), healthy[0], *crash(20), healthy[1]) == [
        "restarted 2 times: in 21 s, exit 1",
        "healthy",
    ]


def test_ends_far_apart_and_asked_for_restarts_are_no_loop() -> None:
    assert len(told(*crash(0), *crash(700))) == 2
    asked = [e for at in (0, 60) for e in (*stop(at), entry("start", at + 2), entry("restart", at + 2.1))]
    assert len(told(*asked)) == 2


def test_killed_for_memory() -> None:
    assert told(entry("oom", 0), entry("die", 0.2, exitCode="137")) == ["exited: out of memory, exit 137"]
    assert told(entry("oom", 0)) == ["out of memory"]


def test_the_same_health_told_again_is_one_line() -> None:
    sick = [entry("health_status: unhealthy", at) for at in (0, 30, 60)]
    assert told(*sick, entry("health_status", 90, health_status="healthy")) == ["unhealthy", "healthy: again"]


def test_containers_are_told_apart() -> None:
    lines = told(
        entry("die", 0, exitCode="0"), entry("die", 1, exitCode="0", container=DB), entry("start", 2)
    )
    assert lines == ["exited: exit 0", "restarted: after exit 0"]


def test_noise_is_no_entry() -> None:
    for action in ("exec_start: sh", "exec_die", "top", "resize", "attach"):
        assert of_event(event(action, 0)) is None
    mounted = replace(event("mount", 0), type=safe("volume"), container_id="", name=safe(""), id="data")
    assert of_event(mounted) is None


def test_other_things_of_a_host() -> None:
    pulled = replace(
        event("pull", 0), type=safe("image"), container_id="", id="nginx:1.27", name=safe("nginx")
    )
    made = of_event(pulled)
    assert made is not None
    assert (made.what, made.about.name, made.key) == ("image pulled", "nginx", None)
    renamed = of_event(event("rename", 0, oldName="/old"))
    assert renamed is not None
    assert (renamed.what, renamed.detail) == ("renamed", "was old")


@pytest.mark.parametrize(
    ("said", "read"),
    [("15", "SIGTERM"), ("TERM", "SIGTERM"), ("SIGTERM", "SIGTERM"), ("999", "signal 999"), ("", "")],
)
def test_signals_by_name(said: str, read: str) -> None:
    assert entry("kill", 0, signal=said).detail == read


# The store

ACTIONS = [
    "create",
    "start",
    "die",
    "kill",
    "stop",
    "restart",
    "oom",
    "pause",
    "destroy",
    "health_status: healthy",
]
happenings = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 400), st.sampled_from([WEB, DB])), max_size=60
)


def made(found: list[tuple[str, int, str]]) -> list[Entry]:
    return [entry(action, at, container=container, exitCode="1") for action, at, container in found]


def counted(timeline: Timeline) -> int:
    return sum(len(moment.entries) for moment in timeline.moments())


@given(happenings, st.integers(1, 40), st.integers(1, 30), st.integers(1, 7))
def test_bounded_ordered_and_nothing_lost_but_what_is_counted(
    found: list[tuple[str, int, str]], most: int, each: int, batch: int
) -> None:
    timeline = Timeline(most=most, each=each)
    entries = made(found)
    for at in range(0, len(entries), batch):
        timeline.add(entries[at : at + batch])
        assert len(timeline) <= most
        assert counted(timeline) == len(timeline)
        assert len(timeline) + timeline.dropped == min(at + batch, len(entries))
    moments = timeline.moments()
    assert [m.order for m in moments] == sorted(m.order for m in moments)
    numbers = [e.number for m in moments for e in m.entries]
    assert len(set(numbers)) == len(numbers)


@given(happenings, st.randoms())
def test_the_order_of_arrival_makes_no_difference(found: list[tuple[str, int, str]], random) -> None:
    # Of two things at the same nanosecond nobody knows which came first.
    entries = [replace(e, ns=e.ns + n) for n, e in enumerate(made(found))]
    mixed = list(entries)
    random.shuffle(mixed)
    one, other = Timeline(), Timeline()
    one.add(entries)
    for late in mixed:
        other.add([late])
    said = [[(m.ns, m.what, m.detail, m.weight) for m in t.moments()] for t in (one, other)]
    assert said[0] == said[1]


@given(happenings)
def test_what_is_dropped_is_the_oldest(found: list[tuple[str, int, str]]) -> None:
    timeline = Timeline(most=20, each=1000)
    entries = made(found)
    timeline.add(entries)
    kept = sorted(e.ns for m in timeline.moments() for e in m.entries)
    assert kept == sorted(e.ns for e in entries)[timeline.dropped :]


def test_a_loop_whose_beginning_was_dropped_says_so() -> None:
    timeline = Timeline(each=20)
    timeline.add(e for n in range(40) for e in crash(n * 10))
    assert [m.what for m in timeline.moments()] == ["restarted 10+ times"]
    timeline.add([entry("die", 400, exitCode="1")])
    assert [m.what for m in timeline.moments()] == ["started", "restarted 9+ times"]


def test_one_container_does_not_push_out_the_others_and_bookmarks_stay() -> None:
    timeline = Timeline(most=200, each=100)
    timeline.add([bookmark(NOON * SECOND, thing("app-1", safe("web"), WEB), safe("look"))])
    timeline.add([entry("create", 1, container=DB)])
    timeline.add(e for n in range(500) for e in crash(2 + n))
    assert {m.what for m in timeline.moments()} >= {"bookmark", "created"}
    timeline.add(entry("create", 1000 + n, container=f"{n:064x}") for n in range(500))
    assert timeline.moments()[0].what == "bookmark"
    assert len(timeline) <= 200


def test_only_bookmarks_are_taken_away() -> None:
    timeline = Timeline()
    timeline.add(
        [entry("create", 0), bookmark(NOON * SECOND, thing("app-1", safe("web"), WEB), safe("look"))]
    )
    first, second = (m.number for m in timeline.moments())
    numbers = {m.what: m.number for m in timeline.moments()}
    assert first != second
    assert not timeline.remove(numbers[safe("created")])
    assert timeline.remove(numbers[safe("bookmark")])
    assert not timeline.remove(numbers[safe("bookmark")])
    assert [m.what for m in timeline.moments()] == ["created"]
    assert timeline.dropped == 0


def test_lines_that_do_not_change_are_not_made_again() -> None:
    timeline = Timeline()
    timeline.add([*stop(0), remark(NOON * SECOND, "app-1", safe("note"), safe(""))])
    before = {id(m) for m in timeline.moments()}
    timeline.add([entry("create", 5, container=DB)])
    assert before < {id(m) for m in timeline.moments()}
