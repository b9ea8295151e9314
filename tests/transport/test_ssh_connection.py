"""A connection and its channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.errors import HostUnreachable
from console.transport.channels import ChannelRefused
from console.transport.ssh import SshConnection
from tests.transport.sshd import Collector, Home, Sshd, echo_socket, sshd, until


@asynccontextmanager
async def connected(home: Home, **timing: float) -> AsyncIterator[tuple[SshConnection, Sshd]]:
    """A connection to a server of its own."""
    async with sshd(home.key) as server, home.connector(**timing) as connector:
        home.trust(server)
        yield await connector.connect(server.spec(), None), server


async def test_bytes_travel_to_a_unix_socket_and_back(home: Home, tmp_path: Path) -> None:
    async with connected(home) as (connection, server), echo_socket(tmp_path / "s") as path:
        heard = Collector()
        channel = await connection.open_socket(path, heard)
        channel.write(b"hello")
        await until(lambda: bytes(heard.out) == b"hello")
        channel.write_eof()
        await until(lambda: heard.ended)
        await until(lambda: heard.ends == [(None, None)])
        assert connection.route == f"ops@127.0.0.1:{server.port}"


async def test_a_command_has_its_streams_apart_and_its_status(home: Home) -> None:
    async with connected(home) as (connection, _):
        good, bad = Collector(), Collector()
        await connection.open_command(["echo", "a b", "it's"], good)
        await connection.open_command(["nonsense"], bad)
        await until(lambda: bool(good.ends and bad.ends))
        assert bytes(good.out) == b"""'a b' 'it'"'"'s'\n"""
        assert good.ends == [(None, 0)]
        assert (bytes(bad.out), bytes(bad.err)) == (b"", b"sh: not found\n")
        assert bad.ends == [(None, 127)]


async def test_no_environment_and_no_terminal_are_asked_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    async with connected(home) as (connection, _):
        heard = Collector()
        await connection.open_command(["env"], heard)
        await until(lambda: bool(heard.ends))
        assert bytes(heard.out) == b"({}, None)"


async def test_a_refused_socket_is_told_from_a_lost_connection(home: Home, tmp_path: Path) -> None:
    async with connected(home) as (connection, _):
        with pytest.raises(ChannelRefused):
            await connection.open_socket(str(tmp_path / "none"), Collector())
        await connection.aclose()
        with pytest.raises(HostUnreachable):
            await connection.open_socket(str(tmp_path / "none"), Collector())


async def test_an_aborted_channel_ends_once_and_says_so(home: Home, tmp_path: Path) -> None:
    async with connected(home) as (connection, server), echo_socket(tmp_path / "s") as path:
        heard = Collector()
        channel = await connection.open_socket(path, heard)
        channel.abort()
        channel.abort()
        channel.write(b"dropped")
        await until(lambda: server.channels == 0)
        await asyncio.sleep(0)
        assert heard.ends == [(None, None)]


async def test_a_cancelled_opening_leaves_no_channel(home: Home, tmp_path: Path) -> None:
    async with connected(home) as (connection, server), echo_socket(tmp_path / "s") as path:
        for turn in range(20):
            opening = (
                connection.open_socket(path, Collector())
                if turn % 2
                else connection.open_command(["hang"], Collector())
            )
            task = asyncio.ensure_future(opening)
            for _ in range(turn):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled():
                task.result().abort()
        await until(lambda: server.channels == 0)


async def test_a_reader_that_fails_loses_its_channel_and_nothing_else(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Collector):
        def data(self, chunk: bytes) -> None:
            raise ZeroDivisionError

    async with connected(home) as (connection, server), echo_socket(tmp_path / "s") as path:
        broken, sound = Broken(), Collector()
        (await connection.open_socket(path, broken)).write(b"x")
        await until(lambda: bool(broken.ends))
        assert isinstance(broken.ends[0][0], ZeroDivisionError)
        assert "a reader failed" in caplog.text
        (await connection.open_socket(path, sound)).write(b"x")
        await until(lambda: bytes(sound.out) == b"x")
        await until(lambda: server.channels == 1)


async def test_a_paused_channel_holds_the_sender_back(home: Home) -> None:
    async with connected(home) as (connection, _):
        heard = Collector()
        channel = await connection.open_command(["cat"], heard)
        channel.pause()
        channel.write(b"x" * 8_000_000)
        await until(lambda: heard.held == [True])
        assert not heard.out
        channel.resume()
        await until(lambda: len(heard.out) == 8_000_000)
        assert heard.held == [True, False]
        channel.write_eof()
        channel.write_eof()
        await until(lambda: heard.ends == [(None, 0)])


@pytest.mark.parametrize("how", ["abort", "close"])
async def test_a_host_that_closes_is_a_loss_for_the_connection_and_its_channels(home: Home, how: str) -> None:
    async with connected(home) as (connection, server):
        heard = Collector()
        await connection.open_command(["hang"], heard)
        waiting = asyncio.ensure_future(connection.lost())
        getattr(server.connections[0], how)()
        reason = await waiting
        assert (reason.host, reason.message) == ("app-1", "closed by the host")
        await until(lambda: bool(heard.ends))
        if how == "abort":
            assert [str(error) for error, _ in heard.ends] == ["app-1: closed by the host"]
        with pytest.raises(HostUnreachable, match="closed by the host"):
            await connection.open_command(["hang"], Collector())


async def test_closing_it_ourselves_is_said_and_can_be_done_twice(home: Home) -> None:
    async with connected(home) as (connection, server):
        heard = Collector()
        await connection.open_command(["hang"], heard)
        await asyncio.gather(connection.aclose(), connection.aclose())
        assert (await connection.lost()).message == "closed by dockcon"
        assert [str(error) for error, _ in heard.ends] == ["app-1: closed by dockcon"]
        await until(lambda: not server.connections)


async def test_a_host_that_falls_silent_is_lost_in_three_intervals(home: Home) -> None:
    async with connected(home, keepalive=0.1) as (connection, server):
        await until(lambda: connection.idle() > 0.05)
        await until(lambda: connection.idle() < 0.05)  # it answers, with nothing else to say
        stuck = server.connections[0]
        stuck.data_received = lambda data, datatype=None: None  # type: ignore[method-assign]  # hears no more
        reason = await connection.lost()
        assert reason.message == "no answer for 0.3 s (keep-alive)"
        assert connection.idle() >= 0.2
