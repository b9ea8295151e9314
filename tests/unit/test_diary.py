"""The diary: what states of hosts and problems leave in the timeline."""

from __future__ import annotations

from console.model.containers import Container, ContainerState
from console.model.events import EngineEvent
from console.model.hosts import HostLoad, HostSpec, HostState, HostStatus
from console.model.problems import Problem, ProblemKind
from console.model.snapshot import HostSnapshot
from console.model.text import SafeText, safe
from console.model.timeline.diary import LULL, Diary
from console.model.timeline.entries import Weight
from console.model.timeline.folding import Moment
from console.model.timeline.store import Timeline
from tests.unit.happenings import NOON, SECOND, WEB, event


def host(
    state: HostState = HostState.UP, since: float = 0, *, reason: str = "", containers=(), skew: float = 0
) -> HostSnapshot:
    return HostSnapshot(
        spec=HostSpec(name="app-1", address="x"),
        revision=1,
        epoch=1,
        status=HostStatus(state=state, since=NOON + since, reason=safe(reason)),
        load=HostLoad(at=NOON, load1=0, cpus=1, memory_total=1, memory_used=0, skew=skew),
        containers={c.id: c for c in containers},
        listed=NOON,
    )


def web(**more) -> Container:
    return Container(
        host="app-1", id=WEB, name=safe("web"), image=safe("nginx"), state=ContainerState.RUNNING, **more
    )


def unhealthy() -> Problem:
    return Problem(
        host="app-1",
        container=WEB,
        name=safe("web"),
        kind=ProblemKind.UNHEALTHY,
        since=None,
        text=safe("unhealthy: its health check fails"),
    )


class Written:
    """A diary and what it wrote."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.diary = Diary(self.timeline)

    def write(self, snapshot: HostSnapshot, *problems: Problem, at: float = 0, events=(), dropped=0) -> None:
        self.diary.write({"app-1": snapshot}, events, problems, dropped, NOON + at)

    @property
    def lines(self) -> list[tuple[SafeText, SafeText]]:
        return [(m.what, m.detail) for m in self.timeline.moments()]

    @property
    def moments(self) -> tuple[Moment, ...]:
        return self.timeline.moments()


def test_coming_up_at_the_start_is_no_news_but_not_coming_up_is() -> None:
    written = Written()
    written.write(host(HostState.CONNECTING))
    written.write(host(HostState.UP, 1))
    assert written.lines == []
    written = Written()
    written.write(host(HostState.CONNECTING))
    written.write(host(HostState.REFUSED, 1, reason="permission denied"))
    assert written.lines == [("refused", "permission denied")]


def test_a_loss_and_the_way_back() -> None:
    written = Written()
    written.write(host())
    written.write(host(HostState.QUIET, 10))
    written.write(host(HostState.LOST, 20, reason="no answer"))
    written.write(host(HostState.LOST, 20, reason="no route"))
    written.write(host(HostState.UP, 100))
    assert written.lines == [("quiet", ""), ("lost", "no answer"), ("up", "after 90 s")]
    assert [m.weight for m in written.moments] == [Weight.WARN, Weight.BAD, Weight.GOOD]


def test_switched_off_and_on() -> None:
    written = Written()
    written.write(host())
    written.write(host(HostState.OFF, 10))
    written.write(host(HostState.CONNECTING, 20))
    written.write(host(HostState.UP, 21))
    assert written.lines == [("switched off", ""), ("up", "after 11 s")]


def test_problems_begin_and_end_but_not_those_of_the_first_list() -> None:
    written = Written()
    written.write(host(containers=[web()]), unhealthy())
    assert written.lines == []
    written = Written()
    written.write(host(containers=[web()]))
    written.write(host(containers=[web()]), unhealthy(), at=5)
    written.write(host(containers=[web()]), at=65)
    assert [what for what, _ in written.lines] == ["problem"]
    written.write(host(containers=[web()]), at=65 + LULL)
    assert written.lines[1] == ("problem over", "unhealthy: its health check fails; for 60 s")
    assert [(m.ns - NOON * SECOND) // SECOND for m in written.moments] == [5, 65]


def test_a_problem_that_comes_and_goes_is_one() -> None:
    written = Written()
    written.write(host(containers=[web()]))
    for at in range(0, 200, 20):
        written.write(host(containers=[web()]), *([unhealthy()] if at % 40 else []), at=at)
    assert [what for what, _ in written.lines] == ["problem"]


def test_a_lost_host_mends_no_problem_and_has_no_new_one_when_it_is_back() -> None:
    written = Written()
    written.write(host(containers=[web()]))
    written.write(host(containers=[web()]), unhealthy(), at=5)
    written.write(host(HostState.LOST, 10, containers=[web()]), at=10)
    written.write(host(HostState.LOST, 10, containers=[web()]), at=10 + 2 * LULL)
    written.write(host(HostState.UP, 200, containers=[web()]), unhealthy(), at=200)
    assert [what for what, _ in written.lines] == ["problem", "lost", "up"]


def test_what_the_engine_says_of_a_problem_is_one_line_with_it_by_its_clock() -> None:
    written = Written()
    ahead = host(containers=[web()], skew=300)
    written.write(ahead)
    written.write(ahead, unhealthy(), at=5, events=[event("health_status: unhealthy", 304.5)])
    assert written.lines == [("unhealthy", "")]
    assert len(written.moments[0].entries) == 2


def test_a_container_that_is_removed_takes_its_problems_along() -> None:
    written = Written()
    written.write(host(containers=[web()]))
    written.write(host(containers=[web()]), unhealthy(), at=5)
    written.write(host(), at=10, events=[event("destroy", 10)])
    written.write(host(), at=10 + 2 * LULL)
    assert [what for what, _ in written.lines] == ["problem", "removed"]


def test_events_that_were_lost_are_told() -> None:
    written = Written()
    written.write(host(), dropped=12)
    assert written.lines == [("events missed", "12 did not fit the queue")]


def test_a_network_event_knows_its_container_also_when_that_is_gone() -> None:
    written = Written()
    left = EngineEvent(
        host="app-1",
        time_ns=(NOON + 60) * SECOND,
        type=safe("network"),
        action=safe("disconnect"),
        id="n" * 64,
        name=safe("front"),
        attributes={},
        container_id=WEB,
    )
    written.write(host(), events=[event("create", 0), left])
    assert [(m.what, m.about.name) for m in written.moments] == [("created", "web"), ("left network", "web")]
