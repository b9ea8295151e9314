"""`dockcon logs`: the lines of any containers on any hosts in one stream, for pipes and for people."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Sequence

from console.cli.arguments import Options
from console.cli.exits import Exit
from console.cli.loglines import Filter, Formatter, JsonLines, PlainLines
from console.cli.looking import report
from console.cli.output import Output
from console.cli.selecting import Chosen, choose
from console.cli.setup import Setup, set_up
from console.cli.writer import Sink, Writer
from console.config.paths import Homes
from console.errors import UsageError
from console.model.hosts import HostState
from console.model.logs.wish import LogWish
from console.model.query import Selection, select
from console.model.snapshot import HostSnapshot
from console.model.text import sanitise
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.logs.pipe import LogPipe

ANSWER = 20.0
"""Seconds that hosts are given to answer; those that follow do not wait longer than `PATIENCE` for one."""

PATIENCE = 5.0

LOOK_EVERY = 0.02

YOUNG = 50_000
"""Objects made until the garbage collector looks: lines come by the thousand, and go without it."""


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Print lines until there are no more, or until interrupted; exit 4 when a host could not be asked."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    out, err = Sink(sys.stdout), Sink(sys.stderr)
    verb = verb_of(options, set_up(options, homes), output, ascii_only=out.ascii)
    return asyncio.run(verb.run(Writer(out, err)))


def verb_of(options: Options, setup: Setup, output: Output, *, ascii_only: bool = False) -> LogsVerb:
    """One run of the verb. Raises UsageError for what no host need be asked about."""
    if options.invert and options.grep is None:
        raise UsageError("--invert-match says nothing without --grep")
    if options.follow and options.until is not None:
        raise UsageError("--follow goes on after any --until: leave one of them out")
    known = [spec.name for spec in setup.specs]
    selection = select(options.query, known)
    if not (selection.names or selection.terms):
        raise UsageError("no container is named", next_step="all of them are: dockcon logs '*'")
    hosts = selection.hosts(known)
    if not hosts:
        raise UsageError(f"no host can have what matches `{' '.join(options.query)}`")
    wanted = Filter(options.grep, inverted=options.invert) if options.grep is not None else None
    formatter: Formatter
    if options.json:
        formatter = JsonLines(setup.config.fleet, ascii_only=ascii_only, wanted=wanted)
    else:
        formatter = PlainLines(stamps=options.timestamps, color=output.color, wanted=wanted)
    return LogsVerb(setup, options, selection, hosts, formatter, output)


class LogsVerb:
    """One run of the verb."""

    def __init__(
        self,
        setup: Setup,
        options: Options,
        selection: Selection,
        hosts: Sequence[str],
        formatter: Formatter,
        output: Output,
    ) -> None:
        self._setup = setup
        self._options = options
        self._selection = selection
        self._hosts = hosts
        self._formatter = formatter
        self._output = output
        self._feed = Feed()
        self._unread: dict[str, str] = {}
        """Hosts whose logs were not read to the end, though they answer now: what was the matter."""

    async def run(self, writer: Writer) -> Exit:
        """Until there are no more lines. Raises BrokenPipeError when nobody reads them."""
        setup = self._setup
        specs = [spec for spec in setup.specs if spec.name in self._hosts]
        fleet = Fleet(specs, setup.clock, setup.memory(), self._feed, figures=False)
        async with writer:
            try:
                fleet.start(setup.transport())
                await writer.guard(self._copy(fleet, writer))
                return self._report()
            finally:
                await fleet.aclose()

    async def _copy(self, fleet: Fleet, writer: Writer) -> None:
        snapshots = await self._settled()
        chosen = choose(self._selection, snapshots, follow=self._options.follow)
        wish = self._wish(chosen)
        for missing in chosen.missing:
            await self._say(writer, f"{missing}: not on the hosts that answered")
        if wish.follow and not chosen.keys:
            await self._say(writer, "nothing matches so far; waiting")
        elif not chosen.keys:
            return
        formatter = self._formatter
        async with LogPipe(fleet, wish) as pipe:
            async for update in pipe:
                formatter.known([view.source for view in update.sources])
                for block in update.blocks:
                    for data, diagnostic in formatter.pieces(block):
                        await writer.write(data, diagnostic=diagnostic)
        await writer.flush()
        self._unread = {name: str(status.state) for name, status in pipe.unreached.items()}

    def _report(self) -> Exit:
        """Say what is not in the output."""
        snapshots = self._feed.latest()
        code = report(snapshots, self._output)
        for snapshot in snapshots:
            if snapshot.status.state is HostState.UP and snapshot.name in self._unread:
                self._output.say(f"{snapshot.name}: not read to the end: {self._unread[snapshot.name]}")
                code = Exit.UNREACHABLE
        return code

    async def _settled(self) -> Sequence[HostSnapshot]:
        """What there is when every host has answered or failed, or the patience is at its end."""
        clock = self._setup.clock
        until = clock.monotonic() + (PATIENCE if self._options.follow else ANSWER)
        while clock.monotonic() < until:
            snapshots = self._feed.latest()
            if all(s.status.state is not HostState.CONNECTING for s in snapshots):
                break
            await clock.sleep(LOOK_EVERY)
        return self._feed.latest()

    def _wish(self, chosen: Chosen) -> LogWish:
        options, now = self._options, self._setup.clock.now()
        title = sanitise(" ".join(options.query), 60)
        begin = options.begin.ns(now) if options.begin is not None else None
        until = options.until.ns(now) if options.until is not None else None
        if not options.follow:
            # Pinned, so that hosts that are away hold nothing up.
            keys, names, query = chosen.keys, set[tuple[str, str]](), None
        else:
            keys, names, query = chosen.ids, chosen.names, chosen.lasting
        return LogWish(
            title=title,
            keys=frozenset(keys),
            names=frozenset(names),
            query=query,
            tail=options.tail,
            since_ns=begin,
            until_ns=until,
            follow=options.follow,
        )

    async def _say(self, writer: Writer, text: str) -> None:
        await writer.write(f"dockcon: {text}\n".encode(), diagnostic=True)
