"""What widgets tell the screen they are on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.message import Message

from console.model.containers import Container, ContainerKey
from console.model.logs.wish import LogWish
from console.model.query import Query

if TYPE_CHECKING:
    from console.model.actions import Action
    from console.model.links.link import Link
    from console.model.mappings.mapping import Mapping
    from console.model.mappings.standing import Standing
    from console.model.redeploy.course import Goal
    from console.model.stock.plan import Plan
    from console.model.stock.things import Kind
    from console.ui.stock.listing import Stores


class Said(Message):
    """A short sentence for the status line: what a key just did. Never the only place of an error."""

    def __init__(self, text: str, tone: str = "text") -> None:
        super().__init__()
        self.text = text
        self.tone = tone


class PaneChanged(Message):
    """What a pane says of itself (counts, order, filter) may be different."""


class FilterChanged(Message):
    """Another filter holds from now on."""

    def __init__(self, query: Query) -> None:
        super().__init__()
        self.query = query


class FilterLeft(Message):
    """The filter line was left; the keyboard goes back to the rows."""


class ContainerWanted(Message):
    """The cursor should go to a container."""

    def __init__(self, key: ContainerKey) -> None:
        super().__init__()
        self.key = key


class LogsWanted(Message):
    """Logs should be read; with `ns`, the reader should be put to that moment."""

    def __init__(self, wish: LogWish, ns: int | None = None) -> None:
        super().__init__()
        self.wish = wish
        self.ns = ns


class HostWanted(Message):
    """The cursor should go to a host."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host


class ActWanted(Message):
    """Something shall be done to these containers, as they were when the key was pressed."""

    def __init__(self, action: Action, containers: Sequence[Container]) -> None:
        super().__init__()
        self.action = action
        self.containers = tuple(containers)


class RedeployWanted(Message):
    """These containers shall be redeployed."""

    def __init__(self, containers: Sequence[Container]) -> None:
        super().__init__()
        self.containers = tuple(containers)


class RecoverWanted(Message):
    """What a redeploy left of this container shall be finished or taken back."""

    def __init__(self, container: Container, goal: Goal) -> None:
        super().__init__()
        self.container = container
        self.goal = goal


class InsideWanted(Message):
    """Something shall be done inside these containers: `shell`, `command` or `files`."""

    def __init__(self, what: str, containers: Sequence[Container]) -> None:
        super().__init__()
        self.what = what
        self.containers = tuple(containers)


class DiscardWanted(Message):
    """Images, volumes or networks shall be removed: exactly those of this plan."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


class CleanUpWanted(Message):
    """What nobody uses shall be removed; `hosts`: those of the marked or of the row, `shown`: all in view."""

    def __init__(self, stores: Stores, kind: Kind, hosts: Sequence[str], shown: Sequence[str]) -> None:
        super().__init__()
        self.stores = stores
        self.kind = kind
        self.hosts = tuple(hosts)
        self.shown = tuple(shown)


class StockWanted(Message):
    """What a host has in store should be shown."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host


class MapWhat(StrEnum):
    """What shall be done about a mapping."""

    EDIT = "edit"
    VERIFY = "verify"
    UNDO = "undo"
    REMOVE = "remove"
    CUT = "cut"
    APPLY = "apply"


class MapWanted(Message):
    """Something shall be done about a mapping. Without one it is new: for `containers`, or as `proposal`
    has it.
    """

    def __init__(
        self,
        what: MapWhat,
        standing: Standing | None = None,
        containers: Sequence[Container] = (),
        proposal: Mapping | None = None,
    ) -> None:
        super().__init__()
        self.what = what
        self.standing = standing
        self.containers = tuple(containers)
        self.proposal = proposal


class LinkWhat(StrEnum):
    """What shall be done about a link."""

    PATH = "path"
    PROBE = "probe"
    EDIT = "edit"
    ADOPT = "adopt"
    BREAKS = "breaks"
    LOGS = "logs"
    SIGHT = "sight"
    """What can be seen of each host; needs no link."""


class LinkWanted(Message):
    """Something shall be done about a link, or be told of who depends on `containers`."""

    def __init__(
        self, what: LinkWhat, link: Link | None = None, containers: Sequence[Container] = ()
    ) -> None:
        super().__init__()
        self.what = what
        self.link = link
        self.containers = tuple(containers)
