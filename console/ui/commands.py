"""The palette: every key that works now, every container and every host, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from console.model.text import NOTHING
from console.ui.keys import key_name
from console.ui.wishes import of_containers, of_host, of_project

if TYPE_CHECKING:
    from console.ui.app import DockconApp

MOST = 40
"""Names of a kind offered for one search; whoever wants more types another letter."""


class Command(NamedTuple):
    """Something that can be done, and the key that does it as well."""

    name: str
    key: str
    run: Callable[[], object]


class ConsoleCommands(Provider):
    """Actions first, then containers and hosts to go to.

    Names come from hosts: they are only ever shown as `Content`, which knows no markup.
    """

    @property
    def console(self) -> DockconApp:
        """The app, which has the world."""
        from console.ui.app import DockconApp

        assert isinstance(self.app, DockconApp)
        return self.app

    def actions(self) -> Iterator[Command]:
        """What the keys of the screen below do, each once."""
        seen = set()
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if enabled and binding.id and tooltip and binding.id not in seen and "palette" not in binding.id:
                seen.add(binding.id)
                run = partial(self.app.run_action, binding.action, node)
                yield Command(tooltip, key_name(binding.key), run)

    def places(self) -> Iterator[Command]:
        """Where the cursor can go."""
        world = self.console.bridge.live
        for spec in world.hosts:
            yield Command(f"host {spec.name}", "", partial(self.console.go_to_host, spec.name))
        for _, container in world.containers():
            yield Command(container.ref, "", partial(self.console.go_to_container, container.key))

    def readings(self) -> Iterator[Command]:
        """Whose logs can be read."""
        world, read = self.console.bridge.live, self.console.read_logs
        for spec in world.hosts:
            yield Command(f"logs of host {spec.name}", "", partial(read, of_host(spec.name)))
        found = [container for _, container in world.containers()]
        for project in sorted({container.project for container in found} - {NOTHING}):
            yield Command(f"logs of project {project}", "", partial(read, of_project(project)))
        for container in found:
            yield Command(f"logs of {container.ref}", "", partial(read, of_containers([container])))

    async def discover(self) -> Hits:
        """Without a search: the actions."""
        for command in self.actions():
            yield DiscoveryHit(_shown(command), command.run, text=command.name)

    async def search(self, query: str) -> Hits:
        """Whatever holds the words that were typed; actions also by fuzzy match, names not: they are many."""
        matcher = self.matcher(query)
        for command in self.actions():
            score = _held(command.name, query) or matcher.match(command.name) / 100
            if score > 0:
                yield Hit(score, _shown(command), command.run, text=command.name)
        for offered in (self.places(), self.readings()):
            for score, command in islice(_holding(offered, query), MOST):
                yield Hit(score, _shown(command), command.run, text=command.name)


def _holding(offered: Iterable[Command], query: str) -> Iterator[tuple[float, Command]]:
    """Those whose names hold what was typed."""
    for command in offered:
        score = _held(command.name, query)
        if score > 0:
            yield score, command


def _held(name: str, query: str) -> float:
    """How well `query` stands in `name`: best at its beginning, better at that of a word; 0: not at all."""
    at = name.casefold().find(query.casefold())
    if at < 0:
        return 0.0
    return 4.0 if at == 0 else 3.0 if not name[at - 1].isalnum() else 2.0


def _shown(command: Command) -> Content:
    if not command.key:
        return Content(command.name)
    return Content.assemble(command.name, (f"  {command.key}", "dim"))
