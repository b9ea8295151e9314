"""Reading what HAProxy says of itself (2.4 to 3.x): statistics by the names of their columns, processes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.model.mappings.haproxy import STATS_FRONTEND, revision_of
from console.model.mappings.world import ServerView
from console.model.text import sanitise

_FRONTEND = re.compile(r"^frontend\s+(\S+)", re.MULTILINE)
_BIND = re.compile(r"^\s*bind\s+\S*:(\d{1,5})(?:\s|$)", re.MULTILINE)
_SECTION = re.compile(r"^\S", re.MULTILINE)


def carried_ports(config: str) -> tuple[int, ...]:
    """The ports that consumers dial."""
    found: list[int] = []
    for start in _FRONTEND.finditer(config):
        after = _SECTION.search(config, start.end())
        section = config[start.end() : after.start() if after else len(config)]
        if start[1] != STATS_FRONTEND:
            found += [int(bind[1]) for bind in _BIND.finditer(section)]
    return tuple(found)


def rows(said: str) -> tuple[Mapping[str, str], ...]:
    """`show stat`, or the page in CSV: one mapping a line. Nothing where it is something else."""
    lines = [line for line in said.split("\n") if line.strip()]
    if not lines or not lines[0].startswith("# pxname,"):
        return ()
    header = lines[0][2:].split(",")
    return tuple(
        dict(zip(header, values, strict=False)) for values in csv.reader(lines[1:]) if len(values) > 1
    )


def revision(stats: Iterable[Mapping[str, str]]) -> str:
    """`7-0123456789ab`; empty: no configuration of ours."""
    return next(filter(None, (revision_of(row.get("pxname", "")) for row in stats)), "")


def servers(stats: Iterable[Mapping[str, str]]) -> tuple[ServerView, ...]:
    """Every server of every backend."""
    return tuple(
        ServerView(
            backend=sanitise(row.get("pxname", ""), 100),
            server=sanitise(row.get("svname", ""), 100),
            address=sanitise(row.get("addr", ""), 100),
            status=sanitise(row.get("status", ""), 64),
            # A star: the next check is under way.
            check=sanitise(row.get("check_status", "").removeprefix("* "), 32),
            sessions=whole(row.get("scur", "")),
            weight=whole(row.get("weight", "")),
        )
        for row in stats
        if row.get("svname", "") not in ("FRONTEND", "BACKEND", "") and row.get("type", "2") == "2"
    )


def carried(stats: Iterable[Mapping[str, str]]) -> int:
    """Sessions of consumers that a worker holds."""
    return sum(
        whole(row.get("scur", ""))
        for row in stats
        if row.get("svname") == "FRONTEND" and row.get("pxname") != STATS_FRONTEND
    )


def old_workers(said: str) -> tuple[int, ...] | None:
    """Process numbers of workers of earlier configurations, from `show proc`; None: it is not that."""
    if "# workers" not in said:
        return None
    found: list[int] = []
    section = ""
    for line in said.split("\n"):
        if line.startswith("#"):
            section = line.strip("# ").strip()
        elif section == "old workers" and (words := line.split()) and words[0].isdigit():
            found.append(int(words[0]))
    return tuple(found)


def session_keys(said: str) -> tuple[str, ...]:
    """What `shutdown session` wants, of `show sess`: those of consumers only, not this very question."""
    keys = re.finditer(r"^(0x[0-9a-f]{1,16}): .*? fe=(\S+)", said, re.MULTILINE)
    return tuple(found[1] for found in keys if found[2] not in ("GLOBAL", "MASTER", STATS_FRONTEND))


def whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@dataclass(frozen=True, slots=True)
class Worker:
    """A process below the first one of an ambassador, as `IN_CONTAINER_WORKERS` tells of it."""

    pid: int
    started: int
    sockets: frozenset[str]


def told_workers(lines: Sequence[str], ports: Sequence[int]) -> tuple[tuple[int, ...], int] | None:
    """Process numbers of all but the newest worker, and how many connections to these ports they hold.

    None where the script did not come to its end.
    """
    if "told" not in lines:
        return None
    found: dict[int, tuple[int, set[str]]] = {}
    open_to: set[str] = set()
    for line in lines:
        words = line.split()
        if words[:1] == ["child"] and len(words) == 3:
            found[whole(words[1])] = (whole(words[2]), set())
        elif words[:1] == ["fd"] and len(words) == 3 and whole(words[1]) in found:
            found[whole(words[1])][1].add(words[2].removeprefix("socket:[").removesuffix("]"))
        elif words[:1] == ["tcp"] and len(words) == 3:
            port = words[1].rpartition(":")[2]
            if len(port) == 4 and int(port, 16) in ports:
                open_to.add(words[2])
    # Two of one clock tick: the higher number is the later one.
    newest = max(found, key=lambda pid: (found[pid][0], pid), default=0)
    old = tuple(sorted(pid for pid in found if pid != newest))
    return old, sum(len(found[pid][1] & open_to) for pid in old)
