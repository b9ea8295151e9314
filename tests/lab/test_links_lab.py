"""Links over real engines: every state is produced for real, and told with its reason."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.model.links.link import Known, Link, LinkState
from tests.lab.image import IMAGE
from tests.lab.machine import run
from tests.lab.mapfixtures import bare, scene
from tests.lab.mapscene import Desk, MapScene, end, mapping

__all__ = ["bare", "scene"]

DB = mapping(end("h2"))


class Watching:
    """A console with its links watched."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def links(self) -> tuple[Link, ...]:
        return self.desk.fleet.link_place.observer.list.links

    def link(self, to: str = "postgres@h2") -> Link | None:
        """Of the app to one endpoint: the worst."""
        return next(
            (one for one in self.links if (one.consumer.text, one.endpoint.text) == ("app@h1", to)), None
        )

    async def becomes(self, word: str, reason: str = "", to: str = "postgres@h2") -> Link:
        """Wait for a state; say how long it took."""
        began, seen = time.monotonic(), dict[str, None]()

        def so() -> bool:
            link = self.link(to)
            seen.setdefault(
                f"{link.word}: {link.reason}" if link else f"none of {[x.word for x in self.links]}"
            )
            return link is not None and link.word == word and reason in link.reason

        try:
            await self.desk.until(so, f"{to} to be {word}", 20)
        except AssertionError as error:
            raise AssertionError(f"{error}: {list(seen)}") from None
        print(f"{word} after {time.monotonic() - began:.2f} s, by way of {list(seen)[:-1]}")
        link = self.link(to)
        assert link is not None
        return link


@asynccontextmanager
async def watching(scene: MapScene) -> AsyncIterator[Watching]:
    async with scene.console() as desk:
        desk.fleet.link_place.watch(on=True)
        yield Watching(desk)


@asynccontextmanager
async def mapped(scene: MapScene) -> AsyncIterator[Watching]:
    """The same with db:5432 stated and made true."""
    async with watching(scene) as seen:
        await seen.desk.done(DB)
        await seen.becomes("idle")
        yield seen


def hold(scene: MapScene, name: str, port: int) -> None:
    """The app keeps one connection open."""
    scene.lab["h1"].docker("exec", "-d", "app", "sh", "-c", f"sleep 1000 | socat - TCP:{name}:{port}")


async def test_16_and_29_stopped_paused_and_dead_are_told_apart_and_never_ok(scene: MapScene) -> None:
    h2 = scene.lab["h2"]
    async with mapped(scene) as seen:
        h2.docker("pause", "postgres")
        await seen.becomes("broken: paused", "is paused")
        h2.docker("unpause", "postgres")
        await seen.becomes("idle")
        h2.docker("stop", "postgres")
        await seen.becomes("broken: stopped", "is stopped")
        h2.docker("start", "postgres")
        await seen.becomes("idle")
        # The process is dead and the container runs: dockerd's proxy would still take connections.
        h2.docker("rm", "-f", "postgres")
        scene.silent("h2", port=5432, published=5432)
        await seen.becomes("broken: refused", "refuses")


async def test_31_sessions_through_the_ambassador_are_one_link(scene: MapScene) -> None:
    async with mapped(scene) as seen:
        hold(scene, "db", 5432)
        await seen.desk.until(
            lambda: (x := seen.link()) and x.state is LinkState.OK and x.sessions, "a session"
        )
        link = seen.link()
        assert link is not None
        assert (link.mapping, str(link.via), str(link.dials)) == ("db", "ambassador", "db:5432")
        assert Known.OBSERVED in link.known
        assert [one for one in seen.links if one.consumer.text == "app@h1"] == [link]


@pytest.mark.soak
async def test_17_a_target_that_moved_to_another_port_is_stale(scene: MapScene) -> None:
    async with mapped(scene) as seen:
        scene.lab["h2"].docker("rm", "-f", "postgres")
        await seen.becomes("stale", "gone")
        scene.database("h2", published=15432)
        await seen.becomes("stale", "15432")


