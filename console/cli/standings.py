"""How address mappings stand, for verbs that are about more than mappings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from console.cli.setup import Setup
from console.errors import ConfigError
from console.model.query import Query

if TYPE_CHECKING:
    from console.model.problems import Problem
    from console.service.mappings.desk import MappingList


def standings(setup: Setup) -> MappingList | None:
    """Read the book and look at the hosts; None where nothing is stated, or the book cannot be read (which
    `map list` says).
    """
    file = setup.config.file
    if setup.mappings is None or (file is not None and not (file.parent / "mappings.yml").exists()):
        return None
    # Imported where there may be mappings.
    from console.cli.doing import doing

    async def look() -> MappingList | None:
        async with doing(setup, setup.specs, read_only=True) as at:
            await at.listed()
            try:
                return await at.fleet.mappings.look()
            except ConfigError:
                return None

    found = asyncio.run(look())
    return found if found is not None and found.standings else None


def problems_of_mappings(found: MappingList | None, query: Query) -> Iterator[Problem]:
    """Those that a question for problems of hosts, or of everything, is about."""
    if found is None:
        return iter(())
    from console.model.mappings.troubles import problems_of

    return asked(problems_of(found.standings), query)


def asked(problems: Iterable[Problem], query: Query) -> Iterator[Problem]:
    """A mapping belongs to no container: it is meant where only hosts are asked for."""
    if any(term.kind != "host" for term in query.terms):
        return
    for problem in problems:
        if query.hosts([problem.host]):
            yield problem
