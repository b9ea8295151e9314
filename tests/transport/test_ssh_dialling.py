"""Hosts that cannot be reached, and proxy commands."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncssh
import pytest

from console.errors import HostRefused, HostUnreachable
from console.model.hosts import HostSpec
from console.transport import sockets
from console.transport.sshconfig import Hop
from tests.transport.sshd import Collector, Home, Server, Sshd, sshd, until


def at(port: int, address: str = "127.0.0.1") -> HostSpec:
    return HostSpec(name="app-1", address=address, port=port)


@contextmanager
def black_hole() -> Iterator[int]:
    """A port whose connections are neither accepted nor refused: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


@asynccontextmanager
async def answering(talk: Callable[[asyncio.StreamWriter], None]) -> AsyncIterator[int]:
    """A port that is not SSH."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk(writer)
        try:
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def why(home: Home, spec: HostSpec, **timing: float) -> str:
    async with home.connector(**timing) as connector:
        with pytest.raises(HostUnreachable) as failed:
            await connector.connect(spec, None)
        assert failed.value.host == "app-1"
        assert failed.value.__cause__ is not None
        return str(failed.value)


async def test_a_port_where_nobody_listens(home: Home) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert f"127.0.0.1 port {port} refuses the connection; is sshd running" in await why(home, at(port))


async def test_a_black_hole_is_given_up_in_time(home: Home) -> None:
    with black_hole() as port:
        assert "does not answer within 0.2 s" in await why(home, at(port), connect=0.2)


async def test_a_port_that_says_nothing(home: Home) -> None:
    async with answering(lambda writer: None) as port:
        assert "says nothing within 1 s" in await why(home, at(port), connect=1)


async def test_a_port_that_begins_and_stops(home: Home) -> None:
    async with answering(lambda writer: writer.write(b"SSH-2.0-Tarpit\r\n")) as port:
        assert "did not let us in within 1 s" in await why(home, at(port), connect=1)


async def test_a_port_that_turns_us_away_is_quoted(home: Home) -> None:
    def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(b"Exceeded MaxStartups\r\n")
        writer.close()

    async with answering(talk) as port:
        assert "before the login, saying: Exceeded MaxStartups; too many" in await why(home, at(port))


class Busy(Server):
    """Hangs up on the first connections before it says a word, as an sshd beyond its MaxStartups."""

    turned_away = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        if Busy.turned_away < 3:
            Busy.turned_away += 1
            conn.abort()
        else:
            super().connection_made(conn)


async def test_a_server_that_is_too_busy_for_a_moment_is_dialled_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.transport.sshdial.PAUSES", (0.01,) * 4)
    async with sshd(home.key, server=Busy) as server, home.connector() as connector:
        home.trust(server)
        link = await connector.connect(server.spec(), None)
        assert Busy.turned_away == 3
        await link.aclose()


async def test_a_port_that_hangs_up_at_once_hints_at_max_startups(home: Home) -> None:
    async with answering(lambda writer: writer.close()) as port:
        assert "closed the connection before the login; too many logins at once" in await why(home, at(port))


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n" * 2000, b"SSH-1.5-old\r\n"],
    ids=["http", "ssh 1"],
)
async def test_a_port_that_is_no_ssh_server(home: Home, greeting: bytes) -> None:
    async with answering(lambda writer: writer.write(greeting)) as port:
        assert "is not SSH 2" in await why(home, at(port), connect=3)


async def test_a_server_without_a_common_algorithm_is_refused(home: Home) -> None:
    async with sshd(home.key, encryption_algs=["3des-cbc"]) as server, home.connector() as connector:
        home.trust(server)
        with pytest.raises(HostRefused, match="no algorithm in common"):
            await connector.connect(server.spec(), None)


@pytest.mark.parametrize(
    ("code", "said"), [(socket.EAI_NONAME, "is not known"), (socket.EAI_AGAIN, "could not be looked up")]
)
async def test_a_name_that_is_not_found(
    home: Home, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    def getaddrinfo(name: str, *rest: object) -> list[object]:
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(sockets.socket, "getaddrinfo", getaddrinfo)
    assert said in await why(home, at(22, "db.example"))


async def test_a_name_that_is_never_answered_is_given_up_in_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def getaddrinfo(*args: object) -> list[object]:
        release.wait(30)
        return []

    monkeypatch.setattr(sockets.socket, "getaddrinfo", getaddrinfo)
    try:
        assert "does not answer within 0.2 s" in await why(home, at(22, "db.example"), connect=0.2)
    finally:
        release.set()


async def test_an_address_that_does_not_answer_holds_up_no_other_of_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with black_hole() as dead, socket.create_server(("127.0.0.1", 0)) as alive:
        rows = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", dead)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", alive.getsockname()),
        ]
        monkeypatch.setattr(sockets.socket, "getaddrinfo", lambda *_: rows)
        async with asyncio.timeout(5):
            sock = await sockets.open_tcp(Hop(label="x", address="db.example", user="ops"))
        assert sock.getpeername() == alive.getsockname()
        sock.close()


def test_families_take_turns() -> None:
    six = [(socket.AF_INET6, (f"::{n}", 22, 0, 0)) for n in range(3)]
    four = [(socket.AF_INET, ("127.0.0.1", 22))]
    assert sockets._by_turns([*six, *four]) == [six[0], four[0], six[1], six[2]]


async def test_hosts_that_hang_hold_up_no_other(home: Home) -> None:
    async with sshd(home.key) as server, home.connector(connect=20) as connector:
        home.trust(server)
        with black_hole() as dead:
            stuck = [asyncio.ensure_future(connector.connect(at(dead), None)) for _ in range(30)]
            async with asyncio.timeout(8):
                connection = await connector.connect(server.spec(), None)
            await connection.aclose()
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)


async def test_handshakes_take_turns_and_a_slow_one_gives_its_place_back() -> None:
    gate, inside, most = sockets.Gate(places=3, longest=60), 0, 0

    async def handshake() -> None:
        nonlocal inside, most
        async with gate.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(handshake() for _ in range(20)))
    assert most == 3
    impatient = sockets.Gate(places=1, longest=0.01)
    async with asyncio.timeout(5), impatient.turn(), impatient.turn():
        pass
    async with asyncio.timeout(5), impatient.turn():
        assert impatient._places.locked()


# Proxy commands


PIPE = (
    "import socket,sys,threading,os\n"
    "print('a line on standard error', file=sys.stderr, flush=True)\n"
    "open(sys.argv[3], 'a').write(f'{os.getpid()}\\n')\n"
    "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
    "def up():\n"
    "    while data := os.read(0, 65536): s.sendall(data)\n"
    "    s.shutdown(1)\n"
    "threading.Thread(target=up, daemon=True).start()\n"
    "while data := s.recv(65536): os.write(1, data)\n"
    "print('late words', file=sys.stderr, flush=True)\n"
)


def through_proxy(home: Home, server: Sshd, tmp_path: Path) -> tuple[HostSpec, Path]:
    """A host behind a proxy command, and the file where that notes its process number."""
    script, pids = tmp_path / "pipe.py", tmp_path / "pids"
    script.write_text(PIPE)
    home.configure(
        f"Host db\n  HostName 127.0.0.1\n  Port {server.port}\n"
        f"  ProxyCommand '{sys.executable}' '{script}' %h %p '{pids}'\n"
    )
    return HostSpec(name="app-1", ssh="db"), pids


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_proxy_command_carries_a_connection_and_ends_with_it(home: Home, tmp_path: Path) -> None:
    async with sshd(home.key) as server, home.connector() as connector:
        home.trust(server)
        spec, pids = through_proxy(home, server, tmp_path)
        connection = await connector.connect(spec, None)
        assert connection.route.endswith(" via a proxy command")
        heard = Collector()
        await connection.open_command(["echo", "hello"], heard)
        await until(lambda: bytes(heard.out) == b"hello\n")
        (pid,) = map(int, pids.read_text().split())
        assert alive(pid)
        await connection.aclose()
        assert not alive(pid)


async def test_the_loss_behind_a_proxy_command_has_its_last_words(home: Home, tmp_path: Path) -> None:
    async with sshd(home.key) as server, home.connector() as connector:
        home.trust(server)
        spec, _ = through_proxy(home, server, tmp_path)
        connection = await connector.connect(spec, None)
        server.connections[0].abort()
        assert "a line on standard error" in (await connection.lost()).message


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo out of order >&2; exit 3", "the proxy command to db failed: out of order"),
        ("/nonexistent/nc %h", "not found"),
        ("true", "closed the connection before the login"),
        ("sleep 30", "says nothing within 1 s"),
    ],
)
async def test_a_proxy_command_that_fails_is_said_in_its_words(home: Home, command: str, said: str) -> None:
    home.configure(f"Host db\n  ProxyCommand {command}\n")
    assert said in await why(home, HostSpec(name="app-1", ssh="db"), connect=1)


async def test_a_proxy_command_that_will_not_end_is_made_to(home: Home, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    home.configure(
        f"Host db\n  ProxyCommand sh -c 'trap \"\" TERM; echo $$ > {pids}; while :; do sleep 1; done'\n"
    )
    await why(home, HostSpec(name="app-1", ssh="db"), connect=0.5)
    assert not alive(int(pids.read_text()))
