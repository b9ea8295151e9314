"""Images, volumes and networks on real engines: lists are true, and a clean-up takes exactly its list."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.errors import Conflict, NotFound
from console.model.actions import Action, ActionKind, Consent, Job, Result
from console.model.audit import Actor
from console.model.stock.plan import Discard, Sweep, discard, sweep
from console.model.stock.things import Kind, Stock, Thing
from console.model.stock.use import Uses, standing, uses
from console.model.text import safe
from console.service.acting import Deeds
from console.service.audit import AuditFile, read_audit
from console.service.stock.reading import measured, read
from console.transport.base import Engine, Transport
from console.transport.clock import SystemClock
from tests.lab.aids import engine_of, until
from tests.lab.host import LabHost
from tests.lab.image import IMAGE

SCRIPT = "exec sleep 100000"


def tarball(folder: Path, text: str) -> Path:
    """A file system of one file, to be imported as an image."""
    path = folder / "image.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("note")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    return path


@pytest.fixture(params=["docker", "podman"])
def host(request: pytest.FixtureRequest) -> Iterator[LabHost]:
    """A host of either engine; what a test leaves there goes with it."""
    found: LabHost = request.getfixturevalue("h1" if request.param == "docker" else "podman_host")
    before = {kind: set(names_of(found, kind)) for kind in Kind}
    yield found
    for container in found.docker("ps", "-aq", "--no-trunc").split():
        found.docker("rm", "-f", container, check=False)
    for kind, words in (
        (Kind.NETWORK, ("network", "rm")),
        (Kind.VOLUME, ("volume", "rm")),
        (Kind.IMAGE, ("rmi", "-f")),
    ):
        for name in set(names_of(found, kind)) - before[kind]:
            found.docker(*words, name, check=False)


def names_of(host: LabHost, kind: Kind) -> list[str]:
    """What docker's own command line lists."""
    if kind is Kind.IMAGE:
        rows = host.docker(
            "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"
        ).splitlines()
        return [tag if "<none>" not in tag else ident for tag, ident in map(str.split, rows)]
    return host.docker(kind.value, "ls", "--format", "{{.Name}}").split()


async def store(engine: Engine) -> tuple[Stock, Uses]:
    stock = await measured(engine, await read(engine, set(Kind), Stock(), 1.0), 60.0)
    assert stock.unmeasured == ""
    return stock, uses(await engine.containers())


def named(things: tuple[Thing, ...], *names: str) -> list[Thing]:
    return [next(t for t in things if t.name.endswith(name)) for name in names]


class Hand:
    """Removes by the service, on record."""

    def __init__(self, host: LabHost, engine: Engine, file: Path) -> None:
        self.file = file
        self._last: Job | None = None
        clock = SystemClock()
        self._audit = AuditFile(file, "lab", lambda: Actor(uid=0, login="root"), clock)
        self._deeds = Deeds(
            {host.name: host.spec()},
            clock,
            self._audit,
            lambda _: engine.deeds,
            lambda _: None,
            changed=self._keep,
        )
        self._numbers = 0

    def _keep(self, job: Job) -> None:
        self._last = job

    async def remove(self, *targets: Discard) -> dict[str, tuple[Result, str]]:
        self._numbers += 1
        action = Action(kind=ActionKind.DISCARD, name=safe(targets[0].what))
        self._deeds.act(self._numbers, action, targets, Consent(yes=True))
        number = self._numbers
        await until(
            lambda: self._last is not None and self._last.number == number and self._last.over,
            "it to be over",
            60,
        )
        assert self._last is not None
        return {o.target.name: (o.result, str(o.text)) for o in self._last.outcomes.values()}

    async def aclose(self) -> None:
        await self._deeds.aclose()
        await self._audit.aclose()


async def test_what_is_listed_is_there_with_its_users_and_sizes(
    host: LabHost, transport: Transport, tmp_path: Path
) -> None:
    def furnish() -> None:
        host.docker("import", tarball(tmp_path, "one"), "stk/tagged:1")
        host.docker("import", tarball(tmp_path, "two"))
        host.docker("volume", "create", "stk-named")
        host.docker("network", "create", "--subnet", "10.213.7.0/24", "--internal", "stk-net")
        host.docker(
            *("create", "--name", "stk-user", "-v", "stk-named:/d", "-v", "/anon", "--network", "stk-net"),
            *(IMAGE, "sh", "-c", SCRIPT),
        )

    await asyncio.to_thread(furnish)
    engine = await engine_of(transport, host)
    stock, users = await store(engine)
    assert len(stock.images) == len(set(await asyncio.to_thread(names_of, host, Kind.IMAGE)))
    for kind in (Kind.VOLUME, Kind.NETWORK):
        assert {t.name for t in stock.of(kind)} == set(await asyncio.to_thread(names_of, host, kind))
    (volume,) = named(stock.volumes, "stk-named")
    (network,) = named(stock.networks, "stk-net")
    (tagged,) = named(stock.images, "stk/tagged:1")
    anonymous = [v for v in stock.volumes if v.anonymous]
    assert [c.name for c in users.of(volume)] == ["stk-user"], "stopped containers are users, too"
    assert [c.name for c in users.of(anonymous[0])] == ["stk-user"]
    assert [c.name for c in users.of(network)] == ["stk-user"]
    assert standing(tagged, users.of(tagged)) == "unused"
    assert any(not image.tags and standing(image, users.of(image)) == "dangling" for image in stock.images)
    assert "stk-user" in {c.name for image in stock.images for c in users.of(image)}
    assert all(v.size is not None for v in stock.volumes)
    assert all(image.size > 0 for image in stock.images)
    assert network.subnets == ("10.213.7.0/24",)  # type: ignore[union-attr]  # a network


