"""`dockcon` without a verb: open the console."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from console.cli.arguments import Options
from console.cli.output import Output, listed
from console.cli.setup import Setup, load, no_file, real, rules_of, set_up
from console.config.load import load_settings
from console.config.offers import Offers, find_offers, offered_fleet
from console.config.paths import Homes, find_hosts_file
from console.errors import UsageError
from console.model.clock import tell_times_in
from console.service.logs.outbox import Caps
from console.service.network import NetworkThread
from console.service.who import Who


def run(options: Options, homes: Homes, output: Output) -> int:
    """Open the console; return its exit code."""
    if not on_terminal():
        raise UsageError(
            "the console needs a terminal", next_step="without one use a verb: dockcon ps --json"
        )
    settings, problems = load_settings(homes.settings)
    for problem in problems:
        output.say(f"{problem} (left out)")
    tell_times_in(settings.time_zone)
    setup = _setup(options, homes, output)
    who = Who()
    # Dialling begins before the screen is built: it is what takes longest.
    handle = NetworkThread(
        setup.config.fleet,
        setup.specs,
        setup.transport,
        clock=setup.clock,
        memory=setup.memory(),
        log_caps=Caps(settings.logs.lines, settings.logs.bytes),
        audit=setup.audit(who),
        read_only=options.read_only,
        rules=lambda: rules_of(setup.config),
        mappings=partial(setup.mappings, who) if setup.mappings is not None else None,
    ).start()
    try:
        from console.ui import app
    except BaseException:
        asyncio.run(handle.aclose())
        raise
    return app.run(
        handle,
        settings,
        read_only=options.read_only,
        state=homes.state,
        themes=homes.themes,
        who=who,
        shared=setup.config.audit,
    )


def on_terminal() -> bool:
    """Whether there is a screen and somebody at the keys."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _setup(options: Options, homes: Homes, output: Output) -> Setup:
    """The fleet of this command line; without any file, one chosen from what is there."""
    if options.demo or options.config is not None:
        return set_up(options, homes)
    file, looked = find_hosts_file(homes, Path.cwd())
    if file is not None:
        return real(load(options, homes), options, homes)
    offers = find_offers(homes)
    error = no_file(looked)
    output.say(error.message)
    return _choose(offers, options, homes)


def _choose(offers: Offers, options: Options, homes: Homes) -> Setup:
    """Ask what to open instead. Raises UsageError when nothing is chosen."""
    choices: list[tuple[str, Setup | None]] = []
    if offers.local:
        fleet = offered_fleet(offers, local=True, ssh=False)
        choices.append((f"the engine of this machine ({listed(offers.local)})", real(fleet, options, homes)))
    if offers.ssh:
        fleet = offered_fleet(offers, local=False, ssh=True)
        names = listed([*offers.ssh[:6], *(["..."] if len(offers.ssh) > 6 else [])])
        text = f"the {len(offers.ssh)} hosts of {homes.ssh_config} ({names})"
        choices.append((text, real(fleet, options, homes)))
    choices.append(("a demo: three hosts that live in memory", None))
    lines = [f"  {number}  {text}" for number, (text, _) in enumerate(choices, 1)]
    sys.stderr.write("\n".join(["", "What can be opened:", *lines, "", "Which one? [none] "]))
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if not answer.isdecimal() or not 1 <= int(answer) <= len(choices):
        raise UsageError("nothing chosen", next_step="sample_hosts.yml shows how to write a hosts.yml")
    chosen = choices[int(answer) - 1][1]
    return chosen or set_up(replace(options, demo=True), homes)
