"""Links as the fleet tells of them: the newest list, who is told of it, and whether anybody looks."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.signal import Signal

from console.service.handle import Batch, FleetHandle

if TYPE_CHECKING:
    from console.model.links.link import LinkList


class LinkNews:
    """Belongs to the bridge."""

    def __init__(self, owner: DOMNode, handle: FleetHandle) -> None:
        self._handle = handle
        self._list: LinkList | None = None
        self._watching: set[Hashable] = set()
        self.changed: Signal[None] = Signal(owner, "linked")
        """The list is another one; also while the screen is frozen."""

    @property
    def known(self) -> LinkList | None:
        """The newest list where one has come; nobody is asked."""
        return self._list

    @property
    def list(self) -> LinkList:
        """The newest list: a batch brings one only where a link has changed, and when it was looked at is to
        be seen, too.
        """
        self._list = self._handle.links.links()
        return self._list

    def take(self, batch: Batch) -> None:
        """Take what a batch brought."""
        if batch.links is not None:
            self._list = batch.links
            self.changed.publish(None)

    def watch(self, who: Hashable, on: bool) -> None:
        """Somebody looks, or no more; hosts are observed as long as anybody does."""
        before = bool(self._watching)
        (self._watching.add if on else self._watching.discard)(who)
        if before is not bool(self._watching):
            self._handle.links.watch(on)
