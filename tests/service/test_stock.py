"""What hosts have in store: read while somebody looks, again when it is different, removed one by one."""

from __future__ import annotations

from console.errors import EngineDown
from console.model.actions import Action, ActionKind, Consent, Result
from console.model.audit import Phase
from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.model.stock.plan import Discard, Sweep, discard, sweep
from console.model.stock.things import Image, Kind, Stock
from console.model.stock.use import uses
from console.model.text import safe
from console.service.audit import MemoryAudit
from console.service.fleet import Fleet
from console.service.remember import Forgetful
from console.transport.memory import MemoryFleet
from console.transport.memory.containers import Mount
from console.transport.memory.nets import MemoryNetwork
from console.transport.memory.shelf import MemoryVolume
from tests.service.fleets import Recorder, Running, plain_fleet, running
from tests.service.loops import until, virtual

YES = Consent(yes=True)


class Looking(Running):
    """A fleet that may also change what it has in store."""

    def __init__(self, memory_fleet: MemoryFleet, *, read_only: bool = False) -> None:
        super().__init__(memory_fleet)
        self.audit = MemoryAudit()
        self.fleet = Fleet(
            memory_fleet.specs,
            memory_fleet.clock,
            Forgetful(),
            Recorder(self.feed, self.history),
            jitter=lambda: 0.5,
            audit=self.audit,
            read_only=read_only,
        )

    def stock(self, host: str) -> Stock:
        return self[host].stock or Stock()

    def names(self, host: str, kind: Kind) -> set[str]:
        return {thing.name for thing in self.stock(host).of(kind)}

    async def remove(self, *targets: Discard, consent: Consent = YES) -> list[tuple[Result, str]]:
        """Remove them, and wait until that is over."""
        deeds = self.fleet.works.deeds
        number = len(deeds.jobs()) + 1
        action = Action(kind=ActionKind.DISCARD, name=safe(targets[0].what))
        deeds.act(number, action, targets, consent)
        await until(lambda: deeds.jobs()[-1].over)
        outcomes = deeds.jobs()[-1].outcomes
        return [(outcomes[target.key].result, str(outcomes[target.key].text)) for target in targets]

    def target(self, host: str, kind: Kind, name: str) -> Discard:
        return next(discard(thing) for thing in self.stock(host).of(kind) if thing.name == name)


def furnished(*names: str) -> MemoryFleet:
    """Each host has a volume that nobody uses, and a network."""
    fleet = plain_fleet(*names, containers=1)
    for host in fleet.hosts.values():
        host.daemon.shelf.put(MemoryVolume(name="old", size=77, created=host.daemon.bus.now() - 99))
        host.daemon.shelf.put(MemoryNetwork(name="front", subnet="10.9.0.0/16"))
        running(host, "db", mounts=(Mount(source="data", target="/d"),))
    return fleet


def measured(snapshot: HostSnapshot) -> bool:
    stock = snapshot.stock
    return stock is not None and stock.read is not None and stock.usage is not None


@virtual
async def test_nothing_is_read_until_somebody_looks() -> None:
    async with Looking(furnished("a", "b")) as fleet:
        await fleet.reaches("a", HostState.UP)
        await fleet.reaches("b", HostState.UP)
        assert fleet["a"].stock is None
        fleet.fleet.stock.look(True)
        await until(lambda: all(measured(fleet[host]) for host in "ab"))
        assert fleet.names("a", Kind.VOLUME) == {"old", "data"}
        assert fleet.names("a", Kind.NETWORK) == {"bridge", "host", "none", "front"}
        assert fleet.names("a", Kind.IMAGE) == {"busybox:1"}
        sizes = {volume.name: volume.size for volume in fleet.stock("a").volumes}
        assert sizes["old"] == 77
        assert all(image.shared is not None for image in fleet.stock("a").images)
        users = uses(fleet["a"].containers.values())
        assert [c.name for c in users.of(fleet.stock("a").volumes[0])] in ([], ["db"])


@virtual
async def test_an_event_is_followed_while_somebody_looks_and_makes_it_stale_otherwise() -> None:
    async with Looking(furnished("a")) as fleet:
        await fleet.reaches("a", HostState.UP)
        keeper, host = fleet.fleet.stock, fleet.hosts["a"]
        keeper.look(True)
        await until(lambda: measured(fleet["a"]))
        running(host, "new", mounts=(Mount(source="fresh", target="/d"),))
        host.daemon.bus.emit("volume", "create", "fresh", {"driver": "local"})
        await until(lambda: "fresh" in fleet.names("a", Kind.VOLUME))
        keeper.look(False)
        await until(lambda: not fleet.stock("a").measuring)
        host.daemon.shelf.put(MemoryVolume(name="unseen", size=1, created=1.0))
        host.daemon.bus.emit("volume", "create", "unseen", {"driver": "local"})
        await until(lambda: fleet.stock("a").stale)
        assert "unseen" not in fleet.names("a", Kind.VOLUME)
        keeper.look(True)
        await until(lambda: "unseen" in fleet.names("a", Kind.VOLUME))
        assert not fleet.stock("a").stale


