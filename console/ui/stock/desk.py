"""Asks before images, volumes or networks are removed, and gives the order. Made when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.errors import GuardRefused
from console.model.actions import Action, ActionKind, Consent, Job, Result
from console.model.guards import forbid
from console.model.stock.plan import SWEEPS, Discard, Plan, Sweep
from console.model.text import SafeText
from console.ui.messages import CleanUpWanted
from console.ui.stock.dialogs import PlanScreen, SweepOption, SweepScreen
from console.ui.stock.present import count_words

if TYPE_CHECKING:
    from console.ui.order_desk import OrderDesk


def discard(desk: OrderDesk, plan: Plan) -> None:
    """Show the list, and remove what is on it if that is meant."""
    specs = desk.specs
    try:
        for host in plan.hosts:
            forbid(specs[host], read_only=desk.read_only)
    except GuardRefused as refused:
        desk.status.say(str(refused), "warn")
        return
    targets = plan.targets

    def answered(consent: Consent | None) -> None:
        if consent is None:
            desk.status.say("nothing was removed", "dim")
            return
        action = Action(kind=ActionKind.DISCARD, name=SafeText(plan.what.value))
        number = desk.ordered(lambda: desk.bridge.handle.orders.act(action, targets, consent))
        if number is not None:
            desk.status.say(f"removing {count_words(plan.what, len(targets))}: J shows how it goes", "busy")

    desk.app.push_screen(PlanScreen(plan, specs, desk.glyphs), answered)


def clean_up(desk: OrderDesk, event: CleanUpWanted) -> None:
    """Ask which clean-up, then go on as for any removal."""
    if desk.read_only:
        desk.status.say("this console is read-only; start it without --read-only", "warn")
        return
    options = options_for(event, desk)
    if not options:
        desk.status.say(f"no unused {event.kind.plural} here", "dim")
        return

    def picked(position: int | None) -> None:
        if position is None:
            desk.status.say("nothing was removed", "dim")
        else:
            discard(desk, options[position].plan)

    desk.app.push_screen(SweepScreen(event.kind, options, desk.glyphs), picked)


def options_for(event: CleanUpWanted, desk: OrderDesk) -> list[SweepOption]:
    """The clean-ups that would remove something: of the chosen hosts, and of all in view."""
    world = desk.bridge.live
    scopes = {where(event.hosts): event.hosts} if event.hosts else {}
    if len(event.shown) > len(event.hosts):
        scopes[f"all {len(event.shown)} hosts in view"] = event.shown
    found = []
    for said, hosts in scopes.items():
        # What may not be changed is not offered.
        allowed = [host for host in hosts if _allowed(desk, host)]
        for which in SWEEPS[event.kind]:
            plan = event.stores.sweep(world, event.kind, which, allowed)
            if plan.things:
                found.append(SweepOption(sweep_words(event, which), said, plan))
    return found


def _allowed(desk: OrderDesk, host: str) -> bool:
    try:
        forbid(desk.specs[host], read_only=False)
    except GuardRefused:
        return False
    return True


def where(hosts: Sequence[str]) -> str:
    """`app-1`, `app-1 and app-2`, `4 marked hosts`."""
    if len(hosts) > 2:
        return f"{len(hosts)} marked hosts"
    return " and ".join(hosts)


def sweep_words(event: CleanUpWanted, which: Sweep) -> str:
    """`dangling images`, `all unused images`."""
    return f"{'all unused' if which is Sweep.UNUSED else which} {event.kind.plural}"


def job_words(job: Job) -> tuple[str, str]:
    """How a removal stands, and its tone: `removed 11 of 12 images, 1 failed`."""
    targets = [target for target in job.targets if isinstance(target, Discard)]
    results = [outcome.result for outcome in job.outcomes.values()]
    done = sum(result in (Result.DONE, Result.NOTHING) for result in results)
    kind = targets[0].what
    head = f"removed {done} of {count_words(kind, len(targets))}"
    bad = [f"{results.count(r)} {r}" for r in (Result.FAILED, Result.REFUSED, Result.UNKNOWN) if r in results]
    tone = "busy" if not job.over else "warn" if bad else "ok"
    return ", ".join([head, *bad]), tone
