"""What changes an engine: exactly the requests that were meant, each once, and every answer understood."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console.errors import Conflict, EngineDown, EngineError, NotFound, OutcomeUnknown, UsageError
from console.model.actions import Action, ActionKind
from console.model.hosts import HostSpec
from console.model.text import safe
from console.transport.base import PullProgress
from console.transport.engine import HttpEngine
from console.transport.live import LiveTransport
from console.transport.rebuild import split_reference

from .fake_engine import FakeEngine, Request, full_id
from .waiting import until

ID = full_id(1)


class Recorder(FakeEngine):
    """Writes down what is asked beyond reading."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.status = 204
        self.document: object = None
        self.lines: list[dict[str, object]] = []

    async def _versioned(self, request: Request, path: str) -> None:
        body = json.loads(request.body) if request.body else None
        self.asked.append((request.method, path, request.query, body))
        if self.lines:
            request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
            for line in self.lines:
                request.chunk(json.dumps(line).encode() + b"\r\n")
            request.writer.write(b"0\r\n\r\n")
        elif self.document is not None or self.status >= 400:
            request.answer(self.status if self.status != 204 else 200, self.document)
        else:
            request.writer.write(request.head(self.status, "Content-Length: 0"))


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[Recorder]:
    engine = Recorder()
    async with engine.serving(tmp_path / "s"):
        yield engine


