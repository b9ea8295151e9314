"""Whatever the fleet and whatever is stated: plans converge, also when cut, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from console.model.containers import ContainerState, Port
from console.model.mappings.mapping import Endpoint, Mapping, Party, Via
from console.model.mappings.realise.choose import plan
from console.model.mappings.realise.outline import Outline, RealiseRules
from console.model.mappings.steps import Connect, Disconnect, SetHostsLine, Step
from console.model.mappings.world import MAPPING_LABEL, ContainerView, HostView, World
from tests.unit.mappings.mappings_world import FLEET, apply, container, host, mapping, network, shape, world

RULES = RealiseRules(fleet=FLEET)
HOSTS = {"app-1": "10.0.0.11", "app-2": "10.0.0.12", "db-1": "10.0.0.21"}


@dataclass(frozen=True)
class Wording:
    """A revision as planning needs it."""

    number: int = 1
    parent: str = ""
    id: str = "db"


def planned(
    after: Mapping | None, before: Mapping | None, now: World, number: int = 1, rules: RealiseRules = RULES
) -> Outline:
    return plan(after, before, Wording(number, before.digest if before else ""), now, rules)


def carried_out(steps: tuple[Step, ...], now: World) -> World:
    for step in steps:
        now = apply(step, now)
    return now


@st.composite
def containers(draw: st.DrawFn, host_name: str, name: str, nets: tuple[str, ...]) -> ContainerView:
    kind = draw(st.sampled_from(["nets", "nets", "nets", "bridge", "host", "service"]))
    ports = ()
    if kind == "host":
        return container(host_name, name, mode="host", state=draw(_states))
    if draw(st.booleans()):
        public = 15000 + int(container(host_name, name).id[:3], 16)
        ports = (Port(5432, public, draw(st.sampled_from(["0.0.0.0", "127.0.0.1", HOSTS[host_name]]))),)
    if kind == "bridge":
        return container(host_name, name, ports=ports, state=draw(_states))
    mine = draw(st.lists(st.sampled_from(nets), min_size=1, unique=True))
    service = ("shop", draw(st.sampled_from(["svc", "db"]))) if kind == "service" else None
    return container(host_name, name, *mine, ports=ports, state=draw(_states), service=service)


_states = st.sampled_from([ContainerState.RUNNING] * 4 + [ContainerState.EXITED])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    made = []
    for name, reach in HOSTS.items():
        nets = tuple(network(net, 30 + number) for number, net in enumerate(("aa", "front", "zz")))
        inside = draw(st.sampled_from([(), ("zz",)]))
        nets = tuple(replace(net, internal=net.name in inside) for net in nets)
        names = [net.name for net in nets]
        boxes = [draw(containers(name, box, tuple(names))) for box in ("web", "worker", "pg")]
        there = host(name, reach, boxes, nets)
        made.append(replace(there, image=draw(st.sampled_from(["", "sha256:haproxy"]))))
    return world(*made)


_parties = st.builds(
    lambda host, box: Party(host=host, container=box),
    st.sampled_from(sorted(HOSTS)),
    st.sampled_from(["web", "worker"]),
) | st.builds(lambda host: Party(host=host, project="shop", service="svc"), st.sampled_from(sorted(HOSTS)))


@st.composite
def stated(draw: st.DrawFn) -> Mapping:
    own = draw(st.sampled_from([(5432,), (5432,), (5433,), (5432, 6432)]))
    ends = []
    for there in draw(st.lists(st.sampled_from(sorted(HOSTS)), min_size=1, max_size=2, unique=True)):
        inner = (5432, 6432)[: len(own)]
        box = draw(st.sampled_from(["pg", "pg", "worker"]))
        ends.append(Endpoint(host=there, container=box, ports=inner, weight=draw(st.integers(1, 3))))
    consumers = draw(st.lists(_parties, min_size=1, max_size=3, unique=True))
    via = draw(st.sampled_from([Via.AUTO, Via.AUTO, Via.AUTO, Via.AMBASSADOR, Via.ALIAS, Via.HOSTS]))
    name = draw(st.sampled_from(["db", "db", "data.base"]))
    return mapping(*ends, consumers=consumers, name=name, ports=own, via=via)


def _end(after: Mapping | None, before: Mapping | None, now: World, number: int) -> World:
    return [between for between, _ in _walk(after, before, now, number)][-1]


quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _walk(
    after: Mapping | None, before: Mapping | None, now: World, number: int
) -> Iterator[tuple[World, Step | None]]:
    """The world before each step, and at the end."""
    outline = planned(after, before, now, number)
    assume(not outline.refusals)
    for step in outline.steps:
        yield now, step
        now = apply(step, now)
    yield now, None


@quick
@given(now=worlds(), first=stated(), second=st.none() | stated())
def test_a_plan_carried_out_leaves_none_and_one_that_is_cut_is_finished(
    now: World, first: Mapping, second: Mapping | None
) -> None:
    begun = _end(first, None, now, 1)
    done = planned(first, None, begun)
    assert (done.steps, done.refusals) == ((), ())
    worlds_between = [one for one, _ in _walk(second, first, begun, 2)]
    end = worlds_between[-1]
    left = planned(second, first, end, 2)
    assert (left.steps, left.refusals) == ((), ())
    for cut in worlds_between:
        rest = planned(second, first, cut, 2)
        assert rest.refusals == ()
        finished = carried_out(rest.steps, cut)
        assert shape(finished) ^ shape(end) == set()
        assert planned(second, first, finished, 2).steps == ()


@quick
@given(now=worlds(), first=stated(), second=stated())
def test_an_edit_is_taken_back_from_wherever_it_was_cut(now: World, first: Mapping, second: Mapping) -> None:
    # For a consumer that is away what it had is kept, so that it is there when it comes back.
    assume(all(map(now.containers, (*first.consumers, *second.consumers))))
    begun = _end(first, None, now, 1)
    for cut, _ in _walk(second, first, begun, 2):
        back = planned(first, second, cut, 3)
        assert back.refusals == ()
        assert shape(carried_out(back.steps, cut)) ^ shape(begun) == set()
        gone = planned(None, second, cut, 3)
        assert gone.refusals == ()
        cleared = planned(None, first, carried_out(gone.steps, cut), 4)
        assert shape(carried_out(cleared.steps, carried_out(gone.steps, cut))) ^ shape(now) == set()


@quick
@given(now=worlds(), first=stated(), second=st.none() | stated())
def test_only_what_is_stated_is_touched_and_only_live(
    now: World, first: Mapping, second: Mapping | None
) -> None:
    begun = list(_walk(first, None, now, 1))
    for there, step in (*begun, *_walk(second, first, begun[-1][0], 2)):
        if step is not None:
            _touches(step, there, first, second or first)


def _touches(step: Step, now: World, *wordings: Mapping) -> None:
    assert step.text
    assert step.host in step.text or step.host in HOSTS
    target = getattr(step, "container", None)
    if target is None:
        return
    there: HostView = now.hosts[step.host]
    found = next(one for one in there.containers if one.id == target.id)
    if found.labels.get(MAPPING_LABEL) == "db":
        return
    assert isinstance(step, Connect | Disconnect | SetHostsLine)
    assert any(found.is_of(party) for one in wordings for party in (*one.consumers, *one.to))


@quick
@given(now=worlds(), first=stated())
def test_an_ambassador_with_an_unknown_wording_is_never_touched(now: World, first: Mapping) -> None:
    now = _end(first, None, now, 1)
    ours = {one.container.id for there in now.hosts.values() for one in there.ambassadors}
    assume(ours)
    strange = RealiseRules(fleet=FLEET, known=frozenset({"0" * 12}))
    for after in (first, None):
        outline = planned(after, first, now, 2, strange)
        assert outline.steps == ()
        assert any("adopt" in text for text in outline.refusals)
    known = RealiseRules(fleet=FLEET, known=frozenset({first.digest}))
    assert planned(first, first, now, 2, known).steps == ()
