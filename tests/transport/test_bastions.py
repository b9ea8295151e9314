"""Jump hosts: shared, counted, asked about once, and lost for all who go through them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from console.errors import AnswerNeeded, HostRefused, HostUnreachable
from console.model.hosts import HostSpec
from console.transport.ssh import SshConnection, SshConnector
from tests.transport.sshd import Collector, Home, Person, Sshd, sshd, until


@dataclass
class Net:
    """Jump hosts one behind the other, and a host behind the last."""

    home: Home
    connector: SshConnector
    jumps: list[Sshd]
    host: Sshd

    @property
    def way(self) -> tuple[HostSpec, ...]:
        return tuple(jump.spec(f"bastion-{n}") for n, jump in enumerate(self.jumps, 1))

    async def connect(self, name: str = "app-1", person: Person | None = None) -> SshConnection:
        return await self.connector.connect(self.host.spec(name, jump=self.way), person)


@asynccontextmanager
async def net(home: Home, jumps: int = 1, **timing: float) -> AsyncIterator[Net]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(sshd(home.key)) for _ in range(jumps + 1)]
        home.trust(*servers)
        connector = await stack.enter_async_context(home.connector(**timing))
        yield Net(home, connector, servers[:-1], servers[-1])


async def test_a_host_is_reached_through_a_jump_host(home: Home) -> None:
    async with net(home) as lan:
        connection = await lan.connect()
        heard = Collector()
        await connection.open_command(["echo", "hello"], heard)
        await until(lambda: bool(heard.ends))
        assert bytes(heard.out) == b"hello\n"
        assert connection.route == f"ops@127.0.0.1:{lan.host.port} via bastion-1"
        assert connection.idle() < 5
        await connection.aclose()
        await until(lambda: not lan.jumps[0].connections and not lan.host.connections)
        assert lan.connector.bastions == 0


async def test_two_jump_hosts_in_a_row(home: Home) -> None:
    async with net(home, 2) as lan:
        connection = await lan.connect()
        assert connection.route == f"ops@127.0.0.1:{lan.host.port} via bastion-1, bastion-2"
        assert lan.connector.bastions == 2
        assert [jump.accepted for jump in lan.jumps] == [1, 1]
        await connection.aclose()
        await until(lambda: not any(jump.connections for jump in lan.jumps))
        assert lan.connector.bastions == 0


async def test_forty_hosts_share_one_connection_to_their_jump_host(home: Home) -> None:
    async with net(home) as lan:
        connections = await asyncio.gather(*(lan.connect(f"app-{n}") for n in range(40)))
        assert lan.jumps[0].accepted == 1
        assert lan.host.accepted == 40
        assert lan.connector.bastions == 1
        await asyncio.gather(*(connection.aclose() for connection in connections[1:]))
        assert lan.connector.bastions == 1
        assert len(lan.jumps[0].connections) == 1
        await connections[0].aclose()
        await until(lambda: not lan.jumps[0].connections)


async def test_one_machine_under_two_names_is_one_jump_host(home: Home) -> None:
    async with net(home) as lan:
        one = await lan.connect("app-1")
        same = lan.jumps[0].spec("the-same")
        two = await lan.connector.connect(lan.host.spec("app-2", jump=(same,)), None)
        assert lan.jumps[0].accepted == 1
        await one.aclose()
        await two.aclose()


async def test_no_more_than_eight_log_in_at_one_machine_at_a_time(home: Home) -> None:
    async with net(home) as lan:
        specs = [lan.host.spec(f"app-{n}") for n in range(30)]
        connections = await asyncio.gather(*(lan.connector.connect(spec, None) for spec in specs))
        assert 1 < lan.host.most_waiting <= 8
        await asyncio.gather(*(connection.aclose() for connection in connections))


async def test_a_chain_shares_its_first_jump_host_with_those_right_behind_it(home: Home) -> None:
    async with net(home, 2) as lan:
        deep = await lan.connect("deep")
        near = await lan.connector.connect(lan.host.spec("near", jump=lan.way[:1]), None)
        assert lan.jumps[0].accepted == 1
        await deep.aclose()
        await until(lambda: not lan.jumps[1].connections)
        assert len(lan.jumps[0].connections) == 1
        await near.aclose()
        await until(lambda: not lan.jumps[0].connections)


async def test_a_lost_jump_host_gives_all_its_users_one_reason(home: Home) -> None:
    async with net(home, 2) as lan:
        connections = [await lan.connect(f"app-{n}") for n in range(3)]
        heard = Collector()
        await connections[0].open_command(["hang"], heard)
        lan.jumps[0].connections[0].abort()
        reasons = [await connection.lost() for connection in connections]
        assert {reason.message for reason in reasons} == {
            "bastion-2 lost: bastion-1 lost: closed by the host"
        }
        assert [reason.host for reason in reasons] == ["app-0", "app-1", "app-2"]
        ((error, status),) = heard.ends
        assert isinstance(error, HostUnreachable)
        assert (error.message, status) == (reasons[0].message, None)
        for connection in connections:
            await connection.aclose()
        assert lan.connector.bastions == 0
        again = await lan.connect()
        assert lan.jumps[0].accepted == 2
        await again.aclose()


async def test_after_a_loss_the_next_does_not_wait_for_the_others_to_let_go(home: Home) -> None:
    async with net(home) as lan:
        held = await lan.connect("slow-to-close")
        lan.jumps[0].connections[0].abort()
        await held.lost()
        again = await lan.connect()
        assert lan.connector.bastions == 1
        await held.aclose()
        assert len(lan.jumps[0].connections) == 1
        await again.aclose()


async def test_a_silent_jump_host_is_the_reason_not_the_host_behind_it(home: Home) -> None:
    async with net(home, keepalive=0.1) as lan:
        connection = await lan.connect()
        stuck = lan.jumps[0].connections[0]
        stuck.data_received = lambda data, datatype=None: None  # type: ignore[method-assign]  # hears no more
        assert (await connection.lost()).message.startswith("bastion-1 lost: no answer for")
        await connection.aclose()


async def test_a_refusal_of_the_jump_host_is_told_to_all_in_their_own_name(home: Home) -> None:
    async with net(home) as lan:
        lan.jumps[0].authorized.clear()
        results = await asyncio.gather(*(lan.connect(f"app-{n}") for n in range(6)), return_exceptions=True)
        assert [type(result).__name__ for result in results] == ["LoginRefused"] * 6
        assert [str(result).split(":")[0] for result in results] == [f"app-{n}" for n in range(6)]
        assert lan.jumps[0].accepted == 1
        assert lan.connector.bastions == 0


async def test_one_of_those_who_wait_is_asked_about_the_jump_host(home: Home) -> None:
    async with net(home) as lan:
        home.known_hosts.write_text("")
        home.trust(lan.host)
        people = [Person(("yes",)) for _ in range(5)]
        connections = await asyncio.gather(
            *(lan.connect(f"app-{n}", person) for n, person in enumerate(people))
        )
        asked = [question for person in people for question in person.asked]
        assert [question.hop for question in asked] == ["bastion-1"]
        for connection in connections:
            await connection.aclose()


async def test_when_the_one_who_is_asked_leaves_the_next_is_asked(home: Home) -> None:
    async with net(home) as lan:
        home.known_hosts.write_text("")
        home.trust(lan.host)
        first, second = Person(("yes",)), Person(("yes",))
        first.waits = asyncio.Event()
        leaving = asyncio.ensure_future(lan.connect("app-1", first))
        await until(lambda: bool(first.asked))
        staying = asyncio.ensure_future(lan.connect("app-2", second))
        nobody = asyncio.ensure_future(lan.connect("app-3", None))
        await asyncio.sleep(0)
        leaving.cancel()
        connections = [await staying, await nobody]
        assert [question.host for question in second.asked] == ["app-2"]
        for connection in connections:
            await connection.aclose()


async def test_the_last_one_to_leave_ends_the_dial(home: Home) -> None:
    async with net(home) as lan:
        home.known_hosts.write_text("")
        person = Person(("yes",))
        person.waits = asyncio.Event()
        tasks = [asyncio.ensure_future(lan.connect(f"app-{n}", person)) for n in range(3)]
        await until(lambda: bool(person.asked))
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert lan.connector.bastions == 0
        await until(lambda: not lan.jumps[0].connections)


async def test_closing_comes_to_its_end_whoever_stops_waiting(home: Home) -> None:
    async with net(home) as lan:
        connection = await lan.connect()
        closing = asyncio.ensure_future(connection.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await until(lambda: not lan.jumps[0].connections)
        assert lan.connector.bastions == 0
        await connection.aclose()


async def test_without_a_person_an_unknown_jump_host_is_needs_you(home: Home) -> None:
    async with net(home) as lan:
        home.known_hosts.write_text("")
        with pytest.raises(AnswerNeeded, match=r"not known \(ssh-ed25519 SHA256:"):
            await lan.connect()


async def test_a_host_the_jump_host_cannot_reach_is_told_from_a_jump_host_that_will_not(home: Home) -> None:
    async with net(home) as lan:
        gone = HostSpec(name="app-9", address="127.0.0.1", port=1, jump=lan.way)
        with pytest.raises(HostUnreachable, match=r"bastion-1 cannot reach 127\.0\.0\.1 port 1"):
            await lan.connector.connect(gone, None)
        lan.jumps[0].allow_forwarding = False
        with pytest.raises(HostRefused, match=r"bastion-1 does not allow.*AllowTcpForwarding"):
            await lan.connect()
        assert lan.connector.bastions == 0


async def test_a_cancelled_way_through_leaves_no_channel_on_the_jump_host(home: Home) -> None:
    async with net(home) as lan:
        keeper = await lan.connect("keeper")
        before = lan.jumps[0].channels
        for turn in range(12):
            task = asyncio.ensure_future(lan.connect("hasty"))
            for _ in range(turn * 4):
                await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled():
                await task.result().aclose()
        await until(lambda: lan.jumps[0].channels == before)
        assert lan.connector.bastions == 1
        await keeper.aclose()


async def test_a_proxy_jump_of_the_configuration_is_followed(home: Home) -> None:
    async with net(home) as lan:
        home.configure(
            f"Host hop\n  HostName 127.0.0.1\n  Port {lan.jumps[0].port}\n"
            f"Host db\n  HostName 127.0.0.1\n  Port {lan.host.port}\n  ProxyJump hop"
        )
        connection = await lan.connector.connect(HostSpec(name="db-1", ssh="db"), None)
        assert connection.route == f"ops@127.0.0.1:{lan.host.port} via hop"
        await connection.aclose()