async def test_a_clean_up_takes_exactly_its_list(host: LabHost, transport: Transport, tmp_path: Path) -> None:
    def furnish() -> None:
        host.docker("import", tarball(tmp_path, "one"), "stk/old:1")
        host.docker("tag", "stk/old:1", "stk/other:2")
        host.docker("tag", "stk/old:1", "stk/other:3")
        for name in ("stk-a", "stk-b"):
            host.docker("volume", "create", name)
            host.docker("network", "create", name)

    await asyncio.to_thread(furnish)
    engine = await engine_of(transport, host)
    hand = Hand(host, engine, tmp_path / "audit.jsonl")
    try:
        stock, users = await store(engine)
        plans = {
            kind: [discard(t) for t in sweep(stock.of(kind), users, Sweep.UNUSED) if "stk" in t.name]
            for kind in Kind
        }
        assert [len(plans[kind]) for kind in Kind] == [1, 2, 2]

        def meanwhile() -> None:
            host.docker("volume", "create", "stk-later")
            host.docker("network", "create", "stk-later")
            # Stopped, and yet a user of both.
            words = ("-v", "stk-b:/d", "--network", "stk-b", IMAGE, "sh", "-c", SCRIPT)
            host.docker("create", "--name", "stk-late", *words)

        await asyncio.to_thread(meanwhile)
        for kind in (Kind.VOLUME, Kind.NETWORK):
            ended = await hand.remove(*plans[kind])
            assert ended["stk-a"] == (Result.DONE, "")
            assert ended["stk-b"][0] is Result.FAILED, ended
            left = {n for n in await asyncio.to_thread(names_of, host, kind) if n.startswith("stk")}
            assert left == {"stk-b", "stk-later"}
        (image,) = plans[Kind.IMAGE]
        ((result, text),) = (await hand.remove(image)).values()
        assert (result, text) == (Result.DONE, "")
        tags = await asyncio.to_thread(names_of, host, Kind.IMAGE)
        assert not any("stk/" in tag for tag in tags), tags
        told = [(record.action, record.name, record.result) for record in read_audit(hand.file)]
        assert len(told) == 10
        assert ("remove volume", "stk-a", "done") in told
        assert ("remove network", "stk-b", "failed") in told
    finally:
        await hand.aclose()


async def test_an_image_keeps_all_its_tags_when_somebody_uses_it_meanwhile(
    host: LabHost, transport: Transport, tmp_path: Path
) -> None:
    def furnish() -> None:
        host.docker("import", tarball(tmp_path, "one"), "stk/old:1")
        host.docker("tag", "stk/old:1", "stk/other:2")

    await asyncio.to_thread(furnish)
    engine = await engine_of(transport, host)
    stock, _ = await store(engine)
    image = next(image for image in stock.images if any("stk/old:1" in tag for tag in image.tags))
    assert len(image.tags) == 2
    await asyncio.to_thread(host.docker, "create", "--name", "stk-late", "stk/old:1", "/note")
    with pytest.raises(Conflict, match="stk-late"):
        await engine.deeds.discard(Kind.IMAGE, image.id, image.pins)
    tags = [t for t in await asyncio.to_thread(names_of, host, Kind.IMAGE) if "stk/" in t]
    assert len(tags) == 2
    await asyncio.to_thread(host.docker, "rm", "stk-late")
    await asyncio.to_thread(host.docker, "tag", "stk/old:1", "stk/new:1")
    with pytest.raises(Conflict, match="tags"):
        await engine.deeds.discard(Kind.IMAGE, image.id, image.pins)
    await asyncio.to_thread(host.docker, "rmi", "stk/new:1")
    await engine.deeds.discard(Kind.IMAGE, image.id, image.pins)
    with pytest.raises(NotFound):
        await engine.deeds.discard(Kind.IMAGE, image.id, image.pins)


async def test_a_volume_made_anew_under_its_name_stays(host: LabHost, transport: Transport) -> None:
    await asyncio.to_thread(host.docker, "volume", "create", "stk-v")
    engine = await engine_of(transport, host)
    (volume,) = named((await store(engine))[0].volumes, "stk-v")
    # An engine tells the time it was made in seconds.
    await asyncio.sleep(1.1)
    await asyncio.to_thread(host.docker, "volume", "rm", "stk-v")
    await asyncio.to_thread(host.docker, "volume", "create", "stk-v")
    with pytest.raises(Conflict, match="made anew"):
        await engine.deeds.discard(Kind.VOLUME, volume.id, volume.pins)
    assert "stk-v" in await asyncio.to_thread(names_of, host, Kind.VOLUME)
