"""`dockcon images`, `volumes` and `networks`: what the hosts have in store, and who uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from console.cli.arguments import Options
from console.cli.doing import Doing, doing
from console.cli.exits import Exit, worst
from console.cli.looking import why
from console.cli.output import Cell, Output
from console.cli.rows import Row, time_of
from console.cli.setup import set_up
from console.config.paths import Homes
from console.errors import HostError
from console.model.containers import Container
from console.model.hosts import HostState
from console.model.query import Query
from console.model.snapshot import HostSnapshot
from console.model.stock.match import matches, parse_names
from console.model.stock.things import Image, Kind, Network, Stock, Thing, Volume
from console.model.stock.use import Uses, standing, uses
from console.model.units import size, span

MEASURING = 120.0
"""Seconds that sizes are waited for."""

KINDS = {kind.plural: kind for kind in Kind}
"""By the word of the command line."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One host's store, with its users."""

    stock: Stock
    uses: Uses


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """List; exit 4 when a host could not be asked."""
    kind = KINDS[options.action]
    setup = set_up(options, homes)
    names = [spec.name for spec in setup.specs]
    query = parse_names(" ".join(options.query), names)
    asked = set(query.hosts(names))

    async def go() -> Exit:
        specs = [spec for spec in setup.specs if spec.name in asked]
        async with doing(setup, specs, read_only=True) as at:
            shelves, code = await shelved(at, kind, MEASURING if options.sizes else 0.0, output)
        found = chosen(shelves, kind, query)
        if options.json:
            output.array([thing_row(thing, users) for thing, users in found])
        else:
            output.table(*_table(kind, found, setup.clock.now()))
        return code

    return asyncio.run(go())


async def shelved(at: Doing, kind: Kind, patience: float, output: Output) -> tuple[list[Shelf], Exit]:
    """The stores of the hosts that can be asked; says which cannot and why."""

    async def one(snapshot: HostSnapshot) -> Shelf | None:
        if not snapshot.fresh:
            if snapshot.status.state is not HostState.OFF:
                output.say(why(snapshot))
            return None
        try:
            stock = await at.fleet.read_stock(snapshot.name, {kind}, patience)
        except HostError as error:
            output.error(error)
            return None
        if stock.unmeasured:
            output.say(f"{snapshot.name}: sizes not measured: {stock.unmeasured}")
        return Shelf(stock, uses(snapshot.containers.values()))

    snapshots = await at.listed()
    found = await asyncio.gather(*map(one, snapshots))
    away = [
        shelf is None and snapshot.status.state is not HostState.OFF
        for shelf, snapshot in zip(found, snapshots, strict=True)
    ]
    code = worst([Exit.UNREACHABLE] if any(away) else [])
    return [shelf for shelf in found if shelf is not None], code


Found = Sequence[tuple[Thing, tuple[Container, ...]]]


def chosen(shelves: Sequence[Shelf], kind: Kind, query: Query) -> Found:
    """What matches, by host and name, with its users."""
    return [
        (thing, shelf.uses.of(thing))
        for shelf in shelves
        for thing in sorted(shelf.stock.of(kind), key=lambda thing: (thing.name, thing.id))
        if matches(query, thing, shelf.uses.of(thing))
    ]


def thing_row(thing: Thing, users: Sequence[Container]) -> Row:
    """One object of `--json`."""
    from console.model.secrets import mask_labels

    row: Row = {
        "host": thing.host,
        "id": thing.id if not isinstance(thing, Volume) else None,
        "name": thing.name,
        "state": standing(thing, users).value,
        "used_by": [user.name for user in users],
        "created": time_of(thing.created),
        "labels": mask_labels(thing.labels),
    }
    match thing:
        case Image():
            row |= {"tags": list(thing.tags), "digests": list(thing.digests)}
            row |= {"size_bytes": thing.size, "shared_bytes": thing.shared}
        case Volume():
            del row["id"]
            row |= {"driver": thing.driver, "size_bytes": thing.size, "anonymous": thing.anonymous}
        case Network():
            row |= {"driver": thing.driver, "scope": thing.scope, "subnets": list(thing.subnets)}
            row |= {"internal": thing.internal}
    return row


def title(thing: Thing) -> str:
    """What a thing is called in a table."""
    if isinstance(thing, Image) and not thing.tags:
        return f"{thing.repository or '<none>'}@{thing.short}"
    return thing.name


def _table(kind: Kind, found: Found, now: float) -> tuple[list[str], list[list[Cell]]]:
    middle = ["DRIVER", "SUBNET"] if kind is Kind.NETWORK else ["SIZE"]
    heads = ["HOST", kind.value.upper(), *middle, "AGE", "STATE", "USED BY"]
    rows = []
    for thing, users in found:
        if isinstance(thing, Network):
            figures = [Cell(thing.driver or "-"), Cell(" ".join(thing.subnets) or "-")]
        else:
            figures = [Cell("-" if thing.size is None else size(thing.size), right=True)]
        stands = standing(thing, users)
        anonymous = isinstance(thing, Volume) and thing.anonymous
        rows.append(
            [
                Cell(thing.host),
                Cell(title(thing)),
                *figures,
                Cell(span(now - thing.created) if thing.created else "-", right=True),
                Cell(f"{stands}, anonymous" if anonymous else stands, "" if users else "busy"),
                Cell(", ".join(user.name for user in users) or "-"),
            ]
        )
    return heads, rows
