"""A fleet that a verb works on: dialled, listed, acted upon, left."""

from __future__ import annotations

import asyncio
import itertools
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar

from console.cli.arguments import Options
from console.cli.exits import Exit
from console.cli.looking import why
from console.cli.output import Output, listed
from console.cli.setup import Setup
from console.errors import GuardRefused, UsageError
from console.model.actions import Consent, Job, Target
from console.model.containers import Container
from console.model.guards import forbid
from console.model.hosts import Guard, HostSpec, HostState
from console.model.query import parse, resolve
from console.model.redeploy.plan import RedeployJob
from console.model.snapshot import HostSnapshot
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.mappings.desk import MapJob
from console.service.who import Who
from console.service.works import Works

PATIENCE = 20.0
"""Seconds that hosts have to be listed."""

NAMED_AT_MOST = 12
"""Targets that a question names one by one."""

LOOK = 0.05
"""Seconds between two looks at what has changed."""

_OVER = frozenset(
    {HostState.NEEDS_YOU, HostState.REFUSED, HostState.OFF, HostState.LOST, HostState.ENGINE_DOWN}
)
"""States in which a verb waits for a host no longer."""

AnyJob = TypeVar("AnyJob", Job, RedeployJob, MapJob)


class Doing:
    """Hosts that are dialled. Belongs to the running loop."""

    def __init__(self, setup: Setup, specs: Sequence[HostSpec], fleet: Fleet, feed: Feed) -> None:
        self.setup = setup
        self.fleet = fleet
        self.specs = {spec.name: spec for spec in specs}
        self._feed = feed
        self._numbers = itertools.count(1)

    @property
    def works(self) -> Works:
        return self.fleet.works

    def number(self) -> int:
        """A new job's."""
        return next(self._numbers)

    async def listed(self) -> list[HostSnapshot]:
        """The hosts, each listed, or with the reason why it is not."""
        try:
            async with asyncio.timeout(PATIENCE):
                # A feed is made for a reader on another thread, which looks when it wants to.
                while any(map(_awaited, self._feed.latest())):  # noqa: ASYNC110 - see above
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            pass  # their states say why
        return list(self._feed.latest())

    async def over(self, job: Callable[[], AnyJob], tell: Callable[[AnyJob], None]) -> AnyJob:
        """Wait for a job; `tell` is told of every change."""
        last: AnyJob | None = None
        while True:
            now = job()
            if now is not last:
                tell(now)
                last = now
            if now.over:
                return now
            await asyncio.sleep(LOOK)


def _awaited(snapshot: HostSnapshot) -> bool:
    return snapshot.listed is None and snapshot.status.state not in _OVER


@asynccontextmanager
async def doing(setup: Setup, specs: Sequence[HostSpec], *, read_only: bool) -> AsyncIterator[Doing]:
    """Dial `specs`, and hang up at the end; what is under way then is put on record."""
    who = Who()
    await who.look()
    feed = Feed()
    fleet = Fleet(
        specs,
        setup.clock,
        setup.memory(),
        feed,
        figures=False,
        audit=setup.audit(who),
        read_only=read_only,
        mappings=partial(setup.mappings, who) if setup.mappings is not None else None,
    )
    fleet.start(setup.transport())
    try:
        with _ending_in_order():
            yield Doing(setup, specs, fleet, feed)
    finally:
        await fleet.aclose()


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """A terminal that is closed and a polite end are like ctrl+c: what is under way is put on record."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, work = asyncio.get_running_loop(), asyncio.current_task()
    asked = False

    def end() -> None:
        # Not by raising SIGINT: whoever started us in the background may have had it ignored.
        nonlocal asked
        asked = True
        if work is not None:
            work.cancel()

    polite = (signal.SIGTERM, signal.SIGHUP)
    for number in polite:
        loop.add_signal_handler(number, end)
    try:
        yield
    except asyncio.CancelledError:
        if asked:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in polite:
            loop.remove_signal_handler(number)


def possible(setup: Setup, selectors: Sequence[str]) -> list[HostSpec]:
    """The hosts on which selectors can name something: the others need not be dialled."""
    names = [spec.name for spec in setup.specs]
    wanted: set[str] = set()
    narrowing = parse(" ".join(s for s in selectors if ":" in s and not s.startswith("!")), names)
    for selector in selectors:
        host = selector.partition("/")[0] if selector.count("/") == 1 else selector.rpartition("@")[2]
        wanted |= {name for name in names if name == host}
        if host not in names:
            wanted = set(names)
            break
    return [spec for spec in setup.specs if spec.name in wanted & set(narrowing.hosts(names))]


def chosen(
    selectors: Sequence[str], snapshots: Sequence[HostSnapshot], output: Output
) -> tuple[tuple[Container, ...], Exit]:
    """What selectors name, and the exit code for the hosts that could not be asked.

    Raises UsageError where nothing is named, and says which hosts are not reached.
    """
    away = [s for s in snapshots if not s.fresh and s.status.state is not HostState.OFF]
    for snapshot in away:
        output.say(why(snapshot))
    try:
        found = resolve(selectors, (c for s in snapshots if s.fresh for c in s.containers.values()))
    except UsageError as error:
        if not away:
            raise
        names = listed([snapshot.name for snapshot in away])
        output.say(f"{error}; it may be on {names}, not reached")
        return (), Exit.UNREACHABLE
    return found, Exit.UNREACHABLE if away else Exit.DONE


def agree(
    what: str, targets: Sequence[Target], specs: dict[str, HostSpec], options: Options, output: Output
) -> Consent:
    """What the operator agrees to: by options, else asked on a terminal.

    Raises GuardRefused where nothing may be changed at all, and UsageError where nobody agreed.
    """
    typed = set(options.confirm)
    for target in targets:
        forbid(specs[target.host], read_only=options.read_only)
    confirm = [t for t in targets if specs[t.host].guard is Guard.CONFIRM]
    names = [t for t in targets if specs[t.host].guard is Guard.TYPED and t.typed not in typed]
    yes = options.yes
    if (names or (confirm and not yes)) and not (sys.stdin.isatty() and sys.stderr.isatty()):
        return Consent(yes, frozenset(typed))
    if confirm and not yes:
        some = [t.ref for t in targets[:NAMED_AT_MOST]]
        more = [f"{len(targets) - len(some)} more"] if len(targets) > len(some) else []
        output.say(f"{what} {listed([*some, *more])}")
        yes = _ask("Go on? [y/N] ").lower() in ("y", "yes")
        if not yes:
            raise GuardRefused("not confirmed: nothing was done")
    for target in names:
        if target.typed in typed:
            continue
        whose = "its name" if target.typed == target.name else target.typed
        answer = _ask(f"{what} {target.ref}: type {whose} to go on: ")
        if answer != target.typed:
            raise GuardRefused(f"{answer!r} is not {target.typed}: nothing was done")
        typed.add(answer)
    return Consent(yes, frozenset(typed))


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
