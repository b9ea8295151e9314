"""One look at the hosts, shared by the verbs that list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from console.cli.exits import Exit
from console.cli.output import Output
from console.cli.setup import Setup
from console.model.hosts import HostSpec, HostState
from console.model.snapshot import HostSnapshot
from console.service.collect import collect

Show = Callable[[Sequence[HostSnapshot]], None]


def look(
    setup: Setup,
    specs: Sequence[HostSpec],
    show: Show,
    *,
    usage: bool = False,
    details: bool = False,
    past: bool = False,
) -> list[HostSnapshot]:
    """Collect a snapshot of each of `specs` and show them before the connections are closed."""
    return asyncio.run(_look(setup, specs, show, usage=usage, details=details, past=past))


async def _look(
    setup: Setup, specs: Sequence[HostSpec], show: Show, *, usage: bool, details: bool, past: bool
) -> list[HostSnapshot]:
    memory = setup.memory()
    transport = setup.transport()
    try:
        snapshots = await collect(
            transport,
            specs,
            clock=setup.clock,
            memory=memory,
            usage=usage,
            details=details,
            past=past,
        )
        show(snapshots)
        return snapshots
    finally:
        await transport.aclose()
        memory.close()


def report(snapshots: Sequence[HostSnapshot], output: Output) -> Exit:
    """Say which hosts could not be asked, why, and what to try."""
    code = Exit.DONE
    for snapshot in snapshots:
        if snapshot.status.state in (HostState.UP, HostState.OFF):
            continue
        code = Exit.UNREACHABLE
        output.say(why(snapshot))
    return code


def why(snapshot: HostSnapshot) -> str:
    """One line about a host that is not up."""
    status = snapshot.status
    parts = [str(status.state), str(status.reason), str(status.next_step)]
    if status.state is HostState.NEEDS_YOU and not status.next_step:
        parts[2] = f"run: dockcon --host {snapshot.name} check"
    return f"{snapshot.name}: " + "; ".join(filter(None, [": ".join(filter(None, parts[:2])), parts[2]]))
