"""What an operator states: under which name and port some consumers reach some endpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Via(StrEnum):
    """How a mapping is made true."""

    AUTO = "auto"
    """An alias where consumer and endpoint share a host, else an ambassador."""
    ALIAS = "alias"
    AMBASSADOR = "ambassador"
    HOSTS = "hosts"
    ENV = "env"
    DNS = "dns"
    OVERLAY = "overlay"


class CheckKind(StrEnum):
    """What an ambassador asks an endpoint to learn whether it is well."""

    TCP = "tcp"
    HTTP = "http"
    NONE = "none"
    PGSQL = "pgsql"
    MYSQL = "mysql"
    REDIS = "redis"


@dataclass(frozen=True, slots=True)
class Check:
    """How endpoints are checked; `user` with `pgsql` and `mysql` only."""

    kind: CheckKind = CheckKind.TCP
    user: str = ""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Party:
    """A container by its name, or all containers of one service of a Compose project; on one host.

    Exactly one of `container` and `project` with `service` is set. Names, not ids: they outlive a redeploy.
    """

    host: str
    container: str = ""
    project: str = ""
    service: str = ""

    @property
    def text(self) -> str:
        """`web@app-1`, `shop/worker@app-2`."""
        return f"{self.container or f'{self.project}/{self.service}'}@{self.host}"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Endpoint(Party):
    """Where a mapping leads: one container port for each port of the mapping, in the same order."""

    ports: tuple[int, ...]
    weight: int = 1
    """1 to 256, relative to the other endpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One stated address. `id` is unique in the fleet; two consumers may have a different `name` `db`."""

    id: str
    name: str
    """What consumers dial."""
    ports: tuple[int, ...]
    """What consumers dial it on; one ambassador carries them all."""
    to: tuple[Endpoint, ...]
    """Two or more: balanced."""
    consumers: tuple[Party, ...]
    via: Via = Via.AUTO
    check: Check = Check()
    secure: str = "none"

    @property
    def data(self) -> dict[str, Any]:
        """The whole of it as JSON values, always in the same form."""
        return {
            "id": self.id,
            "name": self.name,
            "ports": list(self.ports),
            "to": [{**_party(end), "ports": list(end.ports), "weight": end.weight} for end in self.to],
            "for": [_party(consumer) for consumer in self.consumers],
            "via": self.via.value,
            "check": {"kind": self.check.kind.value, "user": self.check.user},
            "secure": self.secure,
        }

    @property
    def digest(self) -> str:
        """Twelve hex digits that are equal for equal mappings only."""
        return hashlib.sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def address(self) -> str:
        """`db:5432`, `mq:5672,15672`."""
        return f"{self.name}:{','.join(map(str, self.ports))}"


def _party(party: Party) -> dict[str, str]:
    named = {"container": party.container, "project": party.project, "service": party.service}
    return {"host": party.host, **{key: value for key, value in named.items() if value}}


@dataclass(frozen=True, slots=True)
class Book:
    """All mappings of a fleet at one revision of where they are kept."""

    mappings: Lookup[str, Mapping] = field(default_factory=dict)
    """By id, in the order of the file."""
    version: str = ""
    """Names the stored state these were read from; an edit says which one it was made on. Empty: none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One earlier or present wording of one mapping. `at` is seconds of the Unix epoch."""

    id: str
    number: int
    """Counts the wordings of this mapping from 1."""
    mapping: Mapping | None
    """None: it was removed."""
    parent: str
    """Digest of the wording before; empty for the first."""
    at: float
    who: str

    @property
    def digest(self) -> str:
        """Of its mapping; empty where it was removed."""
        return self.mapping.digest if self.mapping is not None else ""
