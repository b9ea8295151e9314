"""What `l` asks for: wishes for logs, made from what is marked, under the cursor, or matches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from console.model.containers import Container
from console.model.logs.wish import LogWish
from console.model.query import Query, Term, parse
from console.model.text import SafeText, safe, sanitise

SECOND: Final = 1_000_000_000

BEFORE: Final = 180 * SECOND
"""How much of the log before a moment is read to see what led to it."""

AFTER: Final = 900 * SECOND
"""How much of the log after a moment of long ago is read: all of it until now may be more than is kept."""


def of_containers(containers: Sequence[Container], many: str = "containers") -> LogWish | None:
    """The logs of these, and of what has their names on their hosts later: a recreated one goes on.

    `many` is what several are called; None where there are none.
    """
    if not containers:
        return None
    title = sanitise(containers[0].ref) if len(containers) == 1 else safe(f"{len(containers)} {many}")
    return LogWish(
        title=title,
        keys=frozenset(c.key for c in containers),
        names=frozenset((c.host, str(c.name)) for c in containers),
    )


def of_host(host: str) -> LogWish:
    """The logs of all containers of a host."""
    return LogWish(title=safe(f"host {host}"), query=parse(f"host:{host}", (host,)))


def of_project(name: SafeText) -> LogWish:
    """The logs of a Compose project on all hosts; without a name, of what belongs to none."""
    # Not parsed: a label may hold what the query language reads as its own.
    term = Term(name, False, "project", lambda container: container.project == name)
    title = SafeText(f"project {name}") if name else safe("no project")
    return LogWish(title=title, query=Query(f"project:{name}", (term,)))


def of_query(query: Query) -> LogWish:
    """The logs of whatever matches, now or later; everything's where nothing is asked."""
    text = sanitise(query.text.strip(), 60)
    return LogWish(title=SafeText(f"/ {text}") if query.terms else safe("everything"), query=query)


def around(wish: LogWish, ns: int, now_ns: int) -> LogWish:
    """The same logs from a while before the moment `ns`; up to now, unless that is long ago."""
    until = ns + AFTER
    return replace(wish, since_ns=ns - BEFORE, until_ns=until if until < now_ns else None, tail=None)
