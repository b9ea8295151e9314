"""What happened to links, as entries of the timeline. Pure."""

from __future__ import annotations

from console.model.links.link import Link, LinkList, LinkState
from console.model.text import safe, sanitise
from console.model.timeline.entries import Entry, Source, Weight, thing

_BAD = frozenset({LinkState.BROKEN, LinkState.STALE, LinkState.FOREIGN})
_GOOD = frozenset({LinkState.OK, LinkState.IDLE})


def changes(before: LinkList | None, after: LinkList) -> tuple[Entry, ...]:
    """Links that broke, became stale or foreign, or are well again; nothing at the first look. A link that
    nobody can tell of for a while, or that nobody uses for a while, has not changed.
    """
    if before is None or before.looked is None:
        return ()
    known = {link.identity: link for link in before.links}
    found = []
    for link in sorted(after.links, key=lambda link: link.identity):
        earlier = known.get(link.identity)
        was = earlier.state if earlier is not None else None
        bad = link.state in _BAD and (earlier is None or earlier.word != link.word)
        mended = was in _BAD and link.state in _GOOD
        if bad or mended:
            found.append(_entry(link, Weight.BAD if bad else Weight.GOOD, earlier))
    return tuple(found)


def _entry(link: Link, weight: Weight, earlier: Link | None) -> Entry:
    way = f"to {link.endpoint.with_port} as {link.dials}"
    more = str(link.reason) if weight is Weight.BAD else f"was {earlier.word}" if earlier is not None else ""
    return Entry(
        ns=int(link.since * 1e9),
        source=Source.CONSOLE,
        about=thing(link.consumer.host, link.consumer.name, link.consumer.id),
        what=safe(f"link {link.word}"),
        detail=sanitise(f"{way}: {more}" if more else way, 600),
        weight=weight,
    )
