"""Ten minutes of figures per container and host, in a few kilobytes each."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Collection, Mapping

from console.model.containers import ContainerKey, Usage
from console.model.hosts import HostLoad

STEP = 5.0
"""Seconds between samples that are kept; the newest is always there."""

KEPT = 120
"""Samples kept: ten minutes."""

WINDOW = STEP * KEPT


class Ring:
    """Samples of one container, oldest first."""

    __slots__ = ("_at", "_base", "_cpu", "_limit", "_memory")

    def __init__(self, base: float) -> None:
        self._base = base
        self._at = array("I")  # tenths of seconds after `base`
        self._cpu = array("f")  # per cent; NaN where it is not known
        self._memory = array("f")  # bytes, to seven digits
        self._limit = 0

    def add(self, usage: Usage) -> None:
        """Append; the newest is replaced while it is less than `STEP` after the one before."""
        at = max(0, round((usage.at - self._base) * 10))
        if len(self._at) > 1 and self._at[-1] - self._at[-2] < STEP * 10:
            for column in (self._at, self._cpu, self._memory):
                column.pop()
        elif len(self._at) >= KEPT:
            for column in (self._at, self._cpu, self._memory):
                del column[0]
        self._at.append(at)
        self._cpu.append(float("nan") if usage.cpu_percent is None else usage.cpu_percent)
        self._memory.append(usage.memory_bytes)
        self._limit = usage.memory_limit

    def samples(self, since: float) -> tuple[Usage, ...]:
        """Those at or after `since`, seconds of the Unix epoch."""
        return tuple(
            Usage(self._base + at / 10, None if cpu != cpu else cpu, int(memory), self._limit)
            for at, cpu, memory in zip(self._at, self._cpu, self._memory, strict=True)
            if self._base + at / 10 >= since
        )


class History:
    """Written by the network loop, read from any thread."""

    def __init__(self, base: float) -> None:
        """`base`: a time no sample is older than, seconds of the Unix epoch."""
        self._base = base
        self._lock = threading.Lock()
        self._usage: dict[str, dict[str, Ring]] = {}
        self._load: dict[str, list[HostLoad]] = {}

    def add(self, host: str, usage: Mapping[str, Usage]) -> None:
        """One sample of each of these containers."""
        with self._lock:
            rings = self._usage.setdefault(host, {})
            for container_id, sample in usage.items():
                ring = rings.get(container_id)
                if ring is None:
                    ring = rings[container_id] = Ring(self._base)
                ring.add(sample)

    def add_load(self, host: str, load: HostLoad) -> None:
        """One sample of a machine."""
        with self._lock:
            kept = self._load.setdefault(host, [])
            if len(kept) > 1 and kept[-1].at - kept[-2].at < STEP:
                kept.pop()
            elif len(kept) >= KEPT:
                del kept[0]
            kept.append(load)

    def keep_only(self, host: str, ids: Collection[str]) -> None:
        """Forget containers of `host` that are gone."""
        with self._lock:
            rings = self._usage.get(host, {})
            for container_id in [known for known in rings if known not in ids]:
                del rings[container_id]

    def usage(self, key: ContainerKey, now: float) -> tuple[Usage, ...]:
        """Samples of the last ten minutes, oldest first."""
        with self._lock:
            ring = self._usage.get(key[0], {}).get(key[1])
            return ring.samples(now - WINDOW) if ring else ()

    def load(self, host: str, now: float) -> tuple[HostLoad, ...]:
        """Samples of the last ten minutes, oldest first."""
        with self._lock:
            return tuple(load for load in self._load.get(host, ()) if load.at >= now - WINDOW)
