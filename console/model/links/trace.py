"""From rows of connection tracking and sockets to connections whose two ends are known.

A connection between two hosts is in two tables: as host A translated its source, so host B saw it come. The
row of B says who really answers, also where a table of published ports lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from console.model.containers import ContainerKey
from console.model.links.ground import NOBODY, Answer, Ground, Who, is_loopback
from console.model.links.sight import Address, Flow, FlowState, HostSight, Socket, SocketState

_DEPTH = 3
"""Hosts that one connection is followed through."""


class Tie(NamedTuple):
    """One connection, both ends known."""

    client: Who
    server: Who
    port: int
    """The server's own."""
    dialled: Address
    source: Address
    """Of the client, in its own namespace."""
    told: str
    """Which host's kernel shows it."""
    open: bool
    """False: not answered yet."""
    sure: bool
    rtt: float | None = None
    protocol: str = "tcp"
    tracked: bool = True
    """By connection tracking; False: from a list of sockets."""
    named: bool = True
    """False: the client is on a host that cannot tell whose connection it is."""


class Tracer:
    """Follows the connections of one look at a fleet."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._rows: dict[tuple[str, Address, Address, str], Flow] = {}
        self._lands: dict[tuple[str, Address, str], Address | None] = {}
        """Where what is dialled on a host is led to, if always to the same; None: it differs."""
        self._arrivals: dict[tuple[str, int, Address], list[tuple[str, Flow]]] = {}
        """Rows of clients on hosts that track nothing: by that host, its port and what is dialled."""
        self._accepted: dict[tuple[str, Address], list[Answer]] = {}
        """By host and client: sockets that answer, on hosts without connection tracking."""
        self._rtts: dict[tuple[str, Address, Address], float] = {}
        self._machine: set[tuple[str, Address, Address]] = set()
        """Connections that end on the network of the machine itself."""
        self._told: set[tuple[str, Address]] = set()
        """By host and client: connections that a list of sockets told of."""
        self._sent: Counter[tuple[str, Who, int]] = Counter()
        """By the client's host, and the server: how many they were."""
        self._borrowed = frozenset(_borrowed(ground))
        for host, sight in ground.sights.items():
            self._index(host, sight)

    def ties(self) -> Iterator[Tie]:
        """Every open connection, and every one that waits for its answer."""
        for host, sight in self._ground.sights.items():
            yield from self._alive(self._of_rows(host, sight.flows or ()))
            yield from self._of_sockets(host, sight)
        for host, sight in self._ground.sights.items():
            if sight.flows is None:
                yield from self._answered(host, sight)
        yield from self._alive(self._unexplained())

    def address(self, host: str, at: Address) -> Answer | None:
        """Who answers where a container of `host` dials, no connection being known; None: nobody."""
        flow = Flow(Address("", 0), at, at, Address("", 0), FlowState.OPEN)
        return self._server(host, flow)

    def _index(self, host: str, sight: HostSight) -> None:
        for flow in sight.flows or ():
            self._rows[host, flow.src, flow.dst, flow.protocol] = flow
            if flow.state is FlowState.CLOSING:
                continue
            place = (host, flow.dst, flow.protocol)
            if self._lands.setdefault(place, flow.reply_src) != flow.reply_src:
                self._lands[place] = None
            client = self._ground.whose(host, flow.src.ip)
            if (
                client is not None
                and client.is_machine
                and client.host != host
                and self._is_blind(client.host)
            ):
                self._arrivals.setdefault((client.host, flow.src.port, flow.dst), []).append((host, flow))
        blind = sight.flows is None
        for ident, sockets in sight.sockets.items():
            who = self._living(host, ident) if blind else None
            serves = self._served(host, ident, sockets)
            for socket in sockets:
                if not ident:
                    self._machine.add((host, socket.local, socket.remote))
                if socket.rtt is not None:
                    self._rtts[host, socket.local, socket.remote] = socket.rtt
                if (
                    who is not None
                    and socket.state is not SocketState.LISTENING
                    and socket.local.port in serves
                ):
                    answer = Answer(who, socket.local.port, True)
                    self._accepted.setdefault((host, socket.remote), []).append(answer)

    def _is_blind(self, host: str) -> bool:
        sight = self._ground.sights.get(host)
        return sight is None or sight.flows is None

    def _served(self, host: str, ident: str, sockets: Iterable[Socket]) -> frozenset[int]:
        """The ports on which a namespace answers."""
        found = {one.local.port for one in sockets if one.state is SocketState.LISTENING}
        view = self._ground.containers.get((host, ident))
        if view is not None and not found:
            found = {port.private for port in view.ports}
        return frozenset(found)

    def _of_rows(self, host: str, flows: Iterable[Flow]) -> Iterator[Tie]:
        ground = self._ground
        for flow in flows:
            if flow.state is FlowState.CLOSING:
                continue
            client = ground.whose(host, flow.src.ip)
            if client is None:
                continue
            if client.is_machine:
                if client.host != host:
                    continue  # told by the host it comes from
                client = ground.process(host, flow.src, flow.dst)
            elif is_loopback(flow.dst.ip):
                continue  # in a namespace of its own: the engine's resolver
            answer = self._server(host, flow, client)
            if answer is None:
                if flow.state is not FlowState.OPENING:
                    continue
                answer = Answer(Who(ip=flow.dst.ip), flow.dst.port, True)
            if flow.protocol != "tcp" and not ground.publishes(answer.who, answer.port, flow.protocol):
                continue
            yield self._tie(host, flow, client, answer)

    def _tie(self, host: str, flow: Flow, client: Who, answer: Answer, **more: bool) -> Tie:
        return Tie(
            client=client,
            server=answer.who,
            port=answer.port,
            dialled=flow.dst,
            source=flow.src,
            told=host,
            open=flow.state is FlowState.OPEN,
            sure=answer.sure,
            rtt=self._rtts.get((host, flow.src, flow.dst)),
            protocol=flow.protocol,
            **more,
        )

    def _server(self, host: str, flow: Flow, client: Who = NOBODY, depth: int = _DEPTH) -> Answer | None:
        """Who answers a connection that `host` tracks; None: an address that nobody has any more."""
        ground, end = self._ground, flow.reply_src
        who = ground.whose(host, end.ip)
        if who is None or (not who.is_machine and not who.is_container):
            if (shared := ground.across(client, end.ip)) is not None:
                return Answer(shared, end.port, True)
            return Answer(who, end.port, True) if who is not None else None
        if who.is_container:
            return Answer(who, end.port, True)
        if who.host == host:
            return self._taken(host, flow)
        return self._beyond(who.host, flow, depth)

    def _beyond(self, host: str, flow: Flow, depth: int) -> Answer | None:
        """Who answers on `host` a connection that another one sent there."""
        came, to = flow.reply_dst, flow.reply_src
        row = self._rows.get((host, came, to, flow.protocol))
        if row is not None and depth:
            return self._server(host, row, depth=depth - 1)
        land = self._lands.get((host, to, flow.protocol))
        if land is not None and land != to:
            who = self._ground.whose(host, land.ip)
            if who is not None and who.is_container:
                # Another connection to the same address: the kernel leads them all there.
                return Answer(who, land.port, True)
        return self._taken(host, flow)

    def _taken(self, host: str, flow: Flow) -> Answer:
        """Who answers on `host` itself, by its sockets and its table of ports. One client's port can lead to
        two servers at once: alone, a socket of a server is no proof that it is this connection's.
        """
        answer = self._ground.answers(host, flow.reply_src, flow.reply_dst, flow.protocol)
        if (host, flow.reply_src, flow.reply_dst) in self._machine:
            return answer
        accepted = self._accepted.get((host, flow.reply_dst), [])
        if not answer.who.is_container and len(accepted) == 1:
            return accepted[0]._replace(sure=False)
        fits = any(one.who == answer.who and one.port == answer.port for one in accepted)
        return answer._replace(sure=True) if fits else answer

    def _of_sockets(self, host: str, sight: HostSight) -> Iterator[Tie]:
        """Connections that only the sockets of their clients tell: all of a host without connection tracking,
        and those on the network of the machine itself, where tracking may leave out the loopback.
        """
        blind = sight.flows is None
        for who, socket, serves in self._spoken(host, sight):
            if serves or (not blind and not who.id):
                continue
            local, remote = socket.local, socket.remote
            state = FlowState.OPEN if socket.state is SocketState.OPEN else FlowState.OPENING
            # Another host sees a container's connection come from this machine, from a port unknown here.
            masked = who in self._ground.bridged and self._ground.is_far(host, remote.ip)
            flow = Flow(local, remote, remote, Address("", 0) if masked else local, state)
            row = self._arrived(host, local, remote)
            answer = self._server(*row) if row is not None else self._server(host, flow, who)
            if answer is not None:
                self._told.add((host, local))
                self._sent[host, answer.who, answer.port] += 1
                yield self._tie(host, flow, who, answer, tracked=False)

    def _answered(self, host: str, sight: HostSight) -> Iterator[Tie]:
        """Connections that only the sockets of their servers tell."""
        for server, socket, serves in self._spoken(host, sight):
            if not serves or not server.id or (host, socket.remote) in self._told:
                continue
            local, remote = socket.local, socket.remote
            client = self._ground.whose(host, remote.ip)
            if client is None:
                continue
            named = True
            if client.is_machine and client.host == host:
                client = self._ground.process(host, remote, local)
            elif client.is_machine:
                if not self._is_blind(client.host) or self._is_told(client.host, server, local.port):
                    continue  # told by the host it comes from
                client, named = Who(ip=remote.ip), False
            state = FlowState.OPEN if socket.state is SocketState.OPEN else FlowState.OPENING
            flow = Flow(remote, local, local, remote, state)
            answer = Answer(server, local.port, True)
            yield self._tie(host, flow, client, answer, tracked=False, named=named)

    def _spoken(self, host: str, sight: HostSight) -> Iterator[tuple[Who, Socket, bool]]:
        """Sockets that are no row of connection tracking: whose they are, and whether they answer."""
        blind = sight.flows is None
        for ident, sockets in sight.sockets.items():
            if ident and not blind:
                continue
            serves = self._served(host, ident, sockets)
            joined = self._living(host, ident)
            if ident and joined is None:
                continue
            for socket in sockets:
                local, remote = socket.local, socket.remote
                if socket.state is SocketState.LISTENING or (host, local, remote, "tcp") in self._rows:
                    continue
                if joined is None:
                    yield self._ground.process(host, local, remote), socket, local.port in serves
                elif not is_loopback(remote.ip):
                    yield joined, socket, local.port in serves

    def _living(self, host: str, ident: str) -> Who | None:
        """Whose network a container lives in; None for no container, or one that is not known to run."""
        key = self._ground.namespace(host, ident)
        return Who(*key) if key in self._ground.containers else None

    def _arrived(self, host: str, local: Address, remote: Address) -> tuple[str, Flow] | None:
        """The row of the other host for a connection of `host`, where there is but one that fits."""
        rows = self._arrivals.get((host, local.port, remote), [])
        return rows[0] if len(rows) == 1 else None

    def _unexplained(self) -> Iterator[Tie]:
        """Connections from hosts that cannot say whose they are, as far as the other host shows them."""
        for (client, _, _), rows in self._arrivals.items():
            for host, flow in rows:
                answer = self._server(host, flow)
                if answer is None or flow.protocol != "tcp":
                    continue
                if not self._is_told(client, answer.who, answer.port):
                    yield self._tie(host, flow, Who(ip=flow.src.ip), answer, named=False)

    def _is_told(self, host: str, server: Who, port: int) -> bool:
        """Whether one of the connections that the sockets of `host` told of accounts for this one."""
        key = (host, server, port)
        self._sent[key] -= 1
        return self._sent[key] >= 0

    def _alive(self, ties: Iterable[Tie]) -> Iterator[Tie]:
        """Without rows that outlived their connections."""
        dead = self._ground.dead
        for tie in ties:
            if tie.protocol == "tcp":
                if tie.open and (tie.client[:2] in dead or tie.server[:2] in dead):
                    continue
                if not tie.open and tie.client[:2] in self._borrowed:
                    continue
            yield tie


