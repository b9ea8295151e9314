"""`dockcon links`: who depends on whom, and what is wrong with it; once, or as it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from console.cli.arguments import Options
from console.cli.doing import doing
from console.cli.exits import Exit, worst
from console.cli.link_rows import HEADS, link_row, state_of, table_row, wanted
from console.cli.looking import why
from console.cli.output import Output
from console.cli.setup import Setup, set_up
from console.config.paths import Homes
from console.errors import UsageError
from console.model.containers import Container, ContainerKey
from console.model.hosts import HostState
from console.model.links.link import Link, LinkList, LinkState
from console.model.query import Query, parse
from console.model.snapshot import HostSnapshot
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.who import Who

LOOK_EVERY = 0.25
"""Seconds between two looks at the running fleet."""

_Key = tuple[str, str, str, str, str, int]

_BAD = (LinkState.BROKEN, LinkState.STALE, LinkState.FOREIGN)


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """List links; exit 3 when one is broken, stale or foreign, 4 when a host could not be asked."""
    if options.watch and options.dot:
        raise UsageError("a drawing of something that changes cannot be written: --watch or --dot")
    setup = set_up(options, homes)
    query = parse(" ".join(options.query), [spec.name for spec in setup.specs])
    if options.watch:
        asyncio.run(watch(setup, query, output, as_json=options.json, only_bad=options.problems))
        return Exit.DONE
    return asyncio.run(_once(setup, query, options, output))


async def _once(setup: Setup, query: Query, options: Options, output: Output) -> Exit:
    async with doing(setup, setup.specs, read_only=True) as at:
        snapshots = await at.listed()
        found = await at.fleet.link_place.observer.look()
        error = "" if at.fleet.map_place.none else at.fleet.mappings.keeper.list.error
    if error:
        output.say(f"without mappings: {error}")
    code = _report(snapshots, found, output)
    shown = wanted(found.broken if options.problems else found.links, query, containers(snapshots))
    if options.dot:
        from console.model.links.dot import dot

        chosen = LinkList(links=shown, partly=found.partly, looked=found.looked)
        output.line(dot(chosen, [spec.name for spec in setup.specs]).rstrip("\n"))
    elif options.json:
        output.array([link_row(link) for link in shown])
    elif shown:
        output.table(HEADS, [table_row(link, setup.clock.now()) for link in shown])
    broken = any(link.state in _BAD for link in shown)
    return worst([code, Exit.PENDING if broken else Exit.DONE])


def containers(snapshots: Iterable[HostSnapshot]) -> dict[ContainerKey, Container]:
    """All that engines list, by key."""
    return {(s.name, one.id): one for s in snapshots for one in s.containers.values()}


def _report(snapshots: Iterable[HostSnapshot], found: LinkList, output: Output) -> Exit:
    """Say which hosts could not be asked, and of which flows are seen in part only."""
    code, away = Exit.DONE, set()
    for snapshot in snapshots:
        if not snapshot.fresh:
            away.add(snapshot.name)
            if snapshot.status.state is not HostState.OFF:
                output.say(why(snapshot))
                code = Exit.UNREACHABLE
    for host, reason in found.partly.items():
        if host not in away:
            output.say(f"{host}: flows are not or only partly visible: {reason}")
    return code


async def watch(setup: Setup, query: Query, output: Output, *, as_json: bool, only_bad: bool) -> None:
    """Say how links stand, then every change, until interrupted."""
    feed = Feed()
    fleet = Fleet(
        setup.specs,
        setup.clock,
        setup.memory(),
        feed,
        figures=False,
        mappings=partial(setup.mappings, Who()) if setup.mappings is not None else None,
    )
    fleet.start(setup.transport())
    teller = _Teller(output, as_json=as_json, now=setup.clock.now)
    try:
        fleet.link_place.watch(True)
        while True:
            batch = feed.take()
            if batch is not None and batch.links is not None:
                known = containers(feed.latest())
                links = batch.links.broken if only_bad else batch.links.links
                teller.tell(wanted(links, query, known))
                teller.partly(batch.links.partly)
            await setup.clock.sleep(LOOK_EVERY)
    finally:
        await fleet.aclose()


class _Teller:
    """Prints what is new, what has changed and what is over."""

    def __init__(self, output: Output, *, as_json: bool, now: Callable[[], float]) -> None:
        self._output = output
        self._json = as_json
        self._now = now
        self._said: dict[_Key, Link] = {}
        self._partly: dict[str, str] = {}

    def tell(self, links: Iterable[Link]) -> None:
        """All that there are now."""
        now = {link.identity: link for link in links}
        for key, link in now.items():
            before = self._said.get(key)
            if before is None or state_of(before) != state_of(link):
                self._say("new" if before is None else "changed", link)
        for key, link in self._said.items():
            if key not in now:
                self._say("over", link)
        self._said = now

    def partly(self, found: Mapping[str, object]) -> None:
        """Say of hosts, once, that not everything is seen."""
        for host, reason in found.items():
            if self._partly.get(host) != str(reason):
                self._output.say(f"{host}: flows are not or only partly visible: {reason}")
        self._partly = {host: str(reason) for host, reason in found.items()}

    def _say(self, change: str, link: Link) -> None:
        if self._json:
            self._output.record({**link_row(link), "change": change})
            return
        at = time.strftime("%H:%M:%S", time.localtime(self._now()))
        bad = link.state in _BAD and change != "over"
        word = self._output.toned(f"{change:<7}", "bad" if bad else "good")
        way = f"{link.consumer.text} -> {link.dials or '-'} -> {link.endpoint.with_port}"
        reason = f": {link.reason}" if link.reason else ""
        self._output.line(f"{at}  {word}  {way}  {link.word}{reason}")
