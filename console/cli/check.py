"""`dockcon check`: are the files right, and what works on each host?"""

from __future__ import annotations

import asyncio
import os
import sys

from console.cli import rows
from console.cli.arguments import Options
from console.cli.asking import TerminalPrompter
from console.cli.exits import Exit
from console.cli.output import Output
from console.cli.setup import Setup, set_up
from console.config.load import load_settings
from console.config.paths import Homes
from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.service.checkup import Check, Checkup
from console.service.tasks import end
from console.transport.base import Prompter


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Check files, then hosts; exit 2 when a file is wrong, 4 when a host does not work."""
    setup = set_up(options, homes)
    _, mistakes = load_settings(homes.settings)
    for problem in (*setup.config.warnings, *mistakes):
        output.say(str(problem))
    if not options.json:
        where = setup.config.file or "the demo"
        output.line(f"{where}: {len(setup.specs)} hosts of fleet {setup.config.fleet}")
    snapshots = asyncio.run(_check(setup, output, as_json=options.json))
    if mistakes:
        return Exit.USAGE
    bad = any(s.status.state not in (HostState.UP, HostState.OFF) for s in snapshots)
    return Exit.UNREACHABLE if bad else Exit.DONE


def _prompter() -> Prompter | None:
    """Somebody to ask, where somebody sits at a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return TerminalPrompter(os.ttyname(sys.stdin.fileno()))


async def _check(setup: Setup, output: Output, *, as_json: bool) -> list[HostSnapshot]:
    memory = setup.memory()
    transport = setup.transport()
    prompter = _prompter()
    checkups = [Checkup(spec, setup.clock, memory) for spec in setup.specs]
    tasks = [asyncio.create_task(checkup.run(transport, prompter)) for checkup in checkups]
    found: list[HostSnapshot] = []
    try:
        # All at once; said in the order of the file, each as soon as those before it are through.
        for task, checkup in zip(tasks, checkups, strict=True):
            snapshot = await task
            found.append(snapshot)
            if not as_json:
                _say(snapshot, checkup.checks, output)
    finally:
        await end(tasks)
        await transport.aclose()
        memory.close()
    if as_json:
        pairs = zip(found, checkups, strict=True)
        output.array([{**rows.host_row(s), "checks": [_row(c) for c in up.checks]} for s, up in pairs])
    return found


def _row(check: Check) -> rows.Row:
    return {"what": check.what, "ok": check.ok, "detail": check.detail, "next": check.next or None}


def _say(snapshot: HostSnapshot, checks: list[Check], output: Output) -> None:
    state = snapshot.status.state
    tone = "good" if state is HostState.UP else "dim" if state is HostState.OFF else "bad"
    reason = f"  {snapshot.status.reason}" if state is HostState.OFF else ""
    output.line(f"\n{output.toned(snapshot.name, 'head')}  {output.toned(state.value, tone)}{reason}")
    for check in checks:
        word = output.toned("ok ", "good") if check.ok else output.toned("no ", "bad")
        output.line(f"  {word} {check.what:<11}  {check.detail}")
        if check.next:
            output.line(f"      {'':<11}  next: {check.next}")
