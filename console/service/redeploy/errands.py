"""Walks for a plan that was agreed to, and for a redeploy that somebody left half done."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from console.errors import HostError
from console.model.containers import Container
from console.model.redeploy.course import (
    ASIDE,
    ENDINGS,
    NEXT,
    OPERATION,
    PREV,
    WANTED,
    Found,
    Seen,
    Trace,
    Way,
    find,
    plain,
    way_back,
)
from console.model.redeploy.plan import Plan, Rules
from console.model.text import SafeText
from console.service.redeploy.look import seen
from console.service.redeploy.sending import Neighbours, send
from console.service.redeploy.walk import Errand
from console.transport.base import Engine


def errand_of(plan: Plan, rules: Rules, neighbours: Neighbours | None = None) -> Errand:
    """What walking a plan needs to know; `neighbours` where it sends an image from one of them."""
    body, what = plan.recreation.body, plan.send

    async def create(engine: Engine) -> None:
        await engine.deeds.create(str(plan.target.name) + NEXT, body)

    async def lend(engine: Engine, tell: Callable[[SafeText], None]) -> None:
        assert what is not None
        assert neighbours is not None
        await send(await neighbours[what.host](), engine, what, tell)

    return Errand(
        host=plan.target.host,
        name=str(plan.target.name),
        old_id=plan.target.id,
        operation=plan.operation,
        way=plan.way,
        wanted=body["Labels"][WANTED],
        rules=rules,
        send=lend if what is not None else None,
        create=create,
    )


def errand_from(host: str, found: Found, rules: Rules) -> Errand | None:
    """What walking on from what was found needs to know; None where nothing tells which container is the new
    one, so that only a person can decide.
    """
    new, old = found.facts.new, found.facts.old
    if new is None and old is not None and old.name in (found.facts.name + PREV, found.facts.name + ASIDE):
        # Somebody removed the new one: what is left can only be given its name back and started. Its restart
        # policy stood on the one that is gone.
        way = Way(policy=old.policy, ran=True)
        return Errand(
            host=host, name=found.facts.name, old_id=old.id, operation="", way=way, wanted="no", rules=rules
        )
    if new is None or not found.operation:
        return None
    return Errand(
        host=host,
        name=found.facts.name,
        old_id=old.id if old is not None else "",
        operation=found.operation,
        way=way_back(new),
        wanted=found.facts.wanted,
        rules=rules,
    )


async def traces(engine: Engine) -> list[Found]:
    """Every redeploy that left something on this engine, finished or not."""
    return find(await _related(engine, await engine.containers()))


def suspects(rows: Iterable[Container]) -> list[Container]:
    """Rows that alone show an interrupted redeploy, without asking anything: NAME.dockcon-next,
    NAME.dockcon-old, or a NAME.dockcon-prev without a NAME.
    """
    by_name = {str(row.name): row for row in rows}
    return [
        row
        for name, row in by_name.items()
        if name.endswith((NEXT, ASIDE)) or (name.endswith(PREV) and name.removesuffix(PREV) not in by_name)
    ]


async def _related(engine: Engine, rows: Iterable[Container]) -> list[Seen]:
    """What has to be looked at closely: both names of each redeploy, and the name they are about."""
    by_name = {str(row.name): row for row in rows}
    names = {plain(name) for name in by_name if name.endswith(ENDINGS)}
    wanted = [by_name[n + end] for n in names for end in ("", *ENDINGS) if n + end in by_name]
    found = []
    for row in wanted:
        try:
            found.append(seen(await engine.inspect(row.id)))
        except HostError:
            if row.labels.get(OPERATION):
                raise
    return found


__all__ = ["Trace", "errand_from", "errand_of", "suspects", "traces"]
