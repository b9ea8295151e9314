"""The links that mappings state, and the state of each: the first rule that matches decides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.model.containers import ContainerState, Health
from console.model.links.draft import Draft, Finding, Stated
from console.model.links.fleet import DOWN, Fleet, ambassador_on, end_of, written
from console.model.links.link import End, EndKind, Evidence, Fault, Known, LinkState
from console.model.links.naming import no_name
from console.model.links.servers import Servers
from console.model.mappings import haproxy
from console.model.mappings.mapping import Party, Via
from console.model.mappings.realise.targets import label
from console.model.mappings.standing import Standing, State
from console.model.mappings.world import ServerView, Side
from console.model.text import safe, sanitise

_TIMEOUTS = frozenset({"L4TOUT", "L6TOUT", "L7TOUT"})


def declared(fleet: Fleet, standings: Sequence[Standing]) -> Iterator[Draft]:
    """One for each consumer, endpoint and port; one also for those that are not there."""
    for standing in standings:
        if standing.orphan:
            continue
        mapping = standing.mapping
        for party in mapping.consumers:
            for consumer in fleet.world.containers(party) or (None,):
                for end in mapping.to:
                    targets = fleet.world.containers(end) or (None,)
                    for number, target in enumerate(targets, 1 if len(targets) > 1 else 0):
                        for index in range(min(len(mapping.ports), len(end.ports))):
                            stated = Stated(
                                standing=standing,
                                endpoint=end,
                                index=index,
                                consumer=consumer,
                                target=target,
                                number=number,
                            )
                            yield _draft(fleet, party, stated)


def _draft(fleet: Fleet, party: Party, stated: Stated) -> Draft:
    ends = [
        end_of(view, port) if view is not None else _missing(named, port)
        for view, named, port in (
            (stated.consumer, party, 0),
            (stated.target, stated.endpoint, stated.port),
        )
    ]
    return Draft(
        consumer=ends[0],
        endpoint=ends[1],
        dials=written(stated.standing.mapping.name, stated.dialled),
        via=_via(fleet, party.host, stated).value,
        known={Known.DECLARED},
        stated=stated,
    )


def _missing(party: Party, port: int) -> End:
    name = party.container or f"{party.project}/{party.service}"
    return End(kind=EndKind.CONTAINER, host=party.host, name=sanitise(name, 200), port=port)


def _via(fleet: Fleet, host: str, stated: Stated) -> Via:
    """How it is realised for consumers on this host: one mapping can be an alias here and not there."""
    mapping = stated.standing.mapping
    if ambassador_on(fleet, mapping.id, host) is not None or mapping.via not in (Via.AUTO, Via.ALIAS):
        return Via.AMBASSADOR if mapping.via is Via.AUTO else mapping.via
    here = all(end.host == host for end in mapping.to)
    return Via.ALIAS if here and stated.standing.via is not Via.AMBASSADOR else Via.AMBASSADOR


def judged(fleet: Fleet, draft: Draft, opening: int) -> Finding:
    """The state of a link that a mapping states."""
    stated = draft.stated
    assert stated is not None
    return _Judge(fleet, draft, stated, opening).finding()


class _Judge:
    """One link and all that is known of it."""

    def __init__(self, fleet: Fleet, draft: Draft, stated: Stated, opening: int) -> None:
        self._fleet, self._draft, self._stated = fleet, draft, stated
        self._mapping = stated.standing.mapping
        self._opening = opening
        self._ambassador = ambassador_on(fleet, self._mapping.id, draft.consumer.host)
        self._servers = Servers(fleet, draft, stated, self._ambassador)
        self._here = fleet.host(draft.consumer.host)
        self._there = fleet.host(draft.endpoint.host)
        self._what = draft.endpoint.text

    def finding(self) -> Finding:
        """The first that matches."""
        for rule in (
            self._gone,
            self._foreign,
            self._elsewhere,
            self._nameless,
            self._down,
            self._unanswered,
            self._connected,
            self._unread,
            self._checked,
        ):
            if (found := rule()) is not None:
                return found
        text = f"nobody is connected, and nothing checks {self._draft.endpoint.with_port}"
        return self._say(LinkState.UNKNOWN, text, f"dockcon map verify {self._mapping.id}")

    def _say(
        self,
        state: LinkState,
        reason: str = "",
        next_step: str = "",
        fault: Fault = Fault.NONE,
        evidence: tuple[Evidence, ...] = (),
    ) -> Finding:
        bad = state in (LinkState.BROKEN, LinkState.STALE, LinkState.FOREIGN)
        if bad and not evidence:
            evidence = (self._told(reason, ok=False),)
        return Finding(
            state=state,
            fault=fault,
            reason=sanitise(reason, 400),
            next_step=sanitise(next_step, 200),
            evidence=evidence,
            checked=self._fleet.world.at,
        )

    def _told(self, text: str, *, ok: bool | None, source: str = "") -> Evidence:
        where = source or f"engine of {self._draft.endpoint.host}"
        return Evidence(text=sanitise(text, 400), ok=ok, source=sanitise(where, 200), at=self._fleet.world.at)

    def _gone(self) -> Finding | None:
        """The endpoint is not where it is said to be."""
        end = self._stated.endpoint
        if self._there is None or self._stated.target is not None:
            return None
        for host in self._fleet.world.hosts.values():
            for one in host.containers if host.name != end.host and not host.missing else ():
                if one.name == label(end) and ".dockcon-" not in one.name:
                    text = f"{end.text} is gone; there is one of that name on {host.name}"
                    step = (
                        f"dockcon map set {self._mapping.id} --to {host.name}/{one.name}:{self._stated.port}"
                    )
                    return self._say(LinkState.STALE, text, step)
        return self._say(LinkState.STALE, f"{end.text} is gone", "start it again, or map to another")

    def _foreign(self) -> Finding | None:
        standing = self._stated.standing
        if standing.state is not State.FOREIGN:
            return None
        return self._say(LinkState.FOREIGN, standing.reason, standing.next_step)

    def _elsewhere(self) -> Finding | None:
        """The ambassador leads to another address than the one at which the endpoint answers."""
        target, one = self._stated.target, self._ambassador
        if self._there is None or target is None or one is None or one.running is None:
            return None
        if target.state in DOWN:
            return None
        servers = self._servers.of(Side.CONSUMER)
        if not servers:
            text = f"{one.container.name} on {self._draft.consumer.host} does not lead to {self._what}"
            return self._say(LinkState.STALE, text, f"dockcon map apply {self._mapping.id}")
        now = self._servers.address(target)
        led = [server.address for server in servers if server.address]
        file = haproxy.servers_of(one.config or "")
        by_name = any(server.slots for server in file.values() if server.name in self._servers.names)
        if by_name or not led or now in led:
            return None
        if not now:
            text = (
                f"{self._what} publishes port {self._stated.port} no more; "
                f"{one.container.name} leads to {led[0]}"
            )
        elif now in {server.address for server in file.values()}:
            text = f"{one.container.name} leads to {led[0]}, though its file says {now}: re-pointed by hand"
        else:
            text = f"{self._what} answers at {now} now, and {one.container.name} leads to {led[0]}"
        return self._say(LinkState.STALE, text, f"dockcon map apply {self._mapping.id}")

    def _nameless(self) -> Finding | None:
        """The consumer does not find the name."""
        why = no_name(self._fleet, self._draft, self._stated, self._ambassador)
        if not why:
            return None
        where = f"engine of {self._draft.consumer.host}"
        seen = (self._told(why, ok=False, source=where),)
        return self._say(
            LinkState.BROKEN, why, f"dockcon map apply {self._mapping.id}", Fault.DNS, evidence=seen
        )

    def _down(self) -> Finding | None:
        """The engine or the checks speak against the endpoint."""
        where, target = self._draft.endpoint, self._stated.target
        if self._there is not None and target is not None:
            name = f"{where.host}/{target.name}"
            owner = self._fleet.owner(target)
            if owner is None:
                text = f"the container whose network {self._what} uses is gone"
                return self._say(LinkState.BROKEN, text, "look at its logs", Fault.STOPPED)
            if target.state in DOWN or owner.state in DOWN:
                text = f"{self._what} is stopped"
                return self._say(LinkState.BROKEN, text, f"dockcon start {name}", Fault.STOPPED)
            if ContainerState.PAUSED in (target.state, owner.state):
                text = f"{self._what} is paused"
                return self._say(LinkState.BROKEN, text, f"dockcon unpause {name}", Fault.PAUSED)
            if target.state is ContainerState.RESTARTING:
                text = f"{self._what} restarts again and again"
                return self._say(LinkState.BROKEN, text, "look at its logs", Fault.STOPPED)
        for side in (Side.PROVIDER, Side.CONSUMER):
            if (found := self._by_checks(self._servers.of(side))) is not None:
                return found
        return None

    def _by_checks(self, servers: list[ServerView]) -> Finding | None:
        if servers and all(server.status.startswith("MAINT") for server in servers):
            text = f"{self._what} is not found by its name"
            return self._say(LinkState.BROKEN, text, "look at its networks", Fault.DNS)
        live = [server for server in servers if not server.status.startswith("MAINT")]
        if not live or not all(server.status.startswith("DOWN") for server in live):
            return None
        check = live[0].check.removeprefix("* ")
        fault = Fault.TIMEOUT if check in _TIMEOUTS else Fault.REFUSED
        words = "does not answer in time" if fault is Fault.TIMEOUT else "refuses connections"
        if check and check not in ("L4CON", *_TIMEOUTS):
            words = f"fails its check ({check})"
        text = f"{self._what} {words}"
        told = self._told(f"check: {words}", ok=False, source=f"HAProxy of {self._called}")
        step = f"look at its logs, and at port {self._stated.port} of it"
        return self._say(LinkState.BROKEN, text, step, fault, evidence=(told,))

    @property
    def _called(self) -> str:
        one = self._ambassador
        return str(one.container.name) if one is not None else f"dockcon-{self._mapping.id}"

    def _unanswered(self) -> Finding | None:
        """Attempts are waiting, and nobody is connected."""
        if not self._opening or any(self._fleet.confirmed(one) for one in self._draft.seen):
            return None
        text = f"{self._opening} attempts to connect are not answered"
        step = f"look at {self._what}, and at firewalls between the hosts"
        told = self._told(text, ok=False, source=f"connection tracking of {self._draft.consumer.host}")
        return self._say(LinkState.BROKEN, text, step, Fault.TIMEOUT, evidence=(told,))

    def _connected(self) -> Finding | None:
        """Connections all the way to the endpoint."""
        count = sum(self._fleet.confirmed(one) for one in self._draft.seen if one.proven)
        servers = self._servers.of(Side.CONSUMER)
        if not count or self._fleet.old:
            return None
        sight = self._fleet.sight(self._draft.consumer.host)
        told = Evidence(
            text=safe(f"{count} connection{'s' if count > 1 else ''}"),
            ok=True,
            source=sanitise(f"connection tracking of {self._draft.consumer.host}", 200),
            at=sight.at if sight is not None else self._fleet.world.at,
        )
        return self._say(LinkState.OK, self._half(servers), evidence=(told, *self._up(servers)))

    def _half(self, servers: list[ServerView]) -> str:
        """What is worth saying of a link that is well."""
        down = [server for server in servers if server.status.startswith("DOWN")]
        if down:
            return f"does not answer at {', '.join(server.address or server.server for server in down)}"
        consumer = self._stated.consumer
        if consumer is not None and consumer.state in DOWN:
            return f"{self._draft.consumer.text} does not run"
        return ""

    def _up(self, servers: list[ServerView]) -> tuple[Evidence, ...]:
        up = [one for one in servers if one.status.startswith("UP")]
        source = f"HAProxy of {self._called}"
        return (self._told(f"check: {up[0].check or up[0].status}", ok=True, source=source),) if up else ()

    def _unread(self) -> Finding | None:
        """Something it rests on cannot be read."""
        one, why = self._ambassador, ""
        host = self._draft.consumer.host
        if self._here is None:
            known = self._fleet.world.hosts.get(host)
            why = f"{host} cannot be read" + (f" ({known.missing})" if known is not None else "")
        elif self._stated.consumer is None:
            why = f"{self._draft.consumer.text} is not there"
        elif self._fleet.old:
            why = f"last checked {self._fleet.now - self._fleet.world.at:.0f} s ago"
        elif one is not None and one.running is None:
            why = f"{one.container.name} cannot be asked" + (f" ({one.unread})" if one.unread else "")
        elif one is None and self._there is None:
            why = f"{self._draft.endpoint.host} cannot be read"
        return self._say(LinkState.UNKNOWN, why, f"dockcon check {host}") if why else None

    def _checked(self) -> Finding | None:
        """Nobody is connected, and a check says that all is well."""
        servers, target = self._servers.of(Side.CONSUMER), self._stated.target
        up = [one for one in servers if one.status.startswith("UP")]
        if up:
            return self._say(LinkState.IDLE, self._half(servers), evidence=self._up(up))
        if self._ambassador is None and target is not None and target.health is Health.HEALTHY:
            told = self._told("healthy by its own health check", ok=True)
            return self._say(LinkState.IDLE, self._half([]), evidence=(told,))
        return None
