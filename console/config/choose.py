"""`--host`: which hosts of the fleet are dialled."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from console.errors import UsageError
from console.model.hosts import HostSpec


def choose_hosts(hosts: Sequence[HostSpec], patterns: Sequence[str]) -> tuple[HostSpec, ...]:
    """The hosts that match any of `patterns`, in their own order; all of them when there is no pattern.

    A pattern is a glob over names, or `label:key=value` (the value may be a glob) or `label:key`.
    Raises UsageError, with the nearest name, for a pattern that matches nothing.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        matching = {h.name for h in hosts if _matches(h, pattern)}
        if not matching:
            raise UsageError(f"no host matches `{pattern}`", next_step=_hint(hosts, pattern))
        chosen |= matching
    return tuple(h for h in hosts if not patterns or h.name in chosen)


def _matches(host: HostSpec, pattern: str) -> bool:
    if not pattern.startswith("label:"):
        return fnmatchcase(host.name, pattern)
    key, equals, wanted = pattern.removeprefix("label:").partition("=")
    return key in host.labels and (not equals or fnmatchcase(host.labels[key], wanted))


def _hint(hosts: Sequence[HostSpec], pattern: str) -> str:
    if pattern.startswith("label:"):
        known = sorted({f"label:{k}={v}" for h in hosts for k, v in h.labels.items()})
    else:
        known = [h.name for h in hosts]
    import difflib  # only for whoever has made a mistake

    near = difflib.get_close_matches(pattern, known, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there are {', '.join(known)}" if 0 < len(known) <= 12 else ""
