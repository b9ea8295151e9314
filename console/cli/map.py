"""`dockcon map`: address mappings, stated, planned, applied, proved and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from console.cli import map_output as show
from console.cli.arguments import Options
from console.cli.doing import Doing, agree, doing
from console.cli.exits import Exit, worst
from console.cli.looking import why
from console.cli.map_words import mapping_of
from console.cli.output import Output
from console.cli.setup import set_up
from console.config.paths import Homes
from console.errors import UsageError
from console.model.actions import Consent, Target
from console.model.guards import check
from console.model.hosts import HostState
from console.model.mappings.mapping import Mapping
from console.model.mappings.standing import Standing
from console.model.mappings.steps import MapPlan
from console.model.text import sanitise
from console.service.mappings.desk import MapEnding, MapJob, MappingList

_EXITS = {
    MapEnding.DONE: Exit.DONE,
    MapEnding.NOTHING: Exit.DONE,
    MapEnding.REFUSED: Exit.FAILED,
    MapEnding.RESTORED: Exit.FAILED,
    MapEnding.STUCK: Exit.UNKNOWN,
}


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """What stands behind `map`."""
    setup = set_up(options, homes)

    async def go() -> Exit:
        async with doing(setup, setup.specs, read_only=options.read_only) as at:
            verb = _Verb(at, options, output)
            await verb.reach()
            return worst([await _VERBS[options.action](verb), verb.code])

    return asyncio.run(go())


class _Verb:
    """One of them, at work."""

    def __init__(self, at: Doing, options: Options, output: Output) -> None:
        self.at = at
        self.options = options
        self.output = output
        self.desk = at.fleet.mappings
        self.code = Exit.DONE
        """For the hosts that could not be asked."""

    async def reach(self) -> None:
        """Wait for the hosts; say which are away."""
        for snapshot in await self.at.listed():
            if not snapshot.fresh and snapshot.status.state is not HostState.OFF:
                self.output.say(why(snapshot))
                self.code = Exit.UNREACHABLE

    @property
    def id(self) -> str:
        return self.options.query[0]

    async def chosen(self) -> tuple[MappingList, list[str]]:
        """The mappings that are named, or all of the book. Raises UsageError for a name that none has."""
        found = await self.desk.look()
        known = {one.mapping.id for one in found.standings} | set(found.book.mappings)
        for ident in self.options.query:
            if ident not in known:
                raise UsageError(f"there is no mapping {sanitise(ident, 64)}", next_step="dockcon map list")
        return found, list(dict.fromkeys(self.options.query)) or list(found.book.mappings)

    async def apply(self, plans: Sequence[MapPlan]) -> Exit:
        """Ask, then do what is pending, one mapping after the other."""
        codes = [Exit.FAILED for plan in plans if plan.refusals]
        pending = [plan for plan in plans if plan.pending and not plan.refusals]
        if not self.options.json:
            show.show_plans(plans, self.options, self.output)
        for plan in (plan for plan in plans if self.options.json):
            for text in (*plan.warnings, *plan.refusals):
                self.output.say(f"{plan.id}: {text}")
        agreed = [(plan, self.agree(plan)) for plan in pending]
        for plan, consent in agreed:
            codes.append(await self._carry_out(plan, consent))
        if self.options.json:
            for plan in plans:
                if not plan.pending and not plan.refusals:
                    self.output.record({"mapping": plan.id, "result": MapEnding.NOTHING.value})
        return worst(codes)

    def agree(self, plan: MapPlan) -> Consent:
        """Raises GuardRefused unless every host that is touched allows it."""
        name = sanitise(plan.id, 64)
        hosts = dict.fromkeys(step.host for step in plan.steps)
        return self.agree_on("change mapping", [Target(host=host, id="", name=name) for host in hosts])

    def agree_on(self, what: str, targets: Sequence[Target]) -> Consent:
        consent = agree(what, targets, self.at.specs, self.options, self.output)
        for target in targets:
            check(self.at.specs[target.host], target, consent, read_only=self.options.read_only)
        return consent

    async def _carry_out(self, plan: MapPlan, consent: Consent) -> Exit:
        number, told, last = self.at.number(), 0, ""
        self.desk.begin(number, plan, consent)

        def tell(job: MapJob) -> None:
            nonlocal told, last
            for line in job.told[told:]:
                if line.text == last:
                    continue  # a download tells the same again and again
                last = line.text
                if self.options.json:
                    self.output.record(
                        {"mapping": plan.id, "phase": line.phase.value, "text": line.text, "bad": line.bad}
                    )
                else:
                    self.output.line(f"{plan.id}: {'! ' if line.bad else ''}{line.text}")
            told = len(job.told)

        try:
            done = await self.at.over(lambda: self.desk.job(number), tell)
        except asyncio.CancelledError:
            self.output.say(
                f"{plan.id}: interrupted; next: dockcon map apply {plan.id}, or map undo {plan.id}"
            )
            raise
        return self._ended(done)

    def _ended(self, job: MapJob) -> Exit:
        assert job.ending is not None
        ident = job.plan.id
        if self.options.json:
            self.output.record(
                {
                    "mapping": ident,
                    "result": job.ending.value,
                    "text": job.text,
                    "next": job.next_step,
                    "proofs": [show.proof_row(ident, proof) for proof in job.proofs],
                }
            )
        else:
            text = f": {job.text}" if job.text else ""
            after = f"; next: {job.next_step}" if job.next_step else ""
            self.output.line(f"{ident}: {job.ending}{text}{after}")
        return _EXITS[job.ending]


async def _list(verb: _Verb) -> Exit:
    found = await verb.desk.look()
    if verb.options.json:
        verb.output.array([show.standing_row(one) for one in found.standings])
    else:
        show.list_them(found.standings, verb.output)
    return Exit.DONE


async def _show(verb: _Verb) -> Exit:
    found, (ident,) = await verb.chosen()
    one: Standing = next(one for one in found.standings if one.mapping.id == ident)
    if verb.options.json:
        verb.output.array([show.standing_row(one)])
    else:
        show.show_one(one, verb.output)
    return Exit.DONE


async def _set(verb: _Verb) -> Exit:
    before = (await verb.desk.look()).book.mappings.get(verb.id)
    return await verb.apply([await verb.desk.plan(verb.id, mapping_of(verb.options, before))])


async def _remove(verb: _Verb) -> Exit:
    await verb.chosen()
    return await verb.apply([await verb.desk.plan(verb.id, None)])


async def _plans(verb: _Verb) -> list[MapPlan]:
    found, names = await verb.chosen()
    for one in found.standings:
        if one.orphan:
            verb.output.say(f"{one.reason}; next: {one.next_step}")
    return [await verb.desk.plan(name, mapping) for name in names for mapping in (_stated(found, name),)]


def _stated(found: MappingList, name: str) -> Mapping:
    mapping = found.book.mappings.get(name)
    if mapping is None:
        raise UsageError(
            f"{name} is not in the book, only an ambassador of it stands",
            next_step=f"dockcon map adopt {name}, or dockcon map remove {name}",
        )
    return mapping


async def _plan(verb: _Verb) -> Exit:
    plans = await _plans(verb)
    show.show_plans(plans, verb.options, verb.output)
    if not plans and not verb.options.json:
        verb.output.line("no mappings are stated: nothing to do")
    return worst(
        Exit.FAILED if plan.refusals else Exit.PENDING if plan.pending else Exit.DONE for plan in plans
    )


async def _apply(verb: _Verb) -> Exit:
    return await verb.apply(await _plans(verb))


async def _verify(verb: _Verb) -> Exit:
    found, names = await verb.chosen()
    rows = []
    codes = []
    for name in names:
        _stated(found, name)
        proofs = await verb.desk.verify(name)
        rows += [show.proof_row(name, proof) for proof in proofs]
        codes += [Exit.PENDING for proof in proofs if proof.ok is False]
        if not verb.options.json:
            show.show_proofs(name, proofs, verb.output)
    if verb.options.json:
        verb.output.array(rows)
    return worst(codes)


async def _undo(verb: _Verb) -> Exit:
    revisions = await verb.desk.history(verb.id)
    if len(revisions) < 2:
        raise UsageError(
            f"of {sanitise(verb.id, 64)} no earlier wording is known", next_step="dockcon map list"
        )
    return await verb.apply([await verb.desk.plan(verb.id, revisions[1].mapping)])


async def _history(verb: _Verb) -> Exit:
    revisions = await verb.desk.history(verb.id)
    if not revisions:
        raise UsageError(
            f"nothing is known of a mapping {sanitise(verb.id, 64)}", next_step="dockcon map list"
        )
    if verb.options.json:
        verb.output.array([show.revision_row(one) for one in revisions])
    for one in () if verb.options.json else revisions:
        verb.output.line(show.revision_line(one))
    return Exit.DONE


async def _adopt(verb: _Verb) -> Exit:
    await verb.chosen()
    return await verb.apply([await verb.desk.adopt(verb.id)])


async def _cut(verb: _Verb) -> Exit:
    found, _ = await verb.chosen()
    name = sanitise(verb.id, 64)
    hosts = dict.fromkeys(consumer.host for consumer in _stated(found, verb.id).consumers)
    targets = [Target(host=host, id="", name=name) for host in hosts if host in verb.at.specs]
    ended = await verb.desk.cut(verb.id, verb.agree_on("end the old sessions of mapping", targets))
    if verb.options.json:
        verb.output.array([{"mapping": verb.id, "ended": ended}])
    else:
        verb.output.line(f"{name}: {ended} sessions on earlier endpoints were ended")
    return Exit.DONE


_VERBS: dict[str, Callable[[_Verb], Awaitable[Exit]]] = {
    "list": _list,
    "show": _show,
    "set": _set,
    "remove": _remove,
    "plan": _plan,
    "apply": _apply,
    "verify": _verify,
    "undo": _undo,
    "history": _history,
    "adopt": _adopt,
    "cut": _cut,
}
