"""Screens about links: the way of one, a probe, who depends on what, what can be seen of the hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.errors import DockconError
from console.model.containers import ContainerKey
from console.model.links.link import Link
from console.model.text import sanitise
from console.service.links.desk import Probed
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import Line, wrap
from console.ui.links.present import SIGNS, TONES
from console.ui.links.words import dependents, path_lines, probe_lines, sight_lines
from console.ui.messages import LinkWanted, LinkWhat
from console.ui.screens.reading import ReadingScreen


class PathScreen(ReadingScreen):
    """One link, live: found again by what it is, not by its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "want('probe')", "probe", id="path.probe", tooltip="Try it now, by name"),
        Binding("m", "want('edit')", "mapping", id="path.edit", tooltip="Change its mapping, or make one"),
        Binding("a", "want('adopt')", "adopt", id="path.adopt", tooltip="Make a mapping of it"),
        Binding(
            "i", "want('breaks')", "impact", id="path.breaks", tooltip="Who breaks if the endpoint stops"
        ),
        Binding("l", "want('logs')", "logs", id="path.logs", tooltip="Leave this, and read both ends' logs"),
    ]

    def __init__(self, bridge: Bridge, link: Link, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge
        self.link = link
        self.gone = False

    def on_mount(self) -> None:
        """Follow it."""
        self._bridge.links.watch(self, True)
        self._bridge.links.changed.subscribe(self, lambda _: self._look())
        self._bridge.ticked.subscribe(self, lambda _: self.redraw())

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._bridge.links.watch(self, False)

    def _look(self) -> None:
        if self._bridge.frozen_at is not None:
            return
        links = self._bridge.links.list.links
        found = next((one for one in links if one.identity == self.link.identity), None)
        self.gone = found is None
        self.link = found or self.link
        self.redraw()

    def title_line(self, width: int) -> Line:
        """Which, and how it stands."""
        link = self.link
        name = f" {link.consumer.text} -> {link.endpoint.with_port}"
        state = (
            Cell("  no longer seen", "stale")
            if self.gone
            else Cell(f"  {SIGNS[link.state]} {link.word}", TONES[link.state])
        )
        return (Cell(name, "group"), state)

    def page_lines(self, width: int) -> Sequence[Line]:
        """All that is known of it."""
        return path_lines(self.link, self.gone, self._bridge.shown_now, width, self.glyphs)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What a mapping states already is not adopted."""
        if action == "want" and parameters == ("adopt",):
            return not self.link.mapping
        return super().check_action(action, parameters)

    def action_want(self, what: str) -> None:
        """Ask for something else about it."""
        self.post_message(LinkWanted(LinkWhat(what), self.link))


class ProbeScreen(ReadingScreen):
    """Tries a link now, and once more with each `v`; changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "again", "again", id="probe.again", tooltip="Try once more"),
    ]

    def __init__(self, bridge: Bridge, link: Link, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge
        self._link = link
        self._tried: list[Probed] = []
        self._busy = False

    def on_mount(self) -> None:
        """Try."""
        self.action_again()

    def action_again(self) -> None:
        """Try once more, unless that is under way."""
        if not self._busy:
            self._busy = True
            self.redraw()
            self.run_worker(self._try(), group="probe", exit_on_error=False)

    async def _try(self) -> None:
        try:
            found = await self._bridge.handle.links.probe(self._link)
        except DockconError as error:
            found = Probed(link=self._link, ok=None, text=sanitise(str(error)), at=self._bridge.now())
        finally:
            self._busy = False
        self._tried.append(found)
        self.redraw()

    def title_line(self, width: int) -> Line:
        """Which, and what came of it."""
        said, tone = "trying", "busy"
        if self._tried and not self._busy:
            last = self._tried[-1].ok
            said, tone = {
                True: ("reached", "ok"),
                False: ("not reached", "bad"),
                None: ("not tried", "stale"),
            }[last]
        name = f" Probe {self._link.consumer.text} -> {self._link.endpoint.with_port}"
        return (Cell(name, "group"), Cell(f"  {said}", tone))

    def page_lines(self, width: int) -> Sequence[Line]:
        """Each attempt."""
        return probe_lines(self._link, self._tried, self._busy, self._bridge.now(), width)


class BreaksScreen(ReadingScreen):
    """Who breaks if some containers stop."""

    def __init__(
        self, bridge: Bridge, name: str, containers: Collection[ContainerKey], glyphs: Glyphs
    ) -> None:
        super().__init__(glyphs)
        self._bridge = bridge
        self._name = name
        self._containers = tuple(containers)
        self._found: tuple[Link, ...] | None = None
        self._trouble = ""

    def on_mount(self) -> None:
        """Ask."""
        self.run_worker(self._ask(), exit_on_error=False)

    async def _ask(self) -> None:
        try:
            self._found = await self._bridge.handle.links.breaks(self._containers)
        except DockconError as error:
            self._trouble = sanitise(str(error))
        self.redraw()

    def title_line(self, width: int) -> Line:
        """Of what."""
        return (Cell(f" If {self._name} stopped", "group"),)

    def page_lines(self, width: int) -> Sequence[Line]:
        """Who would break."""
        if self._trouble:
            return wrap([Cell(self._trouble, "bad")], width)
        if self._found is None:
            return [(Cell("looking who depends on it", "dim"),)]
        partly = self._bridge.handle.links.links().partly
        lines = dependents(self._found, partly, "this would break", width, most=len(self._found))
        if not self._found:
            lines = [(Cell("+ nobody is known to depend on it", "ok"),), *lines]
        return lines


class SightScreen(ReadingScreen):
    """What can be seen of each host."""

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge

    def on_mount(self) -> None:
        """Follow it."""
        self._bridge.ticked.subscribe(self, lambda _: self.redraw())

    def title_line(self, width: int) -> Line:
        """What this is."""
        return (Cell(" Links", "group"), Cell("  what can be seen of each host", "dim"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """Each host."""
        hosts = [spec.name for spec in self._bridge.world.hosts]
        return sight_lines(self._bridge.links.list, hosts, self._bridge.shown_now, width)


class Dependents:
    """Who depends on what a dialog is about: asked while the dialog is open, and never waited for."""

    def __init__(self, bridge: Bridge, containers: Collection[ContainerKey], verb: str) -> None:
        """`verb`: `would break`, `would be interrupted meanwhile:`."""
        self._desk = bridge.handle.links
        self._containers = tuple(containers)
        self._verb = verb
        self._found: tuple[Link, ...] | None = None
        self._trouble = ""

    async def ask(self, told: Callable[[], None]) -> None:
        """Find out, then call `told`."""
        try:
            self._found = await self._desk.breaks(self._containers)
        except DockconError as error:
            self._trouble = sanitise(str(error))
        told()

    def lines(self, width: int) -> list[Line]:
        """What is known by now."""
        if self._trouble:
            return wrap([Cell(f"who depends on it cannot be told: {self._trouble}", "warn")], width)
        if self._found is None:
            return [(Cell("looking who depends on it", "dim"),)]
        return dependents(self._found, self._desk.links().partly, self._verb, width)
