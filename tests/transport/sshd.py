"""An SSH server inside the test process, on a port of its own, with a home directory to dial it from."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest

from console.model.hosts import HostSpec
from console.model.questions import Question
from console.transport.ssh import SshConnector
from console.transport.sshconfig import Surroundings
from console.transport.sshlink import Timing

USER = "ops"


async def until(condition: Callable[[], bool | Awaitable[bool]], limit: float = 30.0) -> None:
    """Wait until `condition` holds; fail after `limit` seconds."""
    async with asyncio.timeout(limit):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.005)


def require(program: str) -> None:
    """Skip a test that needs a program which is not there; where nothing may be skipped, fail."""
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")


class Home:
    """A home directory for the client: keys, known_hosts and a configuration that nobody else reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ssh = path / ".ssh"
        self.ssh.mkdir(mode=0o700)
        self.config = path / "config"
        self.known_hosts = self.ssh / "known_hosts"
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.key.write_private_key(str(self.ssh / "id_ed25519"))
        self.key.write_public_key(str(self.ssh / "id_ed25519.pub"))
        self._configure("")

    def configure(self, text: str) -> None:
        """Write the configuration; whatever it says, only this home is used. Needs an ssh to read it."""
        require("ssh")
        self._configure(text)

    def _configure(self, text: str) -> None:
        self.config.write_text(
            f"{text}\nHost *\n  User {USER}\n  IdentityFile {self.ssh}/id_ed25519\n"
            f"  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile none\n  IdentityAgent none\n"
        )

    @property
    def around(self) -> Surroundings:
        """This home as the connector wants it."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.path)}
        return Surroundings(config=str(self.config), home=str(self.path), user=USER, environ=environ)

    @asynccontextmanager
    async def connector(self, **timing: float) -> AsyncIterator[SshConnector]:
        """A connector that lives in this home."""
        connector = SshConnector(self.around, Timing(**timing))  # type: ignore[arg-type]  # `missed` is whole
        try:
            yield connector
        finally:
            await connector.aclose()

    def trust(self, *servers: Sshd) -> None:
        """Note the host keys of these servers."""
        with self.known_hosts.open("a") as file:
            for server in servers:
                for key in server.host_keys:
                    file.write(f"[127.0.0.1]:{server.port} {key.export_public_key().decode().strip()}\n")


class Server(asyncssh.SSHServer):
    def __init__(self, sshd: Sshd) -> None:
        self.sshd = sshd

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.conn = conn
        self.sshd.connections.append(conn)
        self.sshd.accepted += 1
        self.waiting = True
        self.sshd.waiting += 1
        self.sshd.most_waiting = max(self.sshd.most_waiting, self.sshd.waiting)

    def auth_completed(self) -> None:
        self.sshd.waiting -= self.waiting
        self.waiting = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.sshd.connections.remove(self.conn)
        self.auth_completed()

    def begin_auth(self, username: str) -> bool:
        self.sshd.logins += 1
        return True

    def public_key_auth_supported(self) -> bool:
        return bool(self.sshd.authorized)

    def password_auth_supported(self) -> bool:
        return bool(self.sshd.password)

    def validate_password(self, username: str, password: str) -> bool:
        self.sshd.passwords.append(password)
        if password == self.sshd.expired:
            raise asyncssh.PasswordChangeRequired("change it")
        return password == self.sshd.password

    def kbdint_auth_supported(self) -> bool:
        return bool(self.sshd.rounds)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> object:
        self.answered: list[list[str]] = []
        return self._challenge(0)

    def validate_kbdint_response(self, username: str, responses: list[str]) -> object:
        self.answered.append(list(responses))
        self.sshd.passwords += responses
        if list(responses) != [answer for _, _, answer in self.sshd.rounds[len(self.answered) - 1]]:
            return False
        done = len(self.answered) == len(self.sshd.rounds)
        return True if done else self._challenge(len(self.answered))

    def _challenge(self, number: int) -> tuple[str, str, str, list[tuple[str, bool]]]:
        prompts = [(text, echo) for text, echo, _ in self.sshd.rounds[number]]
        return "", f"round {number + 1}", "", prompts

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return any(key.public_data == allowed.public_data for allowed in self.sshd.authorized)

    def unix_connection_requested(self, dest_path: str) -> bool:
        return self.sshd.allow_forwarding

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        if not self.sshd.allow_forwarding:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return True


@dataclass
class Sshd:
    """A running server; its fields may be changed between connections."""

    host_keys: list[asyncssh.SSHKey]
    authorized: list[asyncssh.SSHKey] = field(default_factory=list)
    password: str = ""
    expired: str = ""
    """A password that has to be changed."""
    rounds: list[list[tuple[str, bool, str]]] = field(default_factory=list)
    """Keyboard-interactive: per round its prompts, each with whether it echoes and the right answer."""
    passwords: list[str] = field(default_factory=list)
    """What was answered to either."""
    allow_forwarding: bool = True
    port: int = 0
    accepted: int = 0
    waiting: int = 0
    """Connections that have not logged in."""
    most_waiting: int = 0
    logins: int = 0
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def spec(self, name: str = "app-1", **more: object) -> HostSpec:
        """A host of hosts.yml that leads here."""
        return HostSpec(**{"name": name, "address": "127.0.0.1", "port": self.port, **more})  # type: ignore[arg-type]  # tests hand in what HostSpec takes

    @property
    def channels(self) -> int:
        """Channels open now, over all connections."""
        return sum(len(conn._channels) for conn in self.connections)

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """A few commands: `cat`, `echo WORDS`, `fail`, `hang`, `env`; anything else is not found."""
        command = process.command or ""
        self.commands.append(command)
        if command == "cat":
            while chunk := await process.stdin.read(65536):
                process.stdout.write(chunk)
            process.exit(0)
        elif command.startswith("echo "):
            process.stdout.write(command[5:].encode() + b"\n")
            process.exit(0)
        elif command == "env":
            process.stdout.write(repr((dict(process.env), process.term_type)).encode())
            process.exit(0)
        elif command == "hang":
            await process.stdin.read()
            process.exit(0)
        else:
            process.stderr.write(b"sh: not found\n")
            process.exit(127)


@asynccontextmanager
async def sshd(
    *authorized: asyncssh.SSHKey,
    server: type[Server] = Server,
    key_types: tuple[str, ...] = ("ssh-ed25519",),
    **options: object,
) -> AsyncIterator[Sshd]:
    """Run a server that lets `authorized` keys in."""
    state = Sshd([asyncssh.generate_private_key(kind) for kind in key_types], list(authorized))
    options = {"server_host_keys": state.host_keys, **options}
    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: server(state),
        process_factory=lambda process: state.run(process),
        encoding=None,
        **options,  # type: ignore[arg-type]  # passed through
    )
    state.port = listener.get_port()
    try:
        yield state
    finally:
        listener.close()
        for conn in list(state.connections):
            conn.abort()
            await conn.wait_closed()
        await listener.wait_closed()


class Person:
    """Answers questions: `replies` in order, the last again and again."""

    def __init__(self, *replies: tuple[str, ...] | None) -> None:
        self.replies = list(replies)
        self.asked: list[Question] = []
        self.waits: asyncio.Event | None = None
        """Thinks until this is set."""

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        self.asked.append(question)
        if self.waits is not None:
            await self.waits.wait()
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@dataclass
class Collector:
    """A reader that keeps what it hears."""

    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    ended: bool = False
    held: list[bool] = field(default_factory=list)
    ends: list[tuple[Exception | None, int | None]] = field(default_factory=list)

    def data(self, chunk: bytes) -> None:
        self.out += chunk

    def stderr(self, chunk: bytes) -> None:
        self.err += chunk

    def eof(self) -> None:
        self.ended = True

    def hold_writes(self, hold: bool) -> None:
        self.held.append(hold)

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        self.ends.append((error, exit_status))


@asynccontextmanager
async def echo_socket(path: Path) -> AsyncIterator[str]:
    """A Unix socket that answers with what it is told."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, str(path))
    try:
        yield str(path)
    finally:
        server.close()
        await server.wait_closed()