@pytest.fixture
async def engine(fake: Recorder, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    engine = await link.engine()
    fake.asked.clear()
    yield engine  # type: ignore[misc]  # the protocol's Engine is this one here
    await transport.aclose()
    await until(lambda: not fake.open)


ACTIONS = [
    (Action(kind=ActionKind.START), "POST", f"containers/{ID}/start", {}),
    (Action(kind=ActionKind.STOP), "POST", f"containers/{ID}/stop", {}),
    (Action(kind=ActionKind.STOP, timeout=0), "POST", f"containers/{ID}/stop", {"t": ["0"]}),
    (Action(kind=ActionKind.RESTART, timeout=30), "POST", f"containers/{ID}/restart", {"t": ["30"]}),
    (Action(kind=ActionKind.PAUSE), "POST", f"containers/{ID}/pause", {}),
    (Action(kind=ActionKind.UNPAUSE), "POST", f"containers/{ID}/unpause", {}),
    (Action(kind=ActionKind.KILL), "POST", f"containers/{ID}/kill", {"signal": ["SIGKILL"]}),
    (
        Action(kind=ActionKind.KILL, signal=safe("hup")), "POST", f"containers/{ID}/kill",
        {"signal": ["HUP"]},
    ),
    (Action(kind=ActionKind.RENAME, name=safe("b")), "POST", f"containers/{ID}/rename", {"name": ["b"]}),
    (Action(kind=ActionKind.REMOVE), "DELETE", f"containers/{ID}", {"v": ["False"], "force": ["False"]}),
    (
        Action(kind=ActionKind.REMOVE, volumes=True, force=True), "DELETE", f"containers/{ID}",
        {"v": ["True"], "force": ["True"]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("action", "method", "path", "query"), ACTIONS)
async def test_one_request_for_one_action(
    fake: Recorder, engine: HttpEngine, action: Action, method: str, path: str, query: dict[str, list[str]]
) -> None:
    assert await engine.deeds.act(ID, action) is True
    assert [(m, p, q) for m, p, q, _ in fake.asked] == [(method, path, query)]


async def test_what_was_so_already_is_no_change(fake: Recorder, engine: HttpEngine) -> None:
    fake.status = 304
    assert await engine.deeds.act(ID, Action(kind=ActionKind.STOP)) is False


@pytest.mark.parametrize(("status", "paused"), [(409, True), (500, True), (409, False)])
async def test_what_is_paused_already_is_no_failure(
    fake: Recorder, engine: HttpEngine, status: int, paused: bool
) -> None:
    async def refuse(request: Request) -> None:
        request.answer(status, {"message": f"Container {ID} is already paused"})

    fake.faults["/pause"] = fake.faults["/unpause"] = refuse
    fake.document = {"Id": ID, "State": {"Running": True, "Paused": paused}}
    so, otherwise = (ActionKind.PAUSE, ActionKind.UNPAUSE)[:: 1 if paused else -1]
    assert await engine.deeds.act(ID, Action(kind=so)) is False
    with pytest.raises(EngineError, match="already paused"):
        await engine.deeds.act(ID, Action(kind=otherwise))


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (409, Conflict), (500, EngineError)])
async def test_a_refusal_of_the_engine_arrives_as_ours(
    fake: Recorder, engine: HttpEngine, status: int, error: type[EngineError]
) -> None:
    fake.status, fake.document = status, {"message": "no, \x1b[31mreally"}
    with pytest.raises(error, match="no, really"):
        await engine.deeds.act(ID, Action(kind=ActionKind.RESTART))
    assert len(fake.asked) == 1


async def test_an_answer_that_is_lost_is_never_asked_for_again(fake: Recorder, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        fake.asked.append((request.method, request.path, request.query, None))
        request.writer.transport.abort()

    fake.faults["/restart"] = cut
    with pytest.raises(OutcomeUnknown):
        await engine.deeds.act(ID, Action(kind=ActionKind.RESTART))
    assert len(fake.asked) == 1


@pytest.mark.parametrize("signal", ["SIGKILL; rm", "-9", "sig kill", "KILLKILLKILL"])
async def test_a_signal_that_is_none_is_not_sent(fake: Recorder, engine: HttpEngine, signal: str) -> None:
    with pytest.raises(UsageError, match="no signal"):
        await engine.deeds.act(ID, Action(kind=ActionKind.KILL, signal=safe(signal)))
    assert fake.asked == []


async def test_a_container_is_created_from_the_whole_body(fake: Recorder, engine: HttpEngine) -> None:
    fake.document = {"Id": ID, "Warnings": []}
    body = {
        "Image": "web:2",
        "Env": ["A=1"],
        "HostConfig": {"Binds": ["v:/data"], "DeviceRequests": [{"Count": -1}]},
    }
    assert await engine.deeds.create("web.dockcon-next", body) == ID
    assert fake.asked == [("POST", "containers/create", {"name": ["web.dockcon-next"]}, body)]


async def test_a_network_is_connected_with_all_its_settings(fake: Recorder, engine: HttpEngine) -> None:
    endpoint = {"IPAMConfig": {"IPv4Address": "10.9.0.5"}, "Aliases": ["db"], "GwPriority": 1}
    fake.status = 200
    await engine.deeds.connect("back", ID, endpoint)
    assert fake.asked == [
        ("POST", "networks/back/connect", {}, {"Container": ID, "EndpointConfig": endpoint})
    ]


async def test_a_restart_policy_is_changed(fake: Recorder, engine: HttpEngine) -> None:
    fake.document = {"Warnings": None}
    await engine.deeds.set_restart_policy(ID, "on-failure:3")
    policy = {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}
    assert [(m, p, b) for m, p, _, b in fake.asked] == [("POST", f"containers/{ID}/update", policy)]


async def test_images_are_there_or_not(fake: Recorder, engine: HttpEngine) -> None:
    fake.document = {"Id": "sha256:1", "Config": {"Env": ["A=1"]}}
    assert await engine.deeds.image("web:2") == fake.document
    fake.status, fake.document = 404, {"message": "No such image"}
    assert await engine.deeds.image("web:3") is None


async def test_files_that_would_be_lost(fake: Recorder, engine: HttpEngine) -> None:
    fake.document = [{"Path": "/tmp/a\x1b[2J", "Kind": 1}, {"Path": "/var", "Kind": 0}]
    assert await engine.deeds.changed_files(ID) == ("/tmp/a", "/var")


async def test_no_changed_files_is_null(fake: Recorder, engine: HttpEngine) -> None:
    async def null(request: Request) -> None:
        request.answer(200, None)

    fake.faults["/changes"] = null
    assert await engine.deeds.changed_files(ID) == ()


async def test_a_pull_tells_how_far_it_is(fake: Recorder, engine: HttpEngine) -> None:
    fake.lines = [
        {"status": "Pulling from library/web", "id": "2"},
        {"status": "Downloading", "id": "l1", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "l2", "progressDetail": {"current": 5, "total": 50}},
        {"status": "Download complete", "id": "l1"},
        {"status": "Status: Downloaded newer image"},
    ]
    told: list[PullProgress] = []
    await engine.deeds.pull("registry:5000/shop/web:2", told.append)
    await until(lambda: len(told) == 5)
    assert [(t.done, t.total) for t in told] == [(0, 0), (10, 100), (15, 150), (105, 150), (105, 150)]
    (method, path, query, _) = fake.asked[0]
    assert (method, path) == ("POST", "images/create")
    assert query == {"fromImage": ["registry:5000/shop/web"], "tag": ["2"]}


async def test_a_refusal_in_the_middle_of_a_pull_is_one(fake: Recorder, engine: HttpEngine) -> None:
    fake.lines = [
        {"status": "Pulling"},
        {"errorDetail": {"message": "toomanyrequests"}, "error": "toomanyrequests"},
    ]
    with pytest.raises(EngineError, match="toomanyrequests"):
        await engine.deeds.pull("web", lambda told: None)


async def test_a_pull_that_nobody_waits_for_any_more_is_closed(fake: Recorder, engine: HttpEngine) -> None:
    """The engine ends a pull when its connection is closed; a registry may never answer."""
    hung, left = asyncio.Event(), asyncio.Event()

    async def silent(request: Request) -> None:
        hung.set()
        await request.reader.read()
        left.set()

    fake.faults["/images/create"] = silent
    pulling = asyncio.create_task(engine.deeds.pull("slow.example.com/web:2", lambda told: None))
    await hung.wait()
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    async with asyncio.timeout(30):
        await left.wait()


async def test_a_pull_is_refused_at_once_where_the_engine_says_so(fake: Recorder, engine: HttpEngine) -> None:
    fake.status, fake.document = 404, {"message": "pull access denied"}
    with pytest.raises(NotFound, match="pull access denied"):
        await engine.deeds.pull("web", lambda told: None)


async def test_a_pull_whose_link_is_cut_is_not_one_that_ended(fake: Recorder, engine: HttpEngine) -> None:
    async def cut(request: Request) -> None:
        request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
        request.chunk(b'{"status":"Pulling"}\r\n')
        await request.writer.drain()
        request.writer.transport.abort()

    fake.faults["/images/create"] = cut
    with pytest.raises(EngineDown):
        await engine.deeds.pull("web", lambda told: None)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("web", ("web", "latest")),
        ("web:2", ("web", "2")),
        ("reg:5000/web", ("reg:5000/web", "latest")),
        ("reg:5000/shop/web:2", ("reg:5000/shop/web", "2")),
        ("web@sha256:abc", ("web", "sha256:abc")),
    ],
)
def test_references(reference: str, parts: tuple[str, str]) -> None:
    assert split_reference(reference) == parts