@virtual
async def test_after_a_loss_everything_is_read_again_and_no_host_waits_for_another() -> None:
    async with Looking(furnished("a", "b")) as fleet:
        await fleet.reaches("a", HostState.UP)
        await fleet.reaches("b", HostState.UP)
        fleet.hosts["b"].faults.delay = 40.0
        fleet.fleet.stock.look(True)
        await until(lambda: measured(fleet["a"]))
        assert fleet["b"].stock is None or fleet.stock("b").read is None
        fleet.hosts["a"].cut()
        fleet.hosts["a"].daemon.shelf.put(MemoryVolume(name="meanwhile", size=1, created=1.0))
        await until(lambda: "meanwhile" in fleet.names("a", Kind.VOLUME))


@virtual
async def test_a_list_that_cannot_be_read_says_so_and_is_tried_again() -> None:
    async with Looking(furnished("a")) as fleet:
        await fleet.reaches("a", HostState.UP)
        fleet.fleet.stock.look(True)
        await until(lambda: measured(fleet["a"]))
        shelf = fleet.hosts["a"].daemon.shelf
        sound = shelf.volumes

        def broken() -> None:
            raise EngineDown("a", "the store is being repaired")

        shelf.volumes = broken  # type: ignore[assignment,method-assign]  # an engine with a fault
        fleet.fleet.stock.suspect("a", Kind.VOLUME)
        await until(lambda: fleet.stock("a").stale)
        assert fleet.stock("a").trouble == "the store is being repaired"
        assert "old" in fleet.names("a", Kind.VOLUME)
        shelf.volumes = sound  # type: ignore[method-assign]  # mended
        await until(lambda: not fleet.stock("a").stale)
        assert fleet.stock("a").trouble == ""


@virtual
async def test_a_clean_up_removes_the_list_and_nothing_that_came_later() -> None:
    async with Looking(furnished("a")) as fleet:
        await fleet.reaches("a", HostState.UP)
        fleet.fleet.stock.look(True)
        await until(lambda: measured(fleet["a"]))
        shelf = fleet.hosts["a"].daemon.shelf
        taken = sweep(fleet.stock("a").volumes, uses(fleet["a"].containers.values()), Sweep.UNUSED)
        assert [thing.name for thing in taken] == ["old"]
        shelf.put(MemoryVolume(name="later", size=1, created=1.0))
        assert await fleet.remove(*map(discard, taken)) == [(Result.DONE, "")]
        await until(lambda: "old" not in fleet.names("a", Kind.VOLUME))
        assert {"later", "data"} <= {volume.name for volume in shelf.volumes()}
        assert shelf.freed == 77
        told = [(phase, action, target.name, result) for phase, action, target, result in fleet.audit.lines]
        assert told == [
            (Phase.BEFORE, "remove volume", "old", ""),
            (Phase.AFTER, "remove volume", "old", "done"),
        ]


@virtual
async def test_what_got_a_user_since_stays_and_is_told_of() -> None:
    async with Looking(furnished("a")) as fleet:
        await fleet.reaches("a", HostState.UP)
        fleet.fleet.stock.look(True)
        await until(lambda: measured(fleet["a"]))
        targets = [fleet.target("a", Kind.VOLUME, "old"), fleet.target("a", Kind.NETWORK, "front")]
        running(
            fleet.hosts["a"],
            "late",
            mounts=(Mount(source="old", target="/d"),),
            networks={"front": "10.9.0.2"},
        )
        for target in targets:
            ((result, text),) = await fleet.remove(target)
            assert result is Result.FAILED
            assert "in use" in text or "uses it" in text
        shelf = fleet.hosts["a"].daemon.shelf
        assert "old" in {volume.name for volume in shelf.volumes()}
        assert "front" in {network.name for network in shelf.networks()}


@virtual
async def test_an_image_with_another_tag_is_another_one_and_one_that_is_gone_is_no_failure() -> None:
    async with Looking(furnished("a")) as fleet:
        await fleet.reaches("a", HostState.UP)
        shelf = fleet.hosts["a"].daemon.shelf
        fleet.hosts["a"].daemon.images.add("extra:1")
        fleet.fleet.stock.look(True)
        await until(lambda: "extra:1" in fleet.names("a", Kind.IMAGE))
        target = fleet.target("a", Kind.IMAGE, "extra:1")
        shelf.tag(target.id, "extra:keep")
        ((result, text),) = await fleet.remove(target)
        assert (result, "tags" in text) == (Result.FAILED, True)
        await until(
            lambda: any("extra:keep" in i.tags for i in fleet.stock("a").images if isinstance(i, Image))
        )
        again = fleet.target("a", Kind.IMAGE, "extra:1")
        assert await fleet.remove(again) == [(Result.DONE, "")]
        assert await fleet.remove(again) == [(Result.NOTHING, "it is gone already")]


@virtual
async def test_read_only_and_unconfirmed_remove_nothing() -> None:
    for read_only, consent in ((True, Consent(yes=True)), (False, Consent())):
        async with Looking(furnished("a"), read_only=read_only) as fleet:
            await fleet.reaches("a", HostState.UP)
            fleet.fleet.stock.look(True)
            await until(lambda fleet=fleet: measured(fleet["a"]))
            target = fleet.target("a", Kind.VOLUME, "old")
            ((result, _),) = await fleet.remove(target, consent=consent)
            assert result is Result.REFUSED
            assert fleet.hosts["a"].daemon.shelf.freed == 0
            assert fleet.audit.lines == []
