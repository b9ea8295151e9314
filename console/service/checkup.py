"""One host looked over step by step: what works, what does not, and what to try next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from console.errors import (
    AnswerNeeded,
    CapabilityMissing,
    EngineForbidden,
    EngineTooOld,
    HostError,
    HostKeyRefused,
    HostUnreachable,
    LoginRefused,
)
from console.model.clock import Clock
from console.model.containers import Container
from console.model.hosts import EngineFacts, HostLoad, HostSpec, HostState, HostStatus, ObserveMode
from console.model.snapshot import HostSnapshot
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.model.units import skew
from console.service.collect import state_of
from console.service.remember import Memory
from console.service.stats import data_root
from console.transport.base import Engine, HostLink, Prompter, Transport
from console.transport.sight import SightAsk

T = TypeVar("T")

STEP = 15.0
"""Seconds for one step after the connection stands."""

CONNTRACK = "/usr/bin/cat /proc/net/nf_conntrack"
"""What `observe: sudo` runs as root, as sudoers must name it."""

SKEW = 2.0
"""Seconds that a host's clock may differ before logs of several hosts are in a misleading order."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    what: str
    """`ssh`, `host key`, `login`, `permission`, `engine`, `api version`, `containers`, `shell`, `clock`,
    `flows`."""
    ok: bool
    detail: SafeText
    next: SafeText = NOTHING
    """What to try; empty where nothing needs to be done."""


@dataclass(slots=True)
class Checkup:
    """Goes through one host. Nothing is changed on it."""

    spec: HostSpec
    clock: Clock
    memory: Memory
    checks: list[Check] = field(default_factory=list)
    _facts: EngineFacts | None = None
    _load: HostLoad | None = None
    _rtt: float | None = None
    _containers: Mapping[str, Container] = field(default_factory=dict)
    _listed: float | None = None
    _capabilities: dict[str, SafeText] = field(default_factory=dict)

    async def run(self, transport: Transport, prompter: Prompter | None) -> HostSnapshot:
        """Try everything; `checks` grows in the order of trying. Never raises for the host's sake."""
        if self.spec.disabled or self.memory.is_off(self.spec.name):
            return self._snapshot(
                HostState.OFF, "disabled in hosts.yml" if self.spec.disabled else "switched off"
            )
        try:
            link = await transport.connect(self.spec, prompter)
            try:
                await self._over(link)
            finally:
                await link.aclose()
        except HostError as error:
            self._failed(error)
            return self._snapshot(state_of(error), error.message, error.next_step)
        return self._snapshot(HostState.UP)

    async def _over(self, link: HostLink) -> None:
        self._passed("socket" if self.spec.local else "ssh", link.route)
        engine = await self._within(link.engine(self.memory.carrier(self.spec.name)), "engine")
        facts = self._facts = engine.facts
        self.memory.keep_carrier(self.spec.name, str(facts.carrier))
        machine = ", ".join(filter(None, (facts.os, facts.arch, facts.kernel)))
        self._passed("engine", f"{facts.engine} {facts.version}{f' ({machine})' if machine else ''}")
        self._passed("api version", str(facts.api))
        self._passed("permission", f"the engine answers by {facts.carrier}")
        await self._list(engine)
        await self._shell(link, engine)
        await self._flows(engine)

    async def _list(self, engine: Engine) -> None:
        found = await self._within(engine.containers(), "list of containers")
        self._containers = {container.id: container for container in found}
        self._listed = self.clock.now()
        self._rtt = await self._within(engine.ping(), "ping")
        self._passed("containers", f"{len(found)}, a round trip takes {1000 * self._rtt:.1f} ms")

    async def _shell(self, link: HostLink, engine: Engine) -> None:
        """Whether the machine can be looked at; everything else works without."""
        try:
            root = data_root(await self._within(engine.info(), "info"))
            probe = await self._within(link.probe(root), "shell")
            running = [c.id for c in self._containers.values()]
            sample = await self._within(probe.sample(running), "shell")
        except CapabilityMissing as error:
            self._capabilities["probe"] = safe(error.message)
            note = "figures come from the engine, of visible rows only"
            self._add("shell", False, error.message, error.next_step or note)
            return
        self._capabilities["probe"] = NOTHING
        self._load, self._rtt = sample.load, sample.rtt
        load = sample.load
        parts = [f"load {load.load1:.2f} on {load.cpus} cpus"]
        for name, percent in (("memory", load.memory_percent), ("disk", load.disk_percent)):
            if percent is not None:
                parts.append(f"{name} {percent:.0f} % used")
        self._passed("shell", ", ".join(parts))
        if load.skew is not None:
            good, ahead = abs(load.skew) <= SKEW, skew(load.skew)
            advice = "" if good else "set the time of this machine or of the host (chrony, systemd-timesyncd)"
            self._add("clock", good, "as ours" if ahead == "0" else f"{ahead} against ours", advice)

    async def _flows(self, engine: Engine) -> None:
        """Whether links can be seen whole; without, counters and a rotation of sockets tell less."""
        if self.spec.observe is ObserveMode.OFF:
            self._passed("flows", "connections are not looked at: observe: off")
            return
        try:
            sight = await self._within(engine.sight.look(SightAsk(mode=self.spec.observe)), "connections")
        except CapabilityMissing as error:
            self._add("flows", False, error.message, "links are seen in part: by what ambassadors tell")
            return
        if sight.flows is not None:
            self._passed("flows", f"{len(sight.flows)} connections are tracked and visible")
            return
        line = f"{self.spec.user or 'LOGIN'} ALL=(root) NOPASSWD: {CONNTRACK}"
        advice = f"`observe: sudo` for it in hosts.yml and in sudoers there: {line}"
        self._add("flows", False, f"seen in part: {sight.blind}", advice)

    async def _within(self, work: Awaitable[T], what: str) -> T:
        try:
            async with asyncio.timeout(STEP):
                return await work
        except TimeoutError:
            raise HostUnreachable(self.spec.name, f"{what}: no answer within {STEP:.0f} s") from None

    def _passed(self, what: str, detail: str) -> None:
        self._add(what, True, detail)

    def _failed(self, error: HostError) -> None:
        what = next((name for kind, name in _NAMES if isinstance(error, kind)), "")
        if not what:
            what = "engine" if self.checks else "socket" if self.spec.local else "ssh"
        self._add(what, False, error.message, error.next_step)

    def _add(self, what: str, ok: bool, detail: str, advice: str = "") -> None:
        self.checks.append(Check(what, ok, sanitise(detail), sanitise(advice)))

    def _snapshot(self, state: HostState, reason: str = "", next_step: str = "") -> HostSnapshot:
        now = self.clock.now()
        return HostSnapshot(
            spec=self.spec,
            revision=1,
            epoch=1,
            status=HostStatus(state=state, since=now, reason=safe(reason), next_step=safe(next_step)),
            facts=self._facts,
            load=self._load,
            capabilities=self._capabilities,
            containers=self._containers,
            listed=self._listed,
            rtt=self._rtt,
        )


_NAMES: tuple[tuple[type[HostError], str], ...] = (
    (HostKeyRefused, "host key"),
    (LoginRefused, "login"),
    (AnswerNeeded, "login"),
    (EngineForbidden, "permission"),
    (EngineTooOld, "api version"),
)
"""Which check an error belongs to; any other belongs to the step it came from."""
