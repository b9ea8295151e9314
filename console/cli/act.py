"""`dockcon restart`, `stop`, `start` and the other actions on containers that are named."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.cli.arguments import Options
from console.cli.doing import Doing, agree, chosen, doing, possible
from console.cli.exits import Exit, worst
from console.cli.output import Output
from console.cli.setup import set_up
from console.config.paths import Homes
from console.errors import HostError, UsageError
from console.model.actions import Action, ActionKind, Consent, Job, Outcome, Result, Target
from console.model.redeploy.plan import Rules
from console.model.text import safe, sanitise
from console.service.redeploy.health import Gate

EXITS = {
    Result.DONE: Exit.DONE,
    Result.NOTHING: Exit.DONE,
    Result.REFUSED: Exit.GUARD,
    Result.FAILED: Exit.FAILED,
    Result.UNKNOWN: Exit.UNKNOWN,
}

WAIT_LOOK = 0.5
"""Seconds between two looks at a container that is waited for."""


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Do it to everything that is named; one line or object for each."""
    action = action_of(options)
    setup = set_up(options, homes)

    async def go() -> Exit:
        specs = possible(setup, options.query)
        async with doing(setup, specs, read_only=options.read_only) as at:
            found, code = chosen(options.query, await at.listed(), output)
            targets = [Target.of(container) for container in found]
            if not targets:
                return code
            if action.kind is ActionKind.RENAME and len(targets) > 1:
                raise UsageError("several containers cannot have one name", next_step="name one of them")
            consent = agree(action.text, targets, at.specs, options, output)
            outcomes = await act(at, action, targets, consent)
            if options.wait:
                outcomes = [await _waited(at, outcome) for outcome in outcomes]
            print_outcomes(action, outcomes, options, output)
            return worst([code, *(EXITS[outcome.result] for outcome in outcomes)])

    return asyncio.run(go())


def action_of(options: Options) -> Action:
    """The action that a command line asks for."""
    return Action(
        kind=ActionKind(options.action),
        timeout=options.time,
        signal=sanitise(options.signal, 20),
        name=sanitise(options.name, 200),
        volumes=options.volumes,
        force=options.force,
    )


async def act(at: Doing, action: Action, targets: Sequence[Target], consent: Consent) -> list[Outcome]:
    """Do it, and wait until it is over."""
    number = at.number()
    at.works.deeds.act(number, action, targets, consent)

    def job() -> Job:
        return next(job for job in at.works.deeds.jobs() if job.number == number)

    done = await at.over(job, lambda job: None)
    return [done.outcomes[target.key] for target in done.targets]


async def _waited(at: Doing, outcome: Outcome) -> Outcome:
    """Wait until a container that was started is well."""
    if outcome.result not in (Result.DONE, Result.NOTHING):
        return outcome
    target, setup = outcome.target, at.setup
    stated = setup.config.redeploy
    gate = Gate(Rules(stable=stated.stable, timeout=stated.timeout), setup.clock)
    while True:
        try:
            well, why = gate.judge((await at.fleet.inspect(target.key)).container)
        except HostError as error:
            well, why = False, sanitise(error.message)
        if well is not None:
            result = outcome.result if well else Result.FAILED
            return Outcome(target=target, result=result, text=why, ended=setup.clock.now())
        await asyncio.sleep(WAIT_LOOK)


def print_outcomes(action: Action, outcomes: list[Outcome], options: Options, output: Output) -> None:
    """One line or object for each."""
    rows = [
        {
            "host": outcome.target.host,
            "id": outcome.target.id,
            "name": outcome.target.name,
            "action": action.text,
            "result": outcome.result.value,
            "text": outcome.text or safe(""),
            "next": outcome.next_step or safe(""),
        }
        for outcome in outcomes
    ]
    if options.json:
        output.array(rows)
        return
    for outcome in outcomes:
        why = "; ".join(filter(None, (outcome.text, outcome.next_step)))
        said = outcome.result.words + (f": {why}" if why else "")
        what = action.text if action.kind is ActionKind.DISCARD else action.kind
        output.line(f"{what} {outcome.target.ref}: {said}")
