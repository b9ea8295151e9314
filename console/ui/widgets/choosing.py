"""What is chosen in the list of containers, and what is asked about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.model.actions import Action, ActionKind
from console.model.containers import Container
from console.model.logs.wish import LogWish
from console.model.text import SafeText
from console.ui.messages import (
    ActWanted,
    InsideWanted,
    LinkWanted,
    LinkWhat,
    LogsWanted,
    MapWanted,
    MapWhat,
    RecoverWanted,
    RedeployWanted,
    Said,
)
from console.ui.view import Group
from console.ui.widgets.ordering import OrderedPane
from console.ui.widgets.rowstore import RowKey
from console.ui.wishes import of_containers, of_host, of_project, of_query


class ChoosingPane(OrderedPane):
    """Rows are containers, headings stand for groups of them, and some rows may be marked."""

    def chosen(self) -> list[Container]:
        """The marked containers, in the order shown; without marks the one or group under the cursor."""
        store = self.table.store
        if store.marked:
            return self._containers(key for key in store.index if key in store.marked)
        if store.cursor is None:
            return []
        return self._containers(store.group(store.cursor) or [store.cursor])

    def _containers(self, keys: Iterable[RowKey]) -> list[Container]:
        found = (self.bridge.live.container((str(key[0]), str(key[1]))) for key in keys)
        return [container for container in found if container is not None]

    def wish(self) -> LogWish | None:
        """The logs of what is marked, else of the container or the group under the cursor."""
        store = self.table.store
        if not store.marked and store.cursor is not None and store.group(store.cursor):
            name = str(store.cursor[1])
            return of_host(name) if self.view.group is Group.HOST else of_project(SafeText(name))
        return of_containers(self.chosen(), "marked")

    def copy_text(self) -> str:
        """`name@host`, one a line."""
        return "\n".join(container.ref for container in self.chosen())

    # Keys

    def action_logs(self) -> None:
        """Read the logs of what is chosen."""
        self._read(self.wish())

    def action_logs_of_all(self) -> None:
        """Read the logs of everything that matches the filter."""
        if self.view.problems_only:
            # Having a problem cannot be asked for by a query.
            shown = [row.key for row in self.table.store.rows if not row.heading]
            self._read(of_containers(self._containers(shown), "with problems"))
        else:
            self._read(of_query(self.view.query))

    def action_act(self, kind: str) -> None:
        """Do something to what is chosen; it is asked first."""
        self._act(Action(kind=ActionKind(kind)), self.chosen())

    def action_stop_or_start(self) -> None:
        """Stop what runs of it, or start what does not."""
        from console.ui.asking import stop_or_start

        chosen = self.chosen()
        if chosen:
            self._act(*stop_or_start(chosen))
        else:
            self._act(Action(kind=ActionKind.STOP), chosen)

    def action_inside(self, what: str) -> None:
        """A shell, a command or files."""
        chosen = self.chosen()
        self.post_message(InsideWanted(what, chosen) if chosen else Said("no container", "dim"))

    def action_redeploy(self) -> None:
        """Another image or other settings."""
        chosen = self.chosen()
        self.post_message(RedeployWanted(chosen) if chosen else Said("no container", "dim"))

    def action_map(self) -> None:
        """An address mapping for what is chosen."""
        chosen = self.chosen()
        wanted = MapWanted(MapWhat.EDIT, containers=chosen)
        self.post_message(wanted if chosen else Said("no container", "dim"))

    def action_breaks(self) -> None:
        """Who depends on what is chosen."""
        chosen = self.chosen()
        wanted = LinkWanted(LinkWhat.BREAKS, containers=chosen)
        self.post_message(wanted if chosen else Said("no container", "dim"))

    def action_recover(self, goal: str) -> None:
        """Finish or take back what a redeploy left."""
        from console.model.redeploy.course import Goal

        chosen = self.chosen()
        if len(chosen) == 1:
            self.post_message(RecoverWanted(chosen[0], Goal(goal)))
        else:
            self.post_message(Said("choose one container", "dim"))

    def _act(self, action: Action, containers: Sequence[Container]) -> None:
        self.post_message(ActWanted(action, containers) if containers else Said("no container", "dim"))

    def _read(self, wish: LogWish | None) -> None:
        self.post_message(Said("no container", "dim") if wish is None else LogsWanted(wish))
