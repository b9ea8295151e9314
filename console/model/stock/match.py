"""Images, volumes and networks in the one query language. Pure.

`name:` is any of an image's tags, `image:` any way of calling one; `state:` is `used`, `kept`, `unused`,
`dangling`, `built-in` or `dockcon`, and says `unused anonymous` of such volumes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.model.containers import Container
from console.model.query import Query, parse
from console.model.stock.things import Image, Thing, Volume
from console.model.stock.use import Standing, standing
from console.model.text import NOTHING


@dataclass(frozen=True, slots=True)
class Face:
    """One name of a thing, with what else a query asks for."""

    host: str
    name: str
    image: str
    state: str
    labels: Mapping[str, str]
    project: str
    health: str = "none"


def faces(thing: Thing, stands: Standing) -> Iterator[Face]:
    """One for each name it has."""
    state = f"{stands} anonymous" if isinstance(thing, Volume) and thing.anonymous else str(stands)
    project = thing.labels.get("com.docker.compose.project", NOTHING)
    names: Sequence[str] = [thing.name]
    if isinstance(thing, Image):
        names = thing.tags or (thing.repository or thing.short,)
    for name in names:
        yield Face(thing.host, name, name if isinstance(thing, Image) else "", state, thing.labels, project)


def parse_names(text: str, hosts: Collection[str]) -> Query:
    """A query for these: `nginx:1.27` is text, since tags have colons."""
    return parse(text, hosts, colons=True)


def matches(query: Query, thing: Thing, users: Sequence[Container]) -> bool:
    """Whether every term holds for one of its names, or (inverted) for none; text also finds its users."""
    if not query.terms:
        return True
    shown = list(faces(thing, standing(thing, users)))
    said = "\n".join([thing.id, *(user.name for user in users)]).casefold()
    for term in query.terms:
        held = any(map(term.test, shown)) or (term.kind == "text" and term.word.casefold() in said)
        if held is term.inverted:
            return False
    return True
