"""`dockcon prune images|volumes|networks`: the exact list of what nobody uses, then each of it removed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.cli.act import EXITS, act, print_outcomes
from console.cli.arguments import Options
from console.cli.doing import Doing, agree, doing
from console.cli.exits import Exit, worst
from console.cli.output import Output
from console.cli.setup import set_up
from console.cli.stock import KINDS, MEASURING, Shelf, shelved, thing_row, title
from console.config.paths import Homes
from console.model.actions import Action, ActionKind
from console.model.hosts import Guard
from console.model.query import Query
from console.model.stock.match import matches, parse_names
from console.model.stock.plan import SWEEPS, discard, room_of, sweep
from console.model.stock.things import Kind, Thing
from console.model.stock.use import Room, together
from console.model.text import SafeText
from console.model.units import size


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Show the list, ask, and remove; one line or object for each."""
    kind = KINDS[options.action]
    setup = set_up(options, homes)
    names = [spec.name for spec in setup.specs]
    query = parse_names(" ".join(options.query), names)
    asked = set(query.hosts(names))

    async def go() -> Exit:
        specs = [spec for spec in setup.specs if spec.name in asked]
        # A host that may only be observed is left alone, unless nothing but that is meant.
        if not options.dry_run and any(spec.guard is not Guard.OBSERVE for spec in specs):
            specs = [spec for spec in specs if spec.guard is not Guard.OBSERVE]
        async with doing(setup, specs, read_only=options.read_only) as at:
            patience = MEASURING if kind is not Kind.NETWORK else 0.0
            shelves, code = await shelved(at, kind, patience, output)
            things, room = plan(shelves, kind, query, everything=options.all or kind is Kind.NETWORK)
            if options.dry_run or not things:
                _show(kind, things, room, options, output)
                return code
            return worst([code, *await _remove(at, kind, things, room, options, output)])

    return asyncio.run(go())


def plan(shelves: Sequence[Shelf], kind: Kind, query: Query, *, everything: bool) -> tuple[list[Thing], Room]:
    """What would go, and what it makes free."""
    things: list[Thing] = []
    rooms = []
    for shelf in shelves:
        which = SWEEPS[kind][-1 if everything else 0]
        taken = [t for t in sweep(shelf.stock.of(kind), shelf.uses, which) if matches(query, t, ())]
        things += taken
        rooms.append(room_of(taken, shelf.stock))
    return things, together(rooms)


async def _remove(
    at: Doing, kind: Kind, things: Sequence[Thing], room: Room, options: Options, output: Output
) -> list[Exit]:
    targets = [discard(thing) for thing in things]
    action = Action(kind=ActionKind.DISCARD, name=SafeText(kind.value))
    if not options.json:
        for line in _lines(kind, things, room):
            output.say(line)
    consent = agree(action.text, targets, at.specs, options, output)
    outcomes = await act(at, action, targets, consent)
    print_outcomes(action, outcomes, options, output)
    return [EXITS[outcome.result] for outcome in outcomes]


def _show(kind: Kind, things: Sequence[Thing], room: Room, options: Options, output: Output) -> None:
    if options.json:
        output.array([thing_row(thing, ()) for thing in things])
        return
    for line in _lines(kind, things, room):
        output.line(line)


def _lines(kind: Kind, things: Sequence[Thing], room: Room) -> list[str]:
    """`412M  shop-web:4.18.1@app-1` for each, and the sum."""
    if not things:
        return [f"no {kind.plural} to remove"]
    lines = []
    for thing in things:
        figure = (
            "" if kind is Kind.NETWORK else "   -  " if thing.size is None else f"{size(thing.size):>4}  "
        )
        lines.append(f"{figure}{title(thing)}@{thing.host}")
    word = kind.value if len(things) == 1 else kind.plural
    return [*lines, f"{len(things)} {word}" + (f", {_room_words(room)} free then" if room.most else "")]


def _room_words(room: Room) -> str:
    least, most = size(room.least), size(room.most)
    return most if least == most else f"{least} to {most}"
