"""The closed set of changes that realise mappings. Each says what it does and what would take it back.

A plan is the difference between what is stated and what is observed: carried out it leaves none, and cut at
any place it is simply computed again.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from typing import Any

from console.model.actions import Target
from console.model.mappings.mapping import Mapping
from console.model.text import NOTHING, SafeText


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change on one host."""

    host: str
    text: SafeText
    """What it does, as a person reads it: `connects dockcon-db to shop_default as db`."""
    disruptive: bool = False
    """Whether somebody may notice it, or it opens something: shown apart and agreed to apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BringImage(Step):
    """The ambassador's image is brought to the host: from another host, the bundle, or a registry."""

    image: str
    from_host: str = ""
    bundle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeNetwork(Step):
    """An internal bridge network of ours."""

    name: str
    labels: Lookup[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNetwork(Step):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAmbassador(Step):
    """Create, give it its configuration, connect it to nothing further yet, start it."""

    name: str
    body: Lookup[str, Any] = field(repr=False)
    config: str = field(repr=False)
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAmbassador(Step):
    container: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Configure(Step):
    """Another configuration for an ambassador that stands: candidates are checked first where `preflight`,
    then the file is put, tried with `haproxy -c`, and taken over by a reload; sessions go on.
    """

    container: Target
    config: str = field(repr=False)
    before: str = field(repr=False, default="")
    """The configuration that is there, to go back to."""
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAmbassador(Step):
    container: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect(Step):
    """A container to a network, live, found there by further names; by `name` where it is yet to be made."""

    network: str
    container: Target | None = None
    name: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect(Step):
    network: str
    container: Target
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHostsLine(Step):
    """One line of a running container's /etc/hosts, written in place; lost when it is restarted."""

    container: Target
    hosts_path: str
    name: str
    ip: str
    """Empty: the line goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEnvironment(Step):
    """A redeploy of the consumer with other variables or extra hosts."""

    container: Target
    env: Lookup[str, str] = field(repr=False)
    extra_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that an edit will lead to, to be tried from where the ambassador stands before anything
    changes.
    """

    host: str
    """Where the ambassador stands, or will."""
    ambassador: Target | None
    """None: not yet made."""
    address: str
    """`10.0.0.21:5432`."""
    endpoint: SafeText
    """`postgres@db-1:5432`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing that must hold afterwards, found out by asking the running world."""

    text: SafeText
    """`web@app-1 resolves db and reaches port 5432`."""
    ok: bool | None
    """None: cannot be found out here; `detail` says why."""
    detail: SafeText = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlan:
    """A reviewed change of mappings."""

    id: str
    """The mapping."""
    before: Mapping | None
    after: Mapping | None
    """None: it is removed."""
    version: str
    """The `Book.version` it was made on."""
    steps: tuple[Step, ...]
    candidates: tuple[Candidate, ...] = ()
    warnings: tuple[SafeText, ...] = ()
    refusals: tuple[SafeText, ...] = ()
    """Why it cannot be done, all reasons at once; empty where it can."""

    @property
    def disruptive(self) -> bool:
        return any(step.disruptive for step in self.steps)

    @property
    def pending(self) -> bool:
        """Whether anything would change, in the book or in the world."""
        return bool(self.steps) or self.before != self.after
