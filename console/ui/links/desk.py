"""Does what is wanted of links: shows, asks, opens the editor. Made when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.errors import DockconError
from console.model.containers import Container, ContainerKey
from console.model.links.link import End, Link
from console.model.mappings.standing import Standing
from console.model.text import sanitise
from console.ui.links.screens import BreaksScreen, PathScreen, ProbeScreen, SightScreen
from console.ui.messages import LinkWanted, LinkWhat, LogsWanted, MapWanted, MapWhat
from console.ui.wishes import of_containers

if TYPE_CHECKING:
    from console.ui.screens.acting import ActingScreen


class LinksDesk:
    """Belongs to the main screen."""

    def __init__(self, screen: ActingScreen) -> None:
        self._screen = screen
        self.app = screen.app
        self.bridge = screen.bridge
        self.status = screen.status
        self.glyphs = screen.glyphs

    def take(self, event: LinkWanted) -> None:
        """Do what is wanted."""
        link = event.link
        if event.what is LinkWhat.SIGHT:
            self.app.push_screen(SightScreen(self.bridge, self.glyphs))
        elif event.what is LinkWhat.BREAKS:
            self._breaks(link, event.containers)
        elif link is not None:
            {
                LinkWhat.PATH: self._path,
                LinkWhat.PROBE: self._probe,
                LinkWhat.EDIT: self._edit,
                LinkWhat.ADOPT: self._adopt,
                LinkWhat.LOGS: self._logs,
            }[event.what](link)

    def _path(self, link: Link) -> None:
        self.app.push_screen(PathScreen(self.bridge, link, self.glyphs))

    def _probe(self, link: Link) -> None:
        self.app.push_screen(ProbeScreen(self.bridge, link, self.glyphs))

    def _breaks(self, link: Link | None, containers: Sequence[Container]) -> None:
        keys: list[ContainerKey] = [container.key for container in containers]
        name = containers[0].ref if len(containers) == 1 else f"{len(containers)} containers"
        if link is not None:
            key = link.endpoint.key
            if key is None:
                self._say(
                    f"{link.endpoint.text} is no container of the fleet: who depends on it is not known"
                )
                return
            keys, name = [key], str(link.endpoint.text)
        self.app.push_screen(BreaksScreen(self.bridge, sanitise(name, 120), keys, self.glyphs))

    # Mappings

    def _edit(self, link: Link) -> None:
        standing = self._standing(link)
        if standing is not None:
            self.app.post_message(MapWanted(MapWhat.EDIT, standing))
        elif link.mapping:
            self._say(f"{link.mapping}: its mapping is not known here; 4 shows all of them")
        else:
            self._adopt(link)

    def _standing(self, link: Link) -> Standing | None:
        found = self.bridge.mappings.standings
        return next((one for one in found if link.mapping and one.mapping.id == link.mapping), None)

    def _adopt(self, link: Link) -> None:
        self._screen.run_worker(self._propose(link), group="link", exclusive=True, exit_on_error=False)

    async def _propose(self, link: Link) -> None:
        asked_from = self.app.screen
        try:
            proposal = await self.bridge.handle.links.adopt(link)
        except DockconError as error:
            self._say(str(error))
            return
        if self.app.screen is asked_from:
            # Else somebody went elsewhere meanwhile: what is typed there is not meant for a form.
            self.app.post_message(MapWanted(MapWhat.EDIT, proposal=proposal))

    # Logs

    def _logs(self, link: Link) -> None:
        ends = [self._container(end) for end in (link.consumer, link.endpoint)]
        wish = of_containers([one for one in ends if one is not None], "both ends")
        if wish is None:
            self._say("neither end is a container that is there")
        else:
            self.app.post_message(LogsWanted(wish))

    def _container(self, end: End) -> Container | None:
        return self.bridge.live.container(end.key) if end.key is not None else None

    def _say(self, text: str) -> None:
        """Where it is seen: on the screen that is on top."""
        status = getattr(self.app.screen, "status", self.status)
        status.say(text, "warn")
