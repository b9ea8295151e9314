"""What a front end on another thread may ask about mappings, and the place where they are kept."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from console.model.containers import ContainerKey
from console.model.mappings.offers import Proposal
from console.model.text import NOTHING, SafeText

if TYPE_CHECKING:
    from console.model.actions import Consent
    from console.model.mappings.mapping import Book, Mapping, Revision
    from console.model.mappings.standing import Standing
    from console.model.mappings.steps import MapPlan, Proof
    from console.model.mappings.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingList:
    """All mappings as they stand; published whenever something about them changed."""

    book: Book
    standings: tuple[Standing, ...] = ()
    """In the order of the book, then the orphans."""
    looked: float | None = None
    """When the world was last looked at, seconds of the Unix epoch; None: not yet."""
    error: SafeText = NOTHING
    """Why the book cannot be read (every problem of the file, a line each); the last good one is shown."""


class Phase(StrEnum):
    PREFLIGHT = "preflight"
    STORE = "store"
    APPLY = "apply"
    VERIFY = "verify"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapTold:
    """One line of the live log of an apply."""

    at: float
    phase: Phase
    text: SafeText
    bad: bool = False


class MapEnding(StrEnum):
    DONE = "done"
    """As stated, and verified as far as that can be found out (what cannot is in the proofs)."""
    NOTHING = "nothing"
    """It was already so: zero steps."""
    REFUSED = "refused"
    """Nothing was changed."""
    RESTORED = "restored"
    """It failed half way and all was taken back."""
    STUCK = "stuck"
    """Steps are left; `apply` goes on, `undo` goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapJob:
    """An apply under way. Frozen; a newer one has the same number. Times are seconds of the Unix epoch."""

    number: int
    plan: MapPlan
    began: float
    told: tuple[MapTold, ...] = ()
    ending: MapEnding | None = None
    """None while it is under way."""
    text: SafeText = NOTHING
    next_step: SafeText = NOTHING
    proofs: tuple[Proof, ...] = ()
    cause: SafeText = NOTHING
    """Why it was begun without anybody asking, where `repair: auto` did."""

    @property
    def over(self) -> bool:
        return self.ending is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """For an editor: what can be proposed."""

    consumer: tuple[Proposal, ...] = ()
    """Best first."""
    endpoint: tuple[Proposal, ...] = ()
    extra: Lookup[str, SafeText] = field(default_factory=dict)
    """What is worth knowing: `network` -> `host network: the port is shared by the whole host`."""


class MappingDesk(Protocol):
    """Plain methods return at once; coroutines run on the caller's loop and wait for the network loop."""

    def mappings(self) -> MappingList:
        """As they were last seen. Cheap; a batch says when it changed."""
        ...

    def watch(self, on: bool) -> None:
        """Whether somebody looks at the mappings now: what no event tells is then asked every two seconds."""
        ...

    async def look(self) -> MappingList:
        """Read the book and observe the world now. Raises ConfigError where the book cannot be read."""
        ...

    async def world(self, hosts: Sequence[str] = ()) -> World:
        """The world as planning sees it; all hosts where none is named."""
        ...

    async def offers(self, consumer: ContainerKey | None, endpoint: ContainerKey | None) -> Offers:
        """What to fill an editor with. Raises NotFound, HostUnreachable ..."""
        ...

    async def plan(self, mapping_id: str, mapping: Mapping | None) -> MapPlan:
        """What it would take to have `mapping` (None: removed) under its id, over the newest book and world.

        Whatever speaks against it stands in the plan's `refusals`, all of it at once. Raises ConfigError.
        """
        ...

    def apply(self, plan: MapPlan, consent: Consent) -> int:
        """Begin: preflight, store, apply, verify; taken back on failure. Returns the job's number.

        Refused (in the job) where the book has changed since the plan, or a guard forbids it.
        """
        ...

    def jobs(self) -> tuple[MapJob, ...]:
        """The last hundred, oldest first."""
        ...

    async def verify(self, mapping_id: str) -> tuple[Proof, ...]:
        """Ask the running world whether it is as stated, by name from each consumer."""
        ...

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first, the present one included; at most fifty."""
        ...

    async def adopt(self, mapping_id: str) -> MapPlan:
        """A plan that takes the wording of a foreign or orphaned ambassador into the book."""
        ...

    async def cut(self, mapping_id: str, consent: Consent) -> int:
        """End sessions that are still on an earlier endpoint; return how many there were. Audited. Raises
        CapabilityMissing, GuardRefused.
        """
        ...


class Store(Protocol):
    """Where a book is kept. Changes are by compare-and-swap: nobody overwrites what he has not seen."""

    async def read(self) -> Book:
        """Raises ConfigError with every problem, file and line."""
        ...

    async def write(self, version: str, mapping_id: str, mapping: Mapping | None, who: str) -> Book:
        """Put one mapping (None: take it away) into the book that is at `version`; return the new one.

        Raises StoreChanged where it is not at that version any more, StoreFailed where it cannot be kept.
        """
        ...

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first. Wordings that were written by hand are in it from the time they were first read."""
        ...

    async def changed(self) -> None:
        """Wait until somebody else may have changed the book (a file's time, a watch)."""
        ...

    async def aclose(self) -> None: ...
