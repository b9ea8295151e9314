"""`dockcon redeploy`, `rollback` and `recover`: another image or other settings, and the ways back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from console.cli.arguments import Options
from console.cli.doing import Doing, agree, chosen, doing, possible
from console.cli.exits import Exit, worst
from console.cli.output import Output
from console.cli.setup import Setup, set_up
from console.cli.setup import rules_of as setup_rules
from console.config.paths import Homes
from console.errors import HostError, UsageError
from console.model.actions import Consent, Target
from console.model.redeploy.changes import Changes, memory_size, pairs
from console.model.redeploy.course import Found, Goal, Trace
from console.model.redeploy.plan import Ending, Plan, RedeployJob, Report, Rules
from console.model.text import sanitise
from console.transport.base import PullProgress

_EXITS = {
    Ending.DONE: Exit.DONE,
    Ending.RESTORED: Exit.FAILED,
    Ending.REFUSED: Exit.GUARD,
    Ending.STUCK: Exit.UNKNOWN,
}


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Plan, show the plan, and walk it when it is agreed to."""
    setup = set_up(options, homes)
    changes, rules = changes_of(options), rules_of(setup, options)

    async def go() -> Exit:
        specs = possible(setup, options.query)
        lenders = [s for s in setup.specs if options.from_host and fnmatchcase(s.name, options.from_host)]
        dialled = [spec for spec in setup.specs if spec in specs or spec in lenders]
        async with doing(setup, dialled, read_only=options.read_only) as at:
            asked = {spec.name for spec in specs}
            found, code = chosen(options.query, [s for s in await at.listed() if s.name in asked], output)
            if not found:
                return code
            plans = [await _plan(at, Target.of(container), changes, rules, output) for container in found]
            _show(plans, options, output)
            if options.dry_run:
                return Exit.GUARD if any(plan.refusal for plan in plans) else code
            consent = agree("redeploy", [plan.target for plan in plans], at.specs, options, output)
            number = at.number()
            at.works.redeploys.begin(number, plans, rules, consent)
            return worst([code, await _finish(at, number, options, output)])

    return asyncio.run(go())


def roll_back(options: Options, homes: Homes, output: Output) -> Exit:
    """Go back to the container that was kept."""
    setup = set_up(options, homes)

    async def go() -> Exit:
        async with doing(setup, possible(setup, options.query), read_only=options.read_only) as at:
            found, code = chosen(options.query, await at.listed(), output)
            codes = [code]
            for container in found:
                trace = await _trace(at, container.host, str(container.name), Trace.KEPT)
                target = Target.of(container)
                consent = agree("roll back", [target], at.specs, options, output)
                codes.append(await _recover(at, container.host, trace, Goal.UNDO, consent, options, output))
            return worst(codes)

    return asyncio.run(go())


def recover(options: Options, homes: Homes, output: Output) -> Exit:
    """Show what was left half done, and finish it or take it back."""
    setup = set_up(options, homes)

    async def go() -> Exit:
        async with doing(setup, setup.specs, read_only=options.read_only) as at:
            snapshots = await at.listed()
            codes: list[Exit] = []
            for snapshot in snapshots:
                if not snapshot.fresh:
                    output.say(f"{snapshot.name} is not reached: it may have more")
                    codes.append(Exit.UNREACHABLE)
                    continue
                for trace in await at.works.redeploys.interrupted(snapshot.name):
                    if trace.trace is Trace.INTERRUPTED and _wanted(snapshot.name, trace, options.query):
                        codes.append(await _half_done(at, snapshot.name, trace, options, output))
            if not codes and not options.json:
                output.line("nothing was left half done")
            return worst(codes)

    return asyncio.run(go())


def changes_of(options: Options) -> Changes:
    """What is to be different. Raises UsageError."""
    return Changes(
        image=options.image,
        env=pairs(options.env, "--env"),
        labels=pairs(options.label, "--label"),
        ports=tuple(options.publish) if options.publish else None,
        restart=options.restart,
        memory=memory_size(options.memory) if options.memory else None,
        cpus=options.cpus,
    )


def rules_of(setup: Setup, options: Options) -> Rules:
    """As hosts.yml and the command line say."""
    stated = setup_rules(setup.config)
    return replace(
        stated,
        timeout=options.timeout or stated.timeout,
        keep=stated.keep if options.keep is None else options.keep,
        no_way_back=options.no_way_back,
        pull=not options.no_pull,
        source=options.from_host,
    )