def _borrowed(ground: Ground) -> Iterator[ContainerKey]:
    """Containers with more rows to their address than they ever dialled: it was another one's shortly before,
    whose unanswered attempts stay for two minutes.
    """
    for host, sight in ground.sights.items():
        rows = Counter(
            flow.src.ip
            for flow in sight.flows or ()
            if flow.state is not FlowState.CLOSING and flow.protocol == "tcp"
        )
        for ip, number in rows.items():
            who = ground.whose(host, ip)
            counters = sight.counters.get(who.id) if who is not None and who.host == host else None
            if who is not None and counters is not None and number > counters.opened:
                yield who[:2]


def without_docker_proxy(ties: list[Tie], ground: Ground) -> list[Tie]:
    """Leave out the second half of what docker-proxy carries: it takes a connection to a published port, and
    makes one of its own from the machine to the container. Each first half explains one second half.
    """
    halves: dict[tuple[ContainerKey, int], int] = {}
    for tie in ties:
        if tie.open and not tie.sure and tie.server.is_container:
            key = (tie.server[:2], tie.port)
            halves[key] = halves.get(key, 0) + 1
    kept = []
    for tie in ties:
        key = (tie.server[:2], tie.port)
        inward = tie.client == Who(tie.server.host) and tie.server.is_container and tie.sure
        if inward and halves.get(key) and ground.publishes(tie.server, tie.port, tie.protocol):
            halves[key] -= 1
            continue
        kept.append(tie)
    return kept
