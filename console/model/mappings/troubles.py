"""What an operator must look at about mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.model.mappings.standing import Standing, State
from console.model.problems import Problem, ProblemKind
from console.model.text import SafeText

_KINDS = {
    State.BROKEN: ProblemKind.MAPPING_BROKEN,
    State.DEGRADED: ProblemKind.MAPPING_BROKEN,
    State.PENDING: ProblemKind.MAPPING_PENDING,
    State.FOREIGN: ProblemKind.MAPPING_FOREIGN,
}


def problems_of(standings: Iterable[Standing]) -> Iterator[Problem]:
    """One for each mapping that is neither as it should be nor merely unknown: a host that cannot be read is
    a problem of its own.
    """
    for standing in standings:
        kind = _KINDS.get(standing.state)
        if kind is None:
            continue
        mapping = standing.mapping
        parties = (*mapping.consumers, *mapping.to)
        reason = f": {standing.reason}" if standing.reason else ""
        yield Problem(
            host=parties[0].host if parties else "",
            container="",
            name=SafeText(mapping.id),
            kind=kind,
            since=standing.since,
            text=SafeText(f"mapping {mapping.address} is {standing.state}{reason}"),
            mapping=mapping.id,
        )