@pytest.mark.soak
async def test_18_and_19_without_network_or_ambassador_the_name_is_not_known(scene: MapScene) -> None:
    h1 = scene.lab["h1"]
    async with mapped(scene) as seen:
        h1.docker("stop", "dockcon-db")
        await seen.becomes("broken: dns")
        h1.docker("start", "dockcon-db")
        await seen.becomes("idle")
        networks = h1.docker(
            "inspect", "-f", "{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}", "dockcon-db"
        )
        for network in networks.split():
            h1.docker("network", "disconnect", network, "dockcon-db")
        await seen.becomes("broken: dns")


@pytest.mark.soak
async def test_19_an_ambassador_altered_by_hand_is_said(scene: MapScene) -> None:
    async with mapped(scene) as seen:
        old, new = scene.lab["h2"].address, scene.lab["h3"].address
        script = f"sed -i 's/{old}:/{new}:/' /dockcon/haproxy.cfg && kill -HUP 1"
        scene.lab["h1"].docker("exec", "dockcon-db", "sh", "-c", script)
        await seen.desk.until(
            lambda: (x := seen.link()) and x.state in (LinkState.STALE, LinkState.FOREIGN), "it to be said"
        )


@pytest.mark.soak
async def test_a_route_that_is_dropped_is_a_timeout(scene: MapScene) -> None:
    drop = ("-p", "tcp", "--dport", "5432", "-j", "DROP")
    space = scene.lab["h2"].namespace
    async with mapped(scene) as seen:
        run(["ip", "netns", "exec", space, "iptables", "-t", "raw", "-I", "PREROUTING", *drop])
        try:
            await seen.becomes("broken: timeout")
        finally:
            run(["ip", "netns", "exec", space, "iptables", "-t", "raw", "-D", "PREROUTING", *drop])
        await seen.becomes("idle")


async def test_32_a_flow_that_nobody_states_is_undeclared_and_can_be_adopted(scene: MapScene) -> None:
    async with watching(scene) as seen:
        hold(scene, scene.lab["h3"].address, 5432)
        link = await seen.becomes("undeclared", to="postgres@h3")
        assert link.sessions == 1
        stated = await seen.desk.fleet.link_place.observer.adopt(link)
        assert [(one.host, one.container, one.ports) for one in stated.to] == [("h3", "postgres", (5432,))]
        assert stated.consumers[0].text == "app@h1"


def test_33_without_root_it_is_said_what_cannot_be_seen(scene: MapScene) -> None:
    found = scene.dockcon("links", "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    scene.hosts_yml.write_text(scene.hosts_yml.read_text().replace("engine:", "observe: off, engine:"))
    found = scene.dockcon("links")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "observe: off" in found.stderr


@pytest.mark.soak
async def test_fifty_consumers_with_four_connections_each_are_joined_to_the_right_container(
    bare: MapScene,
) -> None:
    h1 = bare.lab["h1"]
    for number in range(50):
        host = "h2" if number % 2 else "h3"
        script = f"for i in 1 2 3 4; do sleep 1000 | socat - TCP:{bare.lab[host].address}:5432 & done; wait"
        h1.docker("run", "-d", "--stop-timeout", "1", "--name", f"c{number}", IMAGE, "sh", "-c", script)
    wanted = {(f"c{n}@h1", "postgres@h2" if n % 2 else "postgres@h3", 4) for n in range(50)}
    async with watching(bare) as seen:

        def found() -> set[tuple[str, str, int | None]]:
            return {(str(one.consumer.text), str(one.endpoint.text), one.sessions) for one in seen.links}

        # The hosts are looked at side by side: whoever is first shows clients that it cannot name.
        began = time.monotonic()
        await seen.desk.until(lambda: sum(x.sessions or 0 for x in seen.links) == 200, "200 connections", 60)
        await seen.desk.until(lambda: all(x.consumer.host for x in seen.links), "all hosts", 60)
        print(f"200 connections of 50 consumers after {time.monotonic() - began:.1f} s")
        assert found() == wanted
