"""What dockcon says between the lines of containers.

A note about one source does not repeat its name: whoever shows it puts the source's label beside it.
"""

from __future__ import annotations

from console.model.logs.lines import LogBlock, Note, NoteKind, block_of
from console.model.text import SafeText, safe, sanitise


def span(seconds: float) -> str:
    """A duration for people: `0.4 s`, `12 s`, `3 min`, `2 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def gap(source: int, from_ns: int, to_ns: int, why: str) -> Note:
    """Lines between these two are missing, or may be. It stands right before what comes after."""
    ns = max(from_ns, to_ns - 1)
    return Note(kind=NoteKind.GAP, source=source, ns=ns, text=safe(why), from_ns=from_ns, to_ns=to_ns)


def plain(kind: NoteKind, source: int, ns: int, text: str) -> Note:
    """A note that is only a text."""
    return Note(kind=kind, source=source, ns=ns, text=safe(text))


def dropped(lines: int, from_ns: int, to_ns: int, why: str) -> Note:
    """We dropped lines here."""
    return Note(
        kind=NoteKind.DROPPED,
        source=-1,
        ns=to_ns,
        text=safe(why),
        from_ns=from_ns,
        to_ns=to_ns,
        lines=lines,
    )


def dropped_block(lines: int, from_ns: int, to_ns: int) -> LogBlock:
    """A block that stands for `lines` lines that nobody took in time."""
    return block_with(dropped(lines, from_ns, to_ns, f"{lines:,} lines dropped: they came faster than shown"))


def block_with(note: Note) -> LogBlock:
    """A block of one note."""
    return block_of([note.ns], [note.source * 4], [note.text.encode() + b"\n"], {0: note})


def lost(ns: int, since_ns: int, what: str, why: str, *, never: bool = False) -> Note:
    """A host is not reached, or something like it; `never`: nor was it before."""
    reason = f" ({sanitise(why, 120)})" if why else ""
    return Note(
        kind=NoteKind.LOST,
        source=-1,
        ns=ns,
        text=safe(f"{what}{reason}; lines are fetched when it is{'' if never else ' back'}"),
        from_ns=since_ns,
    )


def back(ns: int, since_ns: int, away: float, host: str, *, whole: bool) -> Note:
    """A host is reached again after `away` seconds; `whole`: and no gap had to be noted."""
    nothing = "nothing is missing" if whole else "nothing is missing but what is noted above"
    return Note(
        kind=NoteKind.BACK,
        source=-1,
        ns=ns,
        text=safe(f"{host} is back after {span(away)}; {nothing}"),
        from_ns=since_ns,
        to_ns=ns,
    )


def reached(ns: int, since_ns: int, waited: float, host: str) -> Note:
    """A host that was not reached from the beginning is, after `waited` seconds."""
    return Note(
        kind=NoteKind.BACK,
        source=-1,
        ns=ns,
        text=safe(f"{host} is reached after {span(waited)}; its lines follow"),
        from_ns=since_ns,
        to_ns=ns,
    )


def nothing_why(driver: str, message: str) -> SafeText:
    """Why there is nothing to read of a container, and what to do."""
    if driver == "none":
        return safe("log driver none: the engine keeps no log; recreate the container with another driver")
    if driver in LOCAL_DRIVERS or not driver:
        return sanitise(f"the engine cannot read the log: {message}", 200)
    advice = "engines from 20.10 on keep a local copy unless the log option cache-disabled is set"
    return sanitise(f"log driver {driver} keeps nothing that can be read here; {advice}", 240)


LOCAL_DRIVERS = frozenset({"json-file", "local", "journald", "k8s-file"})
"""Drivers whose logs the engine can always read itself."""