async def _plan(at: Doing, target: Target, changes: Changes, rules: Rules, output: Output) -> Plan:
    told = ""

    def progress(pull: PullProgress) -> None:
        nonlocal told
        if pull.text and pull.text != told:
            told = pull.text
            output.say(f"{target.ref}: {told}")

    return await at.works.redeploys.plan(target, changes, rules, progress)


def _show(plans: Sequence[Plan], options: Options, output: Output) -> None:
    for plan in plans:
        if options.json:
            output.record(
                {
                    "host": plan.target.host,
                    "name": plan.target.name,
                    "image": plan.image,
                    "plan": [{"text": line.text, "disruptive": line.disruptive} for line in plan.lines],
                    "warnings": list(plan.warnings),
                    "refusal": plan.refusal,
                }
            )
            continue
        output.line(f"{plan.target.ref}")
        for line in plan.lines:
            output.line(f"  {'!' if line.disruptive else '-'} {line.text}")
        for warning in plan.warnings:
            output.line(f"  note: {warning}")
        if plan.refusal:
            output.line(f"  refused: {plan.refusal}")


async def _finish(at: Doing, number: int, options: Options, output: Output) -> Exit:
    """Tell the steps as they come, then what became of each container."""
    told = 0

    def tell(job: RedeployJob) -> None:
        nonlocal told
        for target, line in job.told[told:]:
            if options.json:
                step = str(line.step) if line.step else ""
                output.record(
                    {
                        "host": target.host,
                        "name": target.name,
                        "step": step,
                        "text": line.text,
                        "bad": line.bad,
                    }
                )
            else:
                output.line(f"{target.ref}: {'! ' if line.bad else ''}{line.text}")
        told = len(job.told)

    def job() -> RedeployJob:
        return next(job for job in at.works.redeploys.jobs() if job.number == number)

    try:
        done = await at.over(job, tell)
    except asyncio.CancelledError:
        for target in (target for target in job().targets if target.key not in job().reports):
            output.say(f"{target.ref}: interrupted; next: dockcon recover {target.host}/{target.name}")
        raise
    for target in done.targets:
        _ended(target, done.reports[target.key], options, output)
    return worst(exit_of(report) for report in done.reports.values())


def exit_of(report: Report) -> Exit:
    """The new one may be well and the old one not put away: somebody has to finish that."""
    if report.ending is Ending.DONE and report.next_step:
        return Exit.UNKNOWN
    return _EXITS[report.ending]


def _ended(target: Target, report: Report, options: Options, output: Output) -> None:
    if options.json:
        output.record(
            {
                "host": target.host,
                "name": target.name,
                "result": report.ending.value,
                "text": report.text,
                "next": report.next_step,
                "evidence": list(report.evidence),
            }
        )
        return
    for line in report.evidence:
        output.line(f"  | {line}")
    after = f"; next: {report.next_step}" if report.next_step else ""
    output.line(f"{target.ref}: {report.ending}: {report.text}{after}")


async def _trace(at: Doing, host: str, name: str, kind: Trace) -> Found:
    for trace in await at.works.redeploys.interrupted(host):
        if trace.facts.name == name:
            return trace
    raise UsageError(
        f"nothing was kept of {name} on {host}", next_step="`redeploy: {keep: 1}` in hosts.yml keeps one"
    )


async def _recover(
    at: Doing, host: str, found: Found, goal: Goal, consent: Consent, options: Options, output: Output
) -> Exit:
    number = at.number()
    at.works.redeploys.recover(number, host, found, goal, rules_of(at.setup, options), consent)
    code = await _finish(at, number, options, output)
    # To be back at the old one is what was asked for.
    return Exit.DONE if goal is Goal.UNDO and code is Exit.FAILED else code


def _wanted(host: str, found: Found, selectors: Sequence[str]) -> bool:
    name = found.facts.name
    return not selectors or any(s in (name, f"{host}/{name}", f"{name}@{host}") for s in selectors)


async def _half_done(at: Doing, host: str, found: Found, options: Options, output: Output) -> Exit:
    name = sanitise(found.facts.name, 200)
    if options.goal:
        typed = frozenset(options.confirm)
        try:
            goal = Goal(options.goal)
            return await _recover(at, host, found, goal, Consent(True, typed), options, output)
        except HostError as error:
            output.error(error)
            return Exit.UNKNOWN
    if options.json:
        output.record({"host": host, "name": name, "operation": found.operation, "result": "interrupted"})
    else:
        output.line(f"{name}@{host}: a redeploy was interrupted")
        output.line(f"  next: dockcon recover --finish {host}/{name}, or --undo")
    return Exit.UNKNOWN
