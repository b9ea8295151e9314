"""Taking one step of a plan on a real engine; taken twice it changes nothing the second time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from console.errors import CapabilityMissing, Conflict, EngineError, NotFound
from console.model.actions import Action, ActionKind, Target
from console.model.clock import Clock
from console.model.containers import Container, ContainerState
from console.model.mappings.haproxy import CONFIG, RUN
from console.model.mappings.steps import (
    BringImage,
    ChangeEnvironment,
    Configure,
    Connect,
    Disconnect,
    DropAmbassador,
    DropNetwork,
    MakeAmbassador,
    MakeNetwork,
    SetHostsLine,
    StartAmbassador,
    Step,
)
from console.model.mappings.views import container_view
from console.model.mappings.world import FLEET_LABEL, MAPPING_LABEL
from console.model.text import SafeText, safe, sanitise
from console.service.redeploy.health import evidence
from console.transport.base import Engine

NEXT_PATH = CONFIG + ".next"
"""Where a configuration is tried before it replaces the one that runs."""

TAKES_OVER_WITHIN = 8.0
"""Seconds in which a worker with the new configuration must be there."""

MUTE_FOR = 2.0
"""Seconds after which an ambassador that cannot be asked is taken for one that never can be here: it may have
only just begun, or be in the middle of a reload.
"""

LOOK_AGAIN = 0.05
RELOAD_AGAIN = 1.5
"""Seconds after which a configuration that has not been taken over is signalled again."""

Tell = Callable[[SafeText], None]
Bring = Callable[[BringImage, Engine, Tell], Awaitable[None]]
Rebuild = Callable[[ChangeEnvironment, Engine, Tell], Awaitable[None]]


@dataclass(slots=True)
class Taker:
    """Takes steps. Belongs to the network loop."""

    reach: Callable[[str], Awaitable[Engine]]
    """The engine of a host that is up, or why it is not."""
    clock: Clock
    bring: Bring
    rebuild: Rebuild

    async def take(self, step: Step, tell: Tell) -> None:
        """Do it. Raises what engines raise; `tell` hears what takes its time."""
        engine = await self.reach(step.host)
        match step:
            case BringImage():
                if not await engine.wiring.image_id(step.image):
                    await self.bring(step, engine, tell)
            case MakeAmbassador():
                await self._make(engine, step)
            case StartAmbassador():
                await _start(engine, step.container.id)
            case Configure():
                await self._configure(engine, step)
            case DropAmbassador():
                removal = Action(kind=ActionKind.REMOVE, force=True, volumes=True)
                await _unless_gone(engine.deeds.act(step.container.id, removal))
            case ChangeEnvironment():
                await self.rebuild(step, engine, tell)
            case _:
                await _around(engine, step)

    async def _make(self, engine: Engine, step: MakeAmbassador) -> None:
        try:
            ident = await engine.deeds.create(step.name, step.body)
        except Conflict:
            # Another console was quicker, or this one was cut here before: the name is the mutex.
            there = await named(engine, step.name)
            if there is None or not _same_ours(there, step):
                raise
            ident = there.id
        await engine.wiring.put_file(ident, CONFIG, step.config.encode())
        # Its tmpfs takes the mode of what is there: else one that is not root could not start a second time.
        await engine.wiring.make_folder(ident, RUN, mode=0o1777)
        await _start(engine, ident)
        await self._taken_over(engine, step.host, ident, step.revision)

    async def _configure(self, engine: Engine, step: Configure) -> None:
        ident, wiring = step.container.id, engine.wiring
        state = (await engine.inspect(ident)).container.state
        if state is not ContainerState.RUNNING:
            await wiring.put_file(ident, CONFIG, step.config.encode())
            return
        await wiring.put_file(ident, NEXT_PATH, step.config.encode())
        tried = await wiring.run(ident, ("haproxy", "-c", "-f", NEXT_PATH))
        if tried.exit_code:
            said = sanitise(tried.output, 300)
            raise EngineError(step.host, f"HAProxy refuses the new configuration: {said}", status=400)
        await self._reload(engine, ident, step.config)
        try:
            await self._taken_over(engine, step.host, ident, step.revision)
        except EngineError:
            if step.before:
                await self._reload(engine, ident, step.before)
            raise

    async def _reload(self, engine: Engine, ident: str, config: str) -> None:
        await engine.wiring.put_file(ident, CONFIG, config.encode())
        await engine.deeds.act(ident, Action(kind=ActionKind.KILL, signal=safe("SIGHUP")))

    async def _taken_over(self, engine: Engine, host: str, ident: str, revision: str) -> None:
        """Wait until the running worker has this revision, where that can be asked."""
        began, why, again = self.clock.monotonic(), "", RELOAD_AGAIN
        while (waited := self.clock.monotonic() - began) < TAKES_OVER_WITHIN:
            container = (await engine.inspect(ident)).container
            if container.state not in (ContainerState.RUNNING, ContainerState.CREATED):
                last = "; ".join(await evidence(engine, ident)) or "it says nothing"
                raise EngineError(host, f"the ambassador does not stay up: {last}", status=500)
            try:
                running = (await engine.wiring.proxy(ident)).revision
            except (CapabilityMissing, EngineError):
                if not why and waited > MUTE_FOR:
                    return  # what became of it is for those to tell who try the name
            else:
                if running == revision:
                    return
                why = f"revision {running or 'none of ours'} still runs, not {revision}"
                if waited > again:  # a signal is lost on a master that is just starting itself anew
                    again += RELOAD_AGAIN
                    await engine.deeds.act(ident, Action(kind=ActionKind.KILL, signal=safe("SIGHUP")))
            await self.clock.sleep(LOOK_AGAIN)
        if why:
            raise EngineError(host, f"the new configuration was not taken over: {why}", status=500)


async def _around(engine: Engine, step: Step) -> None:
    """The steps that are about what surrounds an ambassador."""
    match step:
        case MakeNetwork():
            await _make_network(engine, step)
        case DropNetwork():
            await _unless_gone(engine.wiring.drop_network(step.name))
        case Connect():
            await _connect(engine, step)
        case Disconnect():
            await _disconnect(engine, step)
        case SetHostsLine():
            await engine.wiring.set_hosts_line(step.container.id, step.name, step.ip)
        case _:
            raise AssertionError(f"no such step: {type(step).__name__}")


async def named(engine: Engine, name: str) -> Container | None:
    """The container of this name, as the engine has it now."""
    return next((row for row in await engine.containers() if row.name == name), None)


def _same_ours(row: Container, step: MakeAmbassador) -> bool:
    wanted = step.body.get("Labels") or {}
    return all(row.labels.get(key) == wanted.get(key) for key in (FLEET_LABEL, MAPPING_LABEL))


async def _make_network(engine: Engine, step: MakeNetwork) -> None:
    known = next((one for one in await engine.wiring.networks() if one.name == step.name), None)
    if known is None:
        try:
            await engine.wiring.make_network(step.name, step.labels, internal=True)
        except Conflict:
            known = next((one for one in await engine.wiring.networks() if one.name == step.name), None)
            if known is None:
                raise
    if known is not None and known.labels.get(FLEET_LABEL) != step.labels.get(FLEET_LABEL):
        raise Conflict(step.host, f"the network {step.name} is there and is not ours", status=409)


async def _start(engine: Engine, ident: str) -> None:
    """Start it; a network that was removed while it was stopped is forgotten first."""
    start = Action(kind=ActionKind.START)
    try:
        await engine.deeds.act(ident, start)
    except EngineError as error:
        # An engine answers 404 for such a network, too; and it says so only here.
        view = container_view(await engine.inspect(ident))
        there = {one.id for one in await engine.wiring.networks()}
        gone = [one for one in view.attachments if one.network_id and one.network_id not in there]
        if not gone:
            raise error
        for one in gone:
            await _unless_gone(engine.wiring.disconnect(one.network, ident, force=True))
        await engine.deeds.act(ident, start)


async def _connect(engine: Engine, step: Connect) -> None:
    ident = step.container.id if step.container is not None else ""
    if not ident:
        there = await named(engine, step.name)
        if there is None:
            raise NotFound(step.host, f"there is no container {step.name}", status=404)
        ident = there.id
    view = container_view(await engine.inspect(ident))
    network = next((n for n in await engine.wiring.networks() if step.network in (n.name, n.id)), None)
    known = {step.network} | ({network.name, network.id} if network is not None else set())
    at = next((one for one in view.attachments if {one.network, one.network_id} & known), None)
    if at is not None:
        if set(step.aliases) <= set(at.aliases):
            return
        # Names are given when a container joins: only one of ours may leave for a moment to get another.
        if not view.labels.get(FLEET_LABEL):
            raise Conflict(step.host, f"{view.name} is in {step.network} under other names", status=409)
        await engine.wiring.disconnect(step.network, ident)
    await engine.wiring.connect(step.network, ident, step.aliases)


async def _disconnect(engine: Engine, step: Disconnect) -> None:
    await _unless_gone(engine.wiring.disconnect(step.network, step.container.id, force=step.force))


async def _unless_gone(doing: Awaitable[object]) -> None:
    try:
        await doing
    except NotFound:
        return


def target_of(step: Step, mapping: str) -> Target:
    """Whom a step is put on record for."""
    container = getattr(step, "container", None)
    if isinstance(container, Target):
        return container
    name = getattr(step, "name", "") or mapping
    return Target(host=step.host, id="", name=sanitise(str(name), 200))
