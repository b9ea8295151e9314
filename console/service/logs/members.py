"""Which containers belong to a stream: told by snapshots and events of their hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.model.containers import Container, ContainerKey
from console.model.events import EngineEvent
from console.model.hosts import HostStatus
from console.model.logs.lines import LogSource, Note, NoteKind
from console.model.logs.wish import LogWish
from console.model.snapshot import HostSnapshot
from console.model.text import safe
from console.service.logs.history import Window
from console.service.logs.host import HostSide
from console.service.logs.tailer import Tailer

MakeTailer = Callable[[LogSource, Container, Window, HostSide], Tailer]


class Members:
    """Whoever joined stays, until the container is removed: one that a filter `state:running` chose is not
    left out because it stops.
    """

    def __init__(
        self,
        wish: LogWish,
        note: Callable[[Note], None],
        side: Callable[[str], HostSide],
        tailer: MakeTailer,
        listed: Callable[[str], None],
    ) -> None:
        """`side` and `tailer` make what belongs to a host and to a source, and set it to work; `listed` is
        told of hosts whose sources are known, or will not be soon.
        """
        self.hosts: dict[str, HostSide] = {}
        self.tailers: list[Tailer] = []
        """By source index."""
        self._wish = wish
        self._note = note
        self._make_side = side
        self._make_tailer = tailer
        self._tell_listed = listed
        self._of_host: dict[str, list[Tailer]] = {}
        self._keys: dict[ContainerKey, Tailer] = {}

    @property
    def several_hosts(self) -> bool:
        """Whether there are sources of more than one host."""
        return len(self._of_host) > 1

    def of_host(self, host: str) -> list[Tailer]:
        """The sources of one host."""
        return self._of_host.get(host, [])

    def seen(self, snapshot: HostSnapshot) -> None:
        """The newest snapshot of a host."""
        if not self._wish.may_want(snapshot.name):
            return
        side = self.hosts.get(snapshot.name)
        if side is None:
            side = self.hosts[snapshot.name] = self._make_side(snapshot.name)
        was_there = not side.away
        side.look(snapshot)
        if was_there and side.away:
            self._lost(side)
        if snapshot.containers is not side.listed or (snapshot.fresh and not side.seen_fresh):
            self._list(side, snapshot)
        if snapshot.fresh and not side.seen_fresh:
            side.seen_fresh = True
            side.proven(-1)
        if side.seen_fresh or side.away:
            self._tell_listed(side.name)

    def event(self, event: EngineEvent) -> None:
        """An event of a container."""
        tailer = self._keys.get((event.host, event.container_id))
        if tailer is not None:
            tailer.life.event(event)

    def unfinished(self) -> dict[str, HostStatus]:
        """Hosts of which something more is wanted, and how they are."""
        found = {}
        for name, side in self.hosts.items():
            if side.status is not None and not (
                side.seen_fresh and all(tailer.over for tailer in self.of_host(name))
            ):
                found[name] = side.status
        return found

    def _lost(self, side: HostSide) -> None:
        """A host is not reached any more: all that could have written since has to be proven."""
        for tailer in self.of_host(side.name):
            if tailer.may_miss:
                side.lost(tailer.source.index, side.reason())

    def _list(self, side: HostSide, snapshot: HostSnapshot) -> None:
        """Take in what a host has: who joins, who was renamed, started, stopped or removed."""
        before, side.listed = side.listed, snapshot.containers
        for container_id, container in snapshot.containers.items():
            tailer = self._keys.get(container.key)
            if tailer is None:
                if before.get(container_id) is not container and self._wish.wants(container):
                    self._join(side, container, before)
                continue
            if snapshot.fresh:
                tailer.life.listed(container)
            if container.name != tailer.source.name:
                tailer.renamed(container.name)
        if snapshot.fresh:
            for tailer in self.of_host(side.name):
                if tailer.source.id not in snapshot.containers:
                    tailer.life.gone(side.now_ns())

    def _join(self, side: HostSide, container: Container, before: Mapping[str, Container]) -> None:
        source = LogSource.of(len(self.tailers), container)
        window = Window.of(self._wish)
        if side.seen_fresh and self._wish.until_ns is None:
            self._say_joins(source, container)
            if container.id not in before:
                # It was made since we look: all that it ever wrote belongs to the stream.
                window = Window(born_ns=int(container.created * 1e9))
        tailer = self._make_tailer(source, container, window, side)
        self.tailers.append(tailer)
        self._of_host.setdefault(side.name, []).append(tailer)
        self._keys[source.key] = tailer

    def _say_joins(self, source: LogSource, container: Container) -> None:
        same = [t.source for t in self.of_host(source.host) if t.source.name == source.name]
        text = f"recreated: {source.id[:12]}, was {same[-1].id[:12]}" if same else "joins"
        ns = int((container.started or container.created) * 1e9)
        self._note(Note(kind=NoteKind.STARTED, source=source.index, ns=ns, text=safe(text)))
