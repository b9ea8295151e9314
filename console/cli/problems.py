"""`dockcon problems`: what somebody must look at, once or as it comes and goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

from console.cli import rows
from console.cli.arguments import Options
from console.cli.exits import Exit, worst
from console.cli.looking import look, report
from console.cli.output import Cell, Output
from console.cli.setup import Setup, set_up
from console.cli.standings import problems_of_mappings, standings
from console.config.paths import Homes
from console.model.problems import Problem, ProblemKind, find, worst_first
from console.model.query import Query, parse
from console.model.snapshot import HostSnapshot
from console.model.units import span
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.who import Who

LOOK_EVERY = 0.5
"""Seconds between two looks at the running fleet."""

_TONES = {ProblemKind.RESTARTING: "busy", ProblemKind.DISK: "busy"}


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """List the problems; exit 3 when there are any, 4 when a host could not be asked."""
    setup = set_up(options, homes)
    query = parse(" ".join(options.query), [spec.name for spec in setup.specs])
    if options.watch:
        asyncio.run(_watch(setup, query, output, as_json=options.json))
        return Exit.DONE
    found: list[Problem] = []
    mapped = list(problems_of_mappings(standings(setup), query))

    def show(snapshots: Sequence[HostSnapshot]) -> None:
        found.extend(worst_first((*matching(snapshots, query, setup.clock.now()), *mapped)))
        if options.json:
            output.array([rows.problem_row(problem) for problem in found])
        elif found:
            output.table(_HEADS, [_row(problem, setup.clock.now()) for problem in found])

    asked = set(query.hosts(spec.name for spec in setup.specs))
    specs = [spec for spec in setup.specs if spec.name in asked]
    snapshots = look(setup, specs, show, usage=True, details=True, past=True)
    return worst([report(snapshots, output), Exit.PENDING if found else Exit.DONE])


def matching(snapshots: Iterable[HostSnapshot], query: Query, now: float) -> Iterator[Problem]:
    """The problems of what matches; those of a host itself where nothing but the host is asked for."""
    known = {s.name: s for s in snapshots}
    about_hosts = all(term.kind == "host" for term in query.terms)
    for problem in find(known.values(), now):
        if problem.container:
            container = known[problem.host].containers.get(problem.container)
            wanted = container is not None and query.matches(container)
        else:
            wanted = about_hosts and bool(query.hosts([problem.host]))
        if wanted:
            yield problem


_HEADS = ("HOST", "CONTAINER", "KIND", "SINCE", "WHAT")


def _row(problem: Problem, now: float) -> list[Cell]:
    return [
        Cell(problem.host),
        Cell(problem.name or "-"),
        Cell(problem.kind.value, _TONES.get(problem.kind, "bad")),
        Cell(span(now - problem.since) if problem.since else "-", right=True),
        Cell(problem.text),
    ]


async def _watch(setup: Setup, query: Query, output: Output, *, as_json: bool) -> None:
    """Say what is new and what is over, until interrupted."""
    feed = Feed()
    fleet = Fleet(
        setup.specs,
        setup.clock,
        setup.memory(),
        feed,
        mappings=partial(setup.mappings, Who()) if setup.mappings is not None else None,
    )
    fleet.start(setup.transport(), keep_mappings=True)
    said: dict[tuple[str, str, ProblemKind], Problem] = {}
    try:
        while True:
            feed.take()
            found = chain(
                matching(feed.latest(), query, setup.clock.now()),
                problems_of_mappings(feed.latest_mappings(), query),
            )
            now = {p.identity: p for p in found}
            changes = [("new", p) for key, p in now.items() if key not in said]
            changes += [("over", p) for key, p in said.items() if key not in now]
            for change, problem in changes:
                if as_json:
                    output.record({**rows.problem_row(problem), "change": change})
                else:
                    output.line(_change(change, problem, setup.clock.now(), output))
            said = now
            await setup.clock.sleep(LOOK_EVERY)
    finally:
        await fleet.aclose()


def _change(change: str, problem: Problem, now: float, output: Output) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(now))
    who = f"{problem.name}@{problem.host}" if problem.name else problem.host
    word = output.toned(f"{change:<4}", "bad" if change == "new" else "good")
    return f"{at}  {word}  {who}  {problem.kind.value}: {problem.text}"
