"""Images, volumes and networks over the wire: what is read, and that a removal takes only what was meant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given

from console.errors import Conflict, EngineError, NotFound, OutcomeUnknown
from console.model.hosts import HostSpec
from console.model.stock.things import Kind
from console.transport import wire_stock
from console.transport.engine import HttpEngine
from console.transport.live import LiveTransport

from .fake_engine import FakeEngine, Request, row
from .test_wire import JSON

ONE, TWO, THREE = ("sha256:" + digit * 64 for digit in "123")
IMAGES: list[dict[str, Any]] = [
    {"Id": ONE, "RepoTags": ["app:1", "reg.example:5000/app:1"], "Size": 900, "SharedSize": -1, "Created": 5},
    {"Id": TWO, "RepoTags": ["<none>:<none>"], "RepoDigests": ["app@sha256:ab"], "Size": 70, "Labels": None},
    {"Id": THREE[7:], "RepoTags": None, "RepoDigests": ["<none>@<none>"], "Size": 7},
    {"Id": "short"},
]
ANONYMOUS = "f" * 64
VOLUMES: list[dict[str, Any]] = [
    {"Name": "data", "Driver": "local", "CreatedAt": "2024-01-01T00:00:00Z", "Labels": {"a": "b"}},
    {"Name": ANONYMOUS, "Driver": "local", "CreatedAt": "2024-01-01T00:00:00Z"},
    {"Name": "q", "Driver": "nfs\x1b[2J", "Labels": {wire_stock.ANONYMOUS: ""}},
    {"Driver": "nameless"},
]
NETWORKS: list[dict[str, Any]] = [
    {"Id": "b" * 64, "Name": "bridge", "Driver": "bridge", "Scope": "local"},
    {
        "Id": "c" * 64,
        "Name": "front",
        "Driver": "overlay",
        "Scope": "swarm",
        "Internal": True,
        "IPAM": {"Config": [{"Subnet": "10.1.0.0/16"}, {}, {"Subnet": "fd00::/64"}]},
    },
    {"Id": "", "Name": "x"},
]
USAGE: dict[str, Any] = {
    "LayersSize": 930,
    "Images": [
        {"Id": ONE, "SharedSize": 40},
        {"Id": THREE[7:], "SharedSize": 0},
        {"Id": TWO, "SharedSize": -1},
    ],
    "Containers": [{"SizeRw": 11}, {"SizeRw": None}, {}],
    "Volumes": [{"Name": "data", "UsageData": {"Size": 123}}, {"Name": "q", "UsageData": {"Size": -1}}],
    "BuildCache": [{"Size": 5, "Shared": False}, {"Size": 9, "Shared": True}],
}


class Store(FakeEngine):
    """Has something in store, and writes down what is removed."""

    def __init__(self) -> None:
        super().__init__()
        self.removed: list[str] = []
        self.status = 200
        self.words = ""

    async def _versioned(self, request: Request, path: str) -> None:
        path = unquote(path)
        if request.method == "DELETE":
            self.removed.append(path)
            assert not request.query.get("force"), "nothing is ever removed by force"
            request.answer(self.status, {"message": self.words} if self.status >= 400 else [])
        elif path == "images/json":
            assert request.query["all"] == ["0"]
            request.answer(200, IMAGES)
        elif path == "volumes":
            request.answer(200, {"Volumes": VOLUMES})
        elif path == "networks":
            request.answer(200, NETWORKS)
        elif path == "system/df":
            request.answer(200, USAGE)
        elif path.startswith("images/"):
            self._one(request, IMAGES, "Id", path.split("/")[1])
        elif path.startswith("networks/"):
            self._one(request, NETWORKS, "Id", path.split("/")[1])
        elif path.startswith("volumes/"):
            self._one(request, VOLUMES, "Name", path.split("/")[1])
        else:
            await super()._versioned(request, path)

    def _one(self, request: Request, found: list[dict[str, Any]], key: str, name: str) -> None:
        one = next((thing for thing in found if thing.get(key) == name), None)
        request.answer(404 if one is None else 200, one or {"message": "no such thing"})


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[Store]:
    engine = Store()
    async with engine.serving(tmp_path / "s"):
        yield engine


@pytest.fixture
async def engine(fake: Store, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    yield await link.engine()
    await transport.aclose()


async def test_what_there_is(engine: HttpEngine) -> None:
    one, two, three = await engine.stock.images()
    assert (one.id, one.tags, one.size, one.shared, one.created) == (
        ONE,
        ("app:1", "reg.example:5000/app:1"),
        900,
        None,
        5.0,
    )
    assert (two.tags, two.digests, two.repository, two.name) == ((), ("app@sha256:ab",), "app", "2" * 12)
    assert (three.id, three.digests) == (THREE, ())
    data, anonymous, labelled = await engine.stock.volumes()
    assert (data.anonymous, anonymous.anonymous, labelled.anonymous) == (False, True, True)
    assert (data.created, labelled.created) == (1_704_067_200.0, None)
    assert "\x1b" not in labelled.driver
    bridge, front = await engine.stock.networks()
    assert (bridge.builtin, front.builtin, front.internal) == (True, False, True)
    assert front.subnets == ("10.1.0.0/16", "fd00::/64")


async def test_what_it_takes(engine: HttpEngine, fake: Store) -> None:
    usage = await engine.stock.disk_usage()
    assert usage.layers == 930
    assert usage.shared == {ONE: 40, THREE: 0}
    assert usage.volumes == {"data": 123}
    assert (usage.writable, usage.build_cache) == (11, 5)
    assert fake.requests[-1] == "GET /v1.41/system/df"


async def test_an_engine_that_would_only_sum_up_is_asked_by_an_older_version() -> None:
    asked = []

    async def read(path: str, deadline: float, api: str = "") -> object:
        asked.append((path, api))
        return {}

    from console.transport.store import StockShelf

    for api in ("1.41", "1.51", "1.52"):
        await StockShelf("a", api, read).disk_usage()
    assert [api for _, api in asked] == ["1.41", "1.51", "1.51"]


async def test_an_image_goes_tag_by_tag_and_only_while_its_tags_are_what_they_were(
    engine: HttpEngine, fake: Store
) -> None:
    tags = ("app:1", "reg.example:5000/app:1")
    await engine.deeds.discard(Kind.IMAGE, ONE, tags)
    assert fake.removed == ["images/reg.example:5000/app:1", f"images/{ONE}"]
    with pytest.raises(Conflict, match="not those it had"):
        await engine.deeds.discard(Kind.IMAGE, ONE, tags[:1])
    with pytest.raises(NotFound):
        await engine.deeds.discard(Kind.IMAGE, "sha256:" + "9" * 64, ())
    assert len(fake.removed) == 2
    await engine.deeds.discard(Kind.IMAGE, TWO, ())
    assert fake.removed[2:] == [f"images/{TWO}"]


async def test_no_tag_goes_while_a_container_uses_the_image(engine: HttpEngine, fake: Store) -> None:
    fake.containers = [row("child", ImageID=TWO), row("old", ImageID=ONE[7:], State="exited")]
    with pytest.raises(Conflict, match="old uses it"):
        await engine.deeds.discard(Kind.IMAGE, ONE, ("app:1", "reg.example:5000/app:1"))
    assert fake.removed == []


async def test_a_network_with_a_member_that_never_ran_stays(engine: HttpEngine, fake: Store) -> None:
    networks = {"Networks": {"front": {"NetworkID": ""}}}
    fake.containers = [row("other"), row("web", State="created", NetworkSettings=networks)]
    with pytest.raises(Conflict, match="web uses it"):
        await engine.deeds.discard(Kind.NETWORK, "c" * 64, ())
    assert fake.removed == []
    fake.containers = [row("other")]
    await engine.deeds.discard(Kind.NETWORK, "c" * 64, ())
    assert fake.removed == ["networks/" + "c" * 64]
    fake.status, fake.words = 403, "network front has active endpoints"
    with pytest.raises(Conflict, match="active endpoints"):
        await engine.deeds.discard(Kind.NETWORK, "c" * 64, ())


async def test_a_volume_made_anew_is_another_one(engine: HttpEngine, fake: Store) -> None:
    with pytest.raises(Conflict, match="made anew"):
        await engine.deeds.discard(Kind.VOLUME, "data", ("2023-01-01T00:00:00Z",))
    fake.status, fake.words = 409, "volume is in use - [abc]"
    with pytest.raises(Conflict, match="in use"):
        await engine.deeds.discard(Kind.VOLUME, "data", ("2024-01-01T00:00:00Z",))
    fake.status = 500
    with pytest.raises(EngineError):
        await engine.deeds.discard(Kind.VOLUME, "data", ("2024-01-01T00:00:00Z",))


async def test_an_answer_that_is_lost_is_not_known(engine: HttpEngine, fake: Store) -> None:
    async def cut(request: Request) -> None:
        if request.method == "DELETE":
            fake.removed.append("lost")
            request.writer.transport.abort()
        else:
            await fake._versioned(request, request.path.split("/", 2)[2])

    fake.faults["/volumes/data"] = cut
    with pytest.raises(OutcomeUnknown):
        await engine.deeds.discard(Kind.VOLUME, "data", ("2024-01-01T00:00:00Z",))
    assert fake.removed == ["lost"], "it is never repeated"


@given(JSON)
def test_no_json_crashes_any_of_it(document: Any) -> None:
    for whole in (document, [document], {"Volumes": document}, {"Images": [document], "Volumes": [document]}):
        for read in (wire_stock.images, wire_stock.volumes, wire_stock.networks):
            for thing in read("here", whole):
                repr(thing.name)
        wire_stock.disk_usage(whole, 1.0)
        wire_stock.user_of(whole, ONE)
        wire_stock.member_of(whole, "front")
