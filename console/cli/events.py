"""`dockcon events`: what the engines of all hosts say, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.cli import rows
from console.cli.arguments import Options
from console.cli.exits import Exit
from console.cli.output import Output
from console.cli.setup import Setup, set_up
from console.config.paths import Homes
from console.errors import HostError
from console.model.containers import Container, ContainerState
from console.model.events import EngineEvent
from console.model.hosts import HostSpec
from console.model.query import Query, parse
from console.model.text import NOTHING
from console.service.follow import Follower
from console.service.tasks import end

PATIENCE = 5.0
"""Seconds that the past of a slow host is waited for before what is there is printed."""


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Print events until interrupted, or until the past is printed; exit 4 when a host could not be asked."""
    setup = set_up(options, homes)
    query = parse(" ".join(options.query), [spec.name for spec in setup.specs])
    printer = _Printer(query, output, as_json=options.json)
    since = options.since if options.since is not None or options.follow else 600.0
    asyncio.run(_run(setup, printer, since, options.follow))
    return Exit.UNREACHABLE if printer.unreachable else Exit.DONE


async def _run(setup: Setup, printer: _Printer, since: float | None, follow: bool) -> None:
    memory = setup.memory()
    transport = setup.transport()
    asked = set(printer.query.hosts(spec.name for spec in setup.specs))
    followers = [
        Follower(transport, spec, clock=setup.clock, memory=memory, emit=printer.event, lost=printer.lost)
        for spec in setup.specs
        if spec.name in asked and not spec.disabled and not memory.is_off(spec.name)
    ]
    since_ns = None if since is None else int((setup.clock.now() - since) * 1e9)
    tasks = [asyncio.create_task(follower.run(since_ns)) for follower in followers]
    try:
        caught_up = asyncio.gather(*(follower.caught_up.wait() for follower in followers))
        try:
            async with asyncio.timeout(PATIENCE if follow else None):
                await caught_up
        except TimeoutError:
            pass
        printer.past_is_through()
        if follow:
            await asyncio.gather(*tasks)
    finally:
        await end(tasks)
        await transport.aclose()
        memory.close()


class _Printer:
    """Prints events: those of the past of all hosts in the order of time, later ones as they come."""

    def __init__(self, query: Query, output: Output, *, as_json: bool) -> None:
        self.query = query
        self.unreachable = False
        self._output = output
        self._json = as_json
        self._past: list[EngineEvent] | None = []

    def event(self, event: EngineEvent) -> None:
        if self.query.terms and not (event.container_id and self.query.matches(subject(event))):
            return
        if self._past is not None:
            self._past.append(event)
        else:
            self._print(event)

    def past_is_through(self) -> None:
        past, self._past = self._past or [], None
        for event in sorted(past, key=lambda event: event.time_ns):
            self._print(event)

    def lost(self, spec: HostSpec, error: HostError) -> None:
        self.unreachable = True
        self._output.error(error)

    def _print(self, event: EngineEvent) -> None:
        row = rows.event_row(event)
        if self._json:
            self._output.record(row)
            return
        name = event.name or event.id[:12]
        details = _details(event)
        who = f"{name}@{event.host}"
        self._output.line(f"{str(row['time'])[:23]}Z  {who:<24}  {event.type} {row['action']}{details}")


def _details(event: EngineEvent) -> str:
    """What matters of the attributes: the exit code of a death, the container of a network's event."""
    shown: Sequence[str] = ("exitCode", "signal", "oldName")
    found = [f"{key}={event.attributes[key]}" for key in shown if event.attributes.get(key)]
    if event.container_id and event.container_id != event.id:
        found.append(f"container={event.container_id[:12]}")
    return f"  ({', '.join(found)})" if found else ""


def subject(event: EngineEvent) -> Container:
    """The container an event is about, as far as the event says."""
    return Container(
        host=event.host,
        id=event.container_id,
        name=event.name if event.container_id == event.id else NOTHING,
        image=event.attributes.get("image", NOTHING),
        state=ContainerState.UNKNOWN,
        labels=event.attributes,
    )
