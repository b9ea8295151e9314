"""The machine behind an engine: load, memory, disk, clock, and what its containers use.

All of it is read from /proc and the cgroup file system through the host's one shell; the engine is never
asked, so that watching costs it nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from console.errors import CapabilityMissing
from console.model.hosts import HostLoad
from console.transport.base import CgroupUsage, ProbeSample
from console.transport.channels import Dialer
from console.transport.probe_script import SCRIPT
from console.transport.shell import Answer, HostShell

SLOW_EVERY = 10
"""Clock, disk and processors are read with every tenth sample."""
SEEKS = 2
"""How often a container's cgroup is looked for where it could be anywhere."""
NO_LIMIT = 1 << 60
"""cgroup v1 writes the largest multiple of a page for "none"."""


@dataclass(frozen=True, slots=True)
class Slow:
    """What changes slowly."""

    cpus: int = 0
    disk_total: int = 0
    disk_used: int = 0
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of the script's `sample`."""

    uptime: float
    load1: float
    memory_total: int
    memory_free: int
    usage: dict[str, CgroupUsage] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    """Ids whose cgroup was not found."""


class ShellProbe:
    """Reads one host. A HostProbe."""

    def __init__(self, host: str, shell: HostShell, data_root: str = "") -> None:
        self._host = host
        self._shell = shell
        self._root = data_root
        self._known: tuple[str, ...] | None = None
        self._openings = 0
        self._samples = 0
        self._slow = Slow()
        self._sought: dict[str, int] = {}
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, host: str, dialer: Dialer, data_root: str = "") -> ShellProbe:
        """Open the shell and see whether it can read what is needed.

        `data_root` is the directory whose file system is measured. Raises CapabilityMissing or
        HostUnreachable.
        """
        shell = HostShell(host, dialer, SCRIPT)
        try:
            answer = await shell.ask("have")
            if not answer.lines:
                raise CapabilityMissing(host, "there is no /proc/loadavg or no awk on this host")
        except BaseException:
            await shell.aclose()
            raise
        return cls(host, shell, data_root)

    async def sample(self, running: Collection[str]) -> ProbeSample:
        """Read everything in one round trip; see `base.HostProbe`."""
        async with self._turn:
            ids = tuple(sorted(running))
            answer, slow = await self._ask(ids)
            rtt = max(0.0, answer.begun - answer.sent)
            at = answer.begun - rtt / 2
            if slow:
                self._slow = read_slow(answer.lines, at, self._slow)
            reading = read_sample(self._host, answer.lines, ids)
            await self._seek(reading.unseen, ids)
        return ProbeSample(
            at=at,
            monotonic=reading.uptime,
            rtt=rtt,
            load=HostLoad(
                at=at,
                load1=reading.load1,
                cpus=self._slow.cpus,
                memory_total=reading.memory_total,
                memory_used=max(0, reading.memory_total - reading.memory_free),
                disk_total=self._slow.disk_total,
                disk_used=self._slow.disk_used,
                skew=self._slow.skew,
            ),
            usage=reading.usage,
        )

    async def _ask(self, ids: tuple[str, ...]) -> tuple[Answer, bool]:
        """The answer, and whether what changes slowly is in it."""
        for _ in range(2):
            await self._renew()
            slow, changed = self._samples % SLOW_EVERY == 0, ids != self._known
            answer = await self._shell.ask("sample", int(slow), int(changed), *(ids if changed else ()))
            # A shell that was opened anew on the way knew none of the ids.
            if self._shell.openings == self._openings:
                self._known = ids
                self._samples += 1
                return answer, slow
        raise CapabilityMissing(self._host, "the shell ends again and again")

    async def _renew(self) -> None:
        """Tell a new shell what the old one knew."""
        if self._openings == self._shell.openings and self._openings:
            return
        self._known, self._samples = None, 0
        self._sought.clear()
        octets = [int(oct(byte)[2:]) for byte in self._root.encode()] if usable_root(self._root) else []
        await (self._shell.ask("root", *octets) if octets else self._shell.ask("true"))
        self._openings = self._shell.openings

    async def _seek(self, unseen: Sequence[str], ids: Sequence[str]) -> None:
        """Have the script look for cgroups in unusual places, for each id not too often."""
        gone = self._sought.keys() - set(ids)
        for ident in gone:
            del self._sought[ident]
        fresh = [ident for ident in unseen if self._sought.get(ident, 0) < SEEKS]
        if fresh:
            for ident in fresh:
                self._sought[ident] = self._sought.get(ident, 0) + 1
            # With those found before, because the script forgets them.
            await self._shell.ask("seek", *sorted(self._sought))

    async def aclose(self) -> None:
        """End the shell. Idempotent."""
        await self._shell.aclose()


def usable_root(path: str) -> bool:
    """Whether a path (the engine's word) can be handed to the script: absolute, of bounded length."""
    return path.startswith("/") and len(path) <= 1024 and "\0" not in path and "\n" not in path


def read_slow(lines: Sequence[str], at: float, before: Slow) -> Slow:
    """The slow part of an answer that the host began at `at` by our clock."""
    facts = {key: rest for key, _, rest in (line.partition(" ") for line in lines)}
    used, _, free = facts.get("disk", "").partition(" ")
    clock = _float(facts.get("date", "").removesuffix("N").removesuffix("%").removesuffix("."))
    in_use, available = _int(used) * 1024, _int(free) * 1024
    return Slow(
        cpus=_int(facts.get("cpus", "")) or before.cpus,
        # Without what is kept for root: 100 % means that nothing more can be written, as df has it.
        disk_total=in_use + available,
        disk_used=in_use,
        skew=clock - at if clock else None,
    )


def read_sample(host: str, lines: Sequence[str], ids: Sequence[str]) -> Reading:
    """The figures of an answer. Raises CapabilityMissing where there are none."""
    head: list[str] | None = None
    usage: dict[str, CgroupUsage] = {}
    unseen: list[str] = []
    version = 0
    for line in lines:
        words = line.split(" ")
        if words[0] == "h" and len(words) == 5:
            head = words
        elif words[0] in ("c1", "c2") and len(words) >= 2 and _int(words[1]) < len(ids):
            version = int(words[0][1])
            ident = ids[_int(words[1])]
            if len(words) == 6:
                usage[ident] = _usage(version, words)
            else:
                unseen.append(ident)
    if head is None:
        raise CapabilityMissing(host, "the shell's figures cannot be read")
    return Reading(
        uptime=_float(head[1]),
        load1=_float(head[2]),
        memory_total=_int(head[3]) * 1024,
        memory_free=_int(head[4]) * 1024,
        usage=usage,
        unseen=tuple(unseen),
    )


def _usage(version: int, words: Sequence[str]) -> CgroupUsage:
    """From `cN index cpu memory limit inactive`: nanoseconds in v1, microseconds in v2."""
    used, inactive, limit = _int(words[3]), _int(words[5]), _int(words[4])
    return CgroupUsage(
        cpu_seconds=_int(words[2]) / (1e9 if version == 1 else 1e6),
        memory_bytes=used - inactive if inactive < used else used,
        memory_limit=limit if limit < NO_LIMIT else 0,
    )


def _int(word: str) -> int:
    """A number of at most 20 digits; 0 for anything else (`max`, nothing)."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 20 else 0


def _float(word: str) -> float:
    whole, _, part = word.partition(".")
    return float(word) if (whole + part).isascii() and (whole + part).isdigit() and len(word) < 32 else 0.0
