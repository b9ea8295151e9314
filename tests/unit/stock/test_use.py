"""Who uses what, what a clean-up takes, and how much room that makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import GuardRefused
from console.model.actions import Consent
from console.model.containers import Container, ContainerState
from console.model.guards import check
from console.model.hosts import Guard, HostSpec
from console.model.stock.plan import Sweep, discard, objection, sweep
from console.model.stock.things import Image, Network, Thing, Volume
from console.model.stock.use import Room, Standing, full_digest, room, standing, together, uses
from console.model.text import SafeText

WORDS = st.sampled_from(["web", "db", "web.dockcon-prev", "mq"])


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def image(number: int, *tags: str, **more: object) -> Image:
    facts: dict[str, object] = {"size": 100, "tags": tuple(map(SafeText, tags)), "pins": tags}
    return Image(host="a", id=digest(number), **(facts | more))  # type: ignore[arg-type]


def volume(name: str, **more: object) -> Volume:
    return Volume(host="a", id=name, name=SafeText(name), **more)  # type: ignore[arg-type]


def network(name: str, **more: object) -> Network:
    return Network(host="a", id=name * 4, name=SafeText(name), **more)  # type: ignore[arg-type]


def container(name: str, **more: object) -> Container:
    facts: dict[str, object] = {"state": ContainerState.EXITED, "image": SafeText("x:1")}
    return Container(host="a", id=name.encode().hex(), name=SafeText(name), **(facts | more))  # type: ignore[arg-type]


def test_a_container_that_does_not_run_is_a_user_of_all_it_needs() -> None:
    web = container(
        "web",
        image_id=digest(1),
        volumes=(SafeText("data"),),
        networks=(SafeText("front"), SafeText("bridge")),
    )
    found = uses([web])
    for thing in (image(1, "web:1"), volume("data"), network("front")):
        assert found.of(thing) == (web,)
        assert standing(thing, found.of(thing)) is Standing.USED
        assert "web uses it" in objection(thing, found.of(thing))
    assert found.of(image(2, "web:2")) == ()
    assert full_digest("12") == "sha256:12"
    assert full_digest("sha256:12") == "sha256:12"


def test_what_each_may_become() -> None:
    prev, web = container("web.dockcon-prev"), container("web")
    ours = {"dockcon.fleet": SafeText("prod")}
    assert standing(image(1, "a:1"), ()) is Standing.UNUSED
    assert standing(image(1), ()) is Standing.DANGLING
    assert standing(image(1), (prev,)) is Standing.KEPT
    assert standing(image(1), (prev, web)) is Standing.USED
    assert standing(image(1, "haproxy:lts", labels=ours), ()) is Standing.OURS
    assert standing(network("bridge", builtin=True), ()) is Standing.BUILTIN
    assert standing(network("bridge", builtin=True), (web,)) is Standing.BUILTIN
    assert standing(volume("x" * 64, anonymous=True), ()) is Standing.UNUSED
    assert "kept for a way back" in objection(image(1), (prev,))
    assert "web and 1 more use it" in objection(image(1), (web, prev))
    assert objection(network("bridge", builtin=True), ()) == "it is the engine's own"
    assert objection(image(1, labels=ours), ()) == ""


def test_the_careful_clean_up_takes_less() -> None:
    nobody = uses([])
    images = (image(1, "a:1"), image(2), image(3, labels={"dockcon.mapping": SafeText("db")}))
    assert sweep(images, nobody, Sweep.DANGLING) == (images[1],)
    assert sweep(images, nobody, Sweep.UNUSED) == images[:2]
    volumes = (volume("data"), volume("f" * 64, anonymous=True))
    assert sweep(volumes, nobody, Sweep.ANONYMOUS) == (volumes[1],)
    assert sweep(volumes, nobody, Sweep.UNUSED) == volumes
    networks = (network("front"), network("host", builtin=True))
    assert sweep(networks, nobody, Sweep.UNUSED) == (networks[0],)


THINGS = st.lists(
    st.builds(
        lambda n, tags, shared: image(n, *tags, shared=shared),
        st.integers(0, 9),
        st.lists(st.sampled_from(["a:1", "b:2"]), max_size=2),
        st.none() | st.integers(0, 200),
    )
    | st.builds(lambda n, a: volume(n, anonymous=a, size=7), st.sampled_from("xyz"), st.booleans())
    | st.builds(lambda n, b: network(n, builtin=b), st.sampled_from("pqr"), st.booleans()),
    max_size=12,
)
CONTAINERS = st.lists(
    st.builds(
        lambda name, n, v, w: container(
            name, image_id=digest(n), volumes=(SafeText(v),), networks=(SafeText(w),)
        ),
        WORDS,
        st.integers(0, 9),
        st.sampled_from("xyz"),
        st.sampled_from("pqr"),
    ),
    max_size=5,
)


@given(THINGS, CONTAINERS, st.sampled_from(list(Sweep)))
def test_nothing_that_anybody_uses_is_ever_taken(
    things: list[Thing], containers: list[Container], which: Sweep
) -> None:
    found = uses(containers)
    taken = sweep(things, found, which)
    assert all(not found.of(thing) for thing in taken)
    assert all(not objection(thing, found.of(thing)) for thing in taken)
    assert set(map(id, taken)) <= set(map(id, sweep(things, found, Sweep.UNUSED)))


@given(THINGS, st.none() | st.integers(0, 2000))
def test_room_is_a_range_that_only_grows_with_what_is_removed(
    things: list[Thing], layers: int | None
) -> None:
    before = Room()
    for count in range(len(things) + 1):
        now = room(things[:count], layers)
        assert 0 <= now.least <= now.most
        assert (now.least, now.most) >= (before.least, before.most)
        before = now


def test_shared_layers_may_go_or_stay() -> None:
    assert room([image(1, shared=40), image(2, shared=0)]) == Room(160, 200)
    assert room([image(1, shared=40), image(2, shared=40)], layers=150) == Room(120, 150)
    assert room([image(1)]) == Room(0, 100)
    assert room([volume("a", size=5), volume("b")]) == Room(5, 5, 1)
    assert not room([volume("b")]).exact
    assert room([volume("b", size=3)]).exact
    assert together([Room(1, 2, 1), Room(3, 4)]) == Room(4, 6, 1)


def test_a_host_that_wants_a_name_typed_wants_its_own() -> None:
    spec = HostSpec(name="a", address="x", guard=Guard.TYPED)
    target = discard(image(1, "web:1"))
    assert (target.ref, target.pins, target.size) == ("web:1@a", ("web:1",), 100)
    for typed in ({"web:1"}, set[str]()):
        with pytest.raises(GuardRefused, match="its own name"):
            check(spec, target, Consent(yes=True, typed=frozenset(typed)), read_only=False)
    check(spec, target, Consent(typed=frozenset({"a"})), read_only=False)
