"""Mappings for tests: a few by hand, and all that can be stated (hypothesis)."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from console.model.mappings.mapping import Book, Check, CheckKind, Endpoint, Mapping, Party, Via
from console.model.mappings.names import bad_id, bad_name, is_container, is_user

WORD = string.ascii_letters + string.digits
AWKWARD = ["no", "null", "0x1f", "1e3", "~x", "yes", "0022", "12", "on", "N"]

hosts = st.text(WORD + "._-", min_size=1, max_size=12) | st.sampled_from(AWKWARD[:4])
containers = (st.text(WORD + "_.-", min_size=1, max_size=12) | st.sampled_from(AWKWARD)).filter(is_container)
ids = (st.text(WORD + "_.-", min_size=1, max_size=12) | st.sampled_from(AWKWARD)).filter(
    lambda text: not bad_id(text)
)
names = st.text(WORD + "_.-", min_size=1, max_size=12).filter(lambda text: not bad_name(text))
ports = st.integers(1, 65535)
users = st.text(WORD + "_.@-", min_size=1, max_size=8).filter(is_user)
checks = st.sampled_from(
    [Check(kind) for kind in CheckKind if kind not in (CheckKind.PGSQL, CheckKind.MYSQL)]
) | st.builds(Check, st.sampled_from([CheckKind.PGSQL, CheckKind.MYSQL]), users)
parties = st.builds(
    lambda host, container: Party(host=host, container=container), hosts, containers
) | st.builds(
    lambda host, project, service: Party(host=host, project=project, service=service),
    hosts,
    containers,
    containers,
)


@st.composite
def mappings(draw: st.DrawFn, mapping_id: str | None = None) -> Mapping:
    own = tuple(draw(st.lists(ports, min_size=1, max_size=3, unique=True)))
    to = []
    for party in draw(st.lists(parties, min_size=1, max_size=3, unique=True)):
        theirs = own if draw(st.booleans()) else tuple(draw(ports) for _ in own)
        to.append(
            Endpoint(
                host=party.host,
                container=party.container,
                project=party.project,
                service=party.service,
                ports=theirs,
                weight=draw(st.integers(1, 256)),
            )
        )
    return Mapping(
        id=mapping_id or draw(ids),
        name=draw(names),
        ports=own,
        to=tuple(to),
        consumers=tuple(draw(st.lists(parties, min_size=1, max_size=3, unique=True))),
        via=draw(st.sampled_from(Via)),
        check=draw(checks),
    )


books = st.lists(mappings(), max_size=4, unique_by=lambda mapping: mapping.id).map(
    lambda found: Book({mapping.id: mapping for mapping in found})
)


def a_mapping(mapping_id: str = "db", **changes: object) -> Mapping:
    """`db:5432` of web on app-1, leading to postgres on db-1."""
    values: dict[str, object] = {
        "id": mapping_id,
        "name": mapping_id,
        "ports": (5432,),
        "to": (Endpoint(host="db-1", container="postgres", ports=(5432,)),),
        "consumers": (Party(host="app-1", container="web"),),
    }
    return Mapping(**{**values, **changes})  # type: ignore[arg-type]  # whatever a test wants to differ
