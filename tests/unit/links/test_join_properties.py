"""Of any fleet with any connections: exactly the true pairs are found, whichever host shows what."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from console.model.containers import ContainerKey, Port
from console.model.links.join import join
from console.model.links.link import EndKind
from console.model.links.seen import ProxySession, Seen
from console.model.links.sight import Address, HostSight
from console.model.mappings.world import ContainerView, ServerView
from tests.unit.links.kernels import Kernels, ip_of, name_of, pairs

HOSTS = {"app-1": "10.0.0.11", "app-2": "10.0.0.12", "db-1": "10.0.0.21"}
Sessions = dict[ContainerKey, tuple[ProxySession, ...]]


def a_fleet() -> tuple[Kernels, dict[str, list[ContainerView]]]:
    """On each host three containers with the same addresses as on the others, one of them without an
    address of its own, and an ambassador that leads to two of the next host.
    """
    kernels = Kernels(HOSTS)
    for host in HOSTS:
        for number in range(2, 5):
            ports = [Port(5000 + number, 15000 + number, "0.0.0.0")]
            kernels.container(f"c{number}", host, f"172.18.0.{number}", ports=ports)
        kernels.container("node", host, mode="host")
    names = list(HOSTS)
    for host, there in zip(names, names[1:] + names[:1], strict=True):
        places = [f"{HOSTS[there]}:{15000 + number}" for number in (2, 3)]
        servers = [
            ServerView(backend="to_7000", server=place, address=place, status="UP") for place in places
        ]
        kernels.ambassador(f"m-{host}", host, "172.18.0.9", *servers)
    return kernels, {host: list(kernels.containers[host]) for host in HOSTS}


@st.composite
def connected(draw: st.DrawFn) -> tuple[Kernels, Sessions]:
    """A fleet with up to twenty connections."""
    kernels, fleet = a_fleet()
    sessions: dict[ContainerKey, list[ProxySession]] = {}
    names = list(HOSTS)
    for _ in range(draw(st.integers(0, 20))):
        here = draw(st.sampled_from(names))
        there = draw(st.sampled_from([host for host in names if host != here]))
        consumer = draw(st.sampled_from(fleet[here][:3]))
        local = draw(st.sampled_from([one for one in fleet[here][:3] if one is not consumer]))
        remote = draw(st.sampled_from(fleet[there][:3]))
        match draw(st.sampled_from(["bridge", "published", "own", "proxy", "machine", "through", "away"])):
            case "bridge":
                kernels.bridged(consumer, local, local.ports[0].private)
            case "published":
                rewritten = draw(st.booleans())
                kernels.published(consumer, remote, remote.ports[0].private, rewritten=rewritten)
            case "own":
                kernels.own_host(consumer, local, local.ports[0].private)
            case "proxy":
                kernels.docker_proxy(consumer, local, local.ports[0].private)
            case "machine":
                kernels.from_machine(fleet[here][3], remote, remote.ports[0].private)
            case "through":
                number = draw(st.sampled_from([0, 1]))
                beyond = fleet[names[(names.index(here) + 1) % 3]][number]
                through(kernels, sessions, consumer, fleet[here][4], beyond)
            case "away":
                away(kernels, consumer)
    return kernels, {key: tuple(found) for key, found in sessions.items()}


def through(
    kernels: Kernels,
    sessions: dict[ContainerKey, list[ProxySession]],
    consumer: ContainerView,
    proxy: ContainerView,
    server: ContainerView,
) -> None:
    """A session of an ambassador: the truth is what is on its two sides."""
    port = server.ports[0]
    client = kernels.bridged(consumer, proxy, 7000)
    kernels.published(proxy, server, port.private)
    for one in ((consumer, proxy, 7000), (proxy, server, port.private)):
        kernels.truth[name_of(one[0]), name_of(one[1]), one[2]] -= 1
    kernels.truth[name_of(consumer), name_of(server), port.private] += 1
    chosen = ProxySession(client, Address(HOSTS[server.host], port.public))
    sessions.setdefault((proxy.host, proxy.id), []).append(chosen)


def away(kernels: Kernels, consumer: ContainerView) -> None:
    src, dst = kernels.source(consumer.host, ip_of(consumer)), Address("203.0.113.9", 443)
    masked = kernels.masked(consumer.host, src, dst, rewritten=False)
    kernels.row(consumer.host, src, dst, dst, masked)
    kernels.socket(consumer.host, consumer.id, src, dst)
    kernels.truth[name_of(consumer), "203.0.113.9", 443] += 1


def true_pairs(kernels: Kernels) -> dict[tuple[str, str, int], int]:
    return dict(+kernels.truth)


def certain(seen: tuple[Seen, ...]) -> Counter[tuple[str, str, int]]:
    """What is said of containers as consumers."""
    return Counter(pairs([one for one in seen if one.consumer.kind is EndKind.CONTAINER]))


@settings(deadline=None)
@given(connected())
def test_all_hosts_track_their_connections(fleet: tuple[Kernels, Sessions]) -> None:
    kernels, sessions = fleet
    found = join(kernels.world(), kernels.sights(), sessions)
    assert pairs(found) == true_pairs(kernels)


@settings(deadline=None)
@given(connected(), st.sets(st.sampled_from(list(HOSTS)), min_size=1))
def test_some_hosts_show_their_sockets_only(fleet: tuple[Kernels, Sessions], blind: set[str]) -> None:
    kernels, sessions = fleet
    found = join(kernels.world(), kernels.sights(blind=blind), sessions)
    assert pairs(found) == true_pairs(kernels)


@settings(deadline=None)
@given(connected(), st.sampled_from(list(HOSTS)), st.booleans())
def test_a_host_that_shows_nothing_makes_nothing_wrong(
    fleet: tuple[Kernels, Sessions], dark: str, known: bool
) -> None:
    kernels, sessions = fleet
    sights: dict[str, HostSight] = kernels.sights()
    del sights[dark]
    world = kernels.world()
    if not known:
        world = type(world)(
            fleet=world.fleet, at=world.at, hosts={k: v for k, v in world.hosts.items() if k != dark}
        )
    found = certain(join(world, sights, sessions))
    if known:
        told = Counter({key: n for key, n in kernels.truth.items() if n > 0 and f"@{dark}" not in key[0]})
        assert {key: n for key, n in found.items() if f"@{dark}" not in key[0]} == dict(told)
    for key, count in found.items():
        if "@" in key[1] and "@" in key[0]:
            assert key in kernels.truth, "a pair that is not there"
            if known:
                assert count <= kernels.truth[key]
