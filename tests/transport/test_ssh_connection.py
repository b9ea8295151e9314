"""A connection and its channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.errors import HostUnreachable
from console.transport.channels import ChannelRefused
from console.transport.ssh import SshConnection, SshConnector
from tests.transport.sshd import Collector, Home, Sshd, echo_socket, sshd, until


@asynccontextmanager
async def connected(home: Home) -> AsyncIterator[tuple[SshConnection, Sshd]]:
    """A connection to a server of its own."""
    async with sshd(home.key) as server:
        home.trust(server)
        connector = SshConnector(home.around)
        connection = await connector.connect(server.spec(), None)
        try:
            yield connection, server
        finally:
            await connection.aclose()
            await connector.aclose()


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
