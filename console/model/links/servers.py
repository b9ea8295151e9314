"""What the ambassadors of a mapping say of one of its endpoints, and where that should be reached. Pure."""

from __future__ import annotations

from console.model.links.draft import Draft, Stated
from console.model.links.fleet import Fleet, written
from console.model.mappings import haproxy
from console.model.mappings.realise.targets import answers, label
from console.model.mappings.world import AmbassadorView, ContainerView, ServerView, Side


class Servers:
    """The servers for one link."""

    def __init__(self, fleet: Fleet, draft: Draft, stated: Stated, ambassador: AmbassadorView | None) -> None:
        self._fleet, self._stated, self._ambassador = fleet, stated, ambassador
        self._mapping = stated.standing.mapping
        self._there = fleet.host(draft.endpoint.host)

    def address(self, target: ContainerView) -> str:
        """Where other hosts reach the endpoint, by what it or the ambassador beside it publishes."""
        assert self._there is not None
        found = answers(self._there, target, self._stated.port)
        if found is not None:
            return written(*found)
        for one in self._there.ambassadors:
            if one.side is Side.PROVIDER and one.mapping == self._mapping.id:
                for port in sorted(one.container.ports):
                    for server in self.of(Side.CONSUMER):
                        if port.public and server.address == written(port.ip, port.public):
                            return server.address
        return ""

    @property
    def names(self) -> set[str]:
        """What its servers are called."""
        end, stated = self._stated.endpoint, self._stated
        stem = label(end)
        stems = [stem, f"{stem}.{stated.number}"] if stated.number else [stem]
        if stated.number == 0:
            stems.append(f"{stem}.1")
        return {haproxy.server_name(one, end.host) for one in stems}

    def of(self, side: Side) -> list[ServerView]:
        """Those that lead to the endpoint, in the ambassadors of one side."""
        ours = [self._ambassador] if side is Side.CONSUMER else self._beside()
        found = []
        for one in ours:
            if one is None or one.running is None:
                continue
            file = haproxy.servers_of(one.config or "")
            names = {name for _, name in file}
            for server in one.running.servers:
                name = haproxy.server_of(server.server, names) or server.server
                if name in self.names and self._carries(server, side):
                    found.append(server)
        return found

    def _carries(self, server: ServerView, side: Side) -> bool:
        if side is Side.PROVIDER and len(self._mapping.ports) == 1:
            return True
        return server.backend in ("", f"{haproxy.TARGETS_BACKEND}{self._stated.dialled}")

    def _beside(self) -> list[AmbassadorView | None]:
        there = self._there.ambassadors if self._there is not None else ()
        fleet = self._fleet.world.fleet
        return [
            one
            for one in there
            if one.side is Side.PROVIDER and one.mapping == self._mapping.id and one.fleet == fleet
        ]
