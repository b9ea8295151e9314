"""Everything known of one container, live: an overview, its environment, and the whole inspect document."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.errors import DockconError
from console.model.containers import Container, ContainerKey, Inspection
from console.model.secrets import mask_document
from console.model.text import sanitise
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.inspected import json_document, json_lines
from console.ui.lines import Line
from console.ui.messages import LogsWanted, MapWanted, MapWhat, Said
from console.ui.present_details import Subject, environment, overview, title
from console.ui.screens.reading import ReadingScreen
from console.ui.wishes import of_containers

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds after which the engine is asked again: health records come without an event."""

AT_LEAST = 1.0
"""Seconds between two questions to the engine, however much happens to the container."""


class DetailsScreen(ReadingScreen):
    """One container, found by its key: another one of the same name is another one."""

    PAGES: ClassVar[tuple[str, ...]] = ("Overview", "Environment", "Inspect")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "logs", "logs", id="details.logs", tooltip="Leave this, and read its logs"),
        Binding("m", "map", "mapping", id="details.mapping", tooltip="Leave this, and make a mapping for it"),
        Binding(
            "u",
            "reveal",
            "show secrets",
            id="details.reveal",
            tooltip="Show or hide secrets; that they were shown is logged",
        ),
    ]

    def __init__(self, bridge: Bridge, key: ContainerKey, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.key = key
        self.revealed = False
        self._bridge = bridge
        self._inspection: Inspection | None = None
        self._document: object = None
        self._json: tuple[int, list[Line]] | None = None
        """The document as JSON and the width it was wrapped to; None until it is looked at."""
        self._trouble = ""
        self._asked = 0.0
        self._answered_for: Container | None = None
        self._last: Container | None = bridge.world.container(key)
        self._busy = False

    @property
    def ref(self) -> str:
        """`name@host`, also when the container is gone."""
        return self._last.ref if self._last else f"{self.key[1][:12]}@{self.key[0]}"

    def on_mount(self) -> None:
        """Follow the fleet, and ask for the document."""
        self._bridge.changed.subscribe(self, self._changed)
        self._bridge.ticked.subscribe(self, self._ticked)
        self._bridge.links.watch(self, True)
        self._bridge.links.changed.subscribe(self, lambda _: self._redraw_live())
        self._ask()

    def on_unmount(self) -> None:
        """Its links are looked at no more."""
        self._bridge.links.watch(self, False)

    # What is known

    def subject(self) -> Subject:
        """All there is to draw from."""
        world, now = self._bridge.world, self._bridge.shown_now
        return Subject(
            name=self.ref,
            host=world.snapshots.get(self.key[0]),
            container=world.container(self.key),
            problem=world.container_problems().get(self.key),
            document=self._document,
            trouble=self._trouble,
            links=self._bridge.links.list,
            # While the screen is frozen samples keep arriving.
            usage=[u for u in self._bridge.handle.usage_history(self.key) if u.at <= now],
        )

    def _changed(self, hosts: frozenset[str]) -> None:
        if self.key[0] in hosts:
            container = self._bridge.world.container(self.key)
            self._last = container or self._last
            if container is not None and container != self._answered_for:
                self._ask()
            self._redraw_live()

    def _ticked(self, now: float) -> None:
        if self._bridge.now() - self._asked >= EVERY:
            self._ask()
        self._redraw_live()

    def _redraw_live(self) -> None:
        """Figures and ages are on the overview; the other pages differ with the document alone."""
        if self.page == 0:
            self.redraw()
        else:
            self.title_bar.redraw()

    # The document

    def _ask(self) -> None:
        """Ask the engine, unless it was just asked, cannot be reached or has it no longer."""
        world, now = self._bridge.live, self._bridge.now()
        snapshot = world.snapshots.get(self.key[0])
        if self._busy or snapshot is None or not snapshot.fresh or world.container(self.key) is None:
            return
        if now - self._asked < AT_LEAST:
            return
        self._asked = now
        self._busy = True
        self._answered_for = world.container(self.key)
        self.run_worker(self._inspect(), group="inspect", exit_on_error=False)

    async def _inspect(self) -> None:
        before = self._inspection, self._trouble
        try:
            inspection = await self._bridge.handle.inspect(self.key)
            self._trouble = ""
            if self._inspection is None or inspection.document != self._inspection.document:
                self._inspection = inspection
                self._mask()
        except DockconError as error:
            self._trouble = sanitise(str(error))
        finally:
            self._busy = False
        if before != (self._inspection, self._trouble):
            self.redraw()

    def _mask(self) -> None:
        if self._inspection is not None:
            self._document = mask_document(self._inspection.document, reveal=self.revealed)
            self._json = None

    # The screen

    def title_line(self, width: int) -> Line:
        """The container and its host."""
        return title(self.subject(), self._bridge.shown_now, width)

    def note(self) -> Cell:
        """Whether secrets can be seen."""
        return Cell("secrets are shown", "warn") if self.revealed else Cell("secrets hidden", "dim")

    def page_lines(self, width: int) -> Sequence[Line]:
        """The page that is shown."""
        subject = self.subject()
        if self.page == 0:
            return overview(subject, self._bridge.shown_now, width, self.glyphs)
        if self.page == 1:
            return environment(subject, width, self.glyphs)
        if self._document is None:
            return [(Cell(self._trouble or "not read yet", "dim"),)]
        if self._json is None or self._json[0] != width:
            self._json = (width, json_document(list(json_lines(self._document)), width))
        return self._json[1]

    def action_logs(self) -> None:
        """Read its logs, on the main screen."""
        wish = of_containers([self._last] if self._last else [])
        if wish is not None:
            self.post_message(LogsWanted(wish))

    def action_map(self) -> None:
        """An address mapping for it, on the main screen."""
        if self._last is not None:
            self.post_message(MapWanted(MapWhat.EDIT, containers=[self._last]))

    def action_reveal(self) -> None:
        """Show or hide secrets. That they were shown goes to the log."""
        self.revealed = not self.revealed
        if self.revealed:
            log.warning("secrets of %s (%s) shown on the screen", self.ref, self.key[1][:12])
        self._mask()
        self.redraw()
        self.post_message(Said("secrets are shown; u hides them" if self.revealed else "secrets hidden"))
