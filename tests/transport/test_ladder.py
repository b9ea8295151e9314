"""Which carrier is taken, and what is said when none leads to an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.errors import EngineDown, EngineForbidden, EngineTooOld, HostError, HostUnreachable
from console.model.hosts import EngineChoice, EngineKind, HostSpec
from console.transport.calls import CallPool
from console.transport.carrier import DOCKER_SOCKET
from console.transport.channels import Channel, ChannelReader, ChannelRefused
from console.transport.engine import HttpEngine
from console.transport.live import LiveLink
from console.transport.local import LocalDialer
from console.transport.survey import parse

from .fake_engine import FakeEngine

ROOTLESS = "/run/user/1000/docker.sock"


class Said:
    """A command that prints something and ends. A Channel."""

    def __init__(self, reader: ChannelReader, stdout: str, stderr: str, status: int) -> None:
        loop = asyncio.get_running_loop()
        if stdout:
            loop.call_soon(reader.data, stdout.encode())
        if stderr:
            loop.call_soon(reader.stderr, stderr.encode())
        loop.call_soon(reader.eof)
        loop.call_soon(reader.closed, None, status)

    def write(self, data: bytes) -> None: ...
    def write_eof(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def abort(self) -> None: ...


@dataclass
class Host:
    """A host as sshd shows it. A Connection."""

    socket: Path
    """Where the fake engine really is."""
    sockets: set[str] = field(default_factory=set)
    """What direct-streamlocal leads to."""
    sessions: bool = True
    survey: str | None = None
    """What the survey prints; None: whatever is run, it is `docker system dial-stdio` (a forced command)."""
    dial: str = ""
    """What dial-stdio says on its standard error; empty: it works."""
    sudo: str = "sudo: a password is required"
    asked: list[str] = field(default_factory=list)
    error: HostError | None = None
    route: str = "ops@10.0.0.1:22"

    async def open_socket(self, path: str, reader: ChannelReader, *, window: int = 262144) -> Channel:
        self.asked.append(path)
        if self.error is not None:
            raise self.error
        if path not in self.sockets:
            raise ChannelRefused("open failed")
        return await LocalDialer().open_socket(str(self.socket), reader)

    async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
        words = list(argv)
        self.asked.append("survey" if words[0] == "sh" else " ".join(words))
        if not self.sessions:
            raise ChannelRefused("open failed")
        if words[0] == "sh" and self.survey is not None:
            return Said(reader, self.survey, "", 0)
        refusal = self.sudo if words[0] == "sudo" else self.dial
        if refusal:
            return Said(reader, "", refusal, 1)
        return await LocalDialer().open_socket(str(self.socket), reader)

    def idle(self) -> float:
        return 0.0

    async def lost(self) -> HostError:
        await asyncio.Event().wait()
        raise AssertionError

    async def aclose(self) -> None: ...


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with FakeEngine().serving(tmp_path / "s"):
        yield Host(tmp_path / "s")


def said(**facts: str | list[str]) -> str:
    """What the survey prints, in the midst of a noisy login."""
    lines = [
        f"dockcon {key} {value}"
        for key, values in facts.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return "\n".join(["Welcome to app-1", *lines, "dockcon end 1", ""])


async def reach(host: Host, engine: str = "auto", path: str = "", remembered: str = "") -> str:
    """The carrier that was taken."""
    spec = HostSpec(
        name="app-1", address="10.0.0.1", user="ops", engine=EngineChoice(EngineKind(engine), path)
    )
    pool = CallPool()
    link = LiveLink(spec, host, pool)
    try:
        made: HttpEngine = await link.engine(remembered)
        assert await made.ping() > 0
        return str(made.facts.carrier)
    finally:
        await link.aclose()
        pool.close()


async def test_the_usual_socket_costs_one_question(host: Host) -> None:
    host.sockets = {DOCKER_SOCKET}
    assert await reach(host) == "streamlocal"
    assert host.asked == [DOCKER_SOCKET]


async def test_another_socket_is_found_and_remembered(host: Host) -> None:
    host.sockets = {ROOTLESS}
    host.survey = said(user="ops", docker="/usr/bin/docker", context=f"unix://{ROOTLESS}", open=ROOTLESS)
    assert await reach(host) == f"streamlocal:{ROOTLESS}"
    assert host.asked == [DOCKER_SOCKET, "survey", ROOTLESS]
    host.asked.clear()
    assert await reach(host, remembered=f"streamlocal:{ROOTLESS}") == f"streamlocal:{ROOTLESS}"
    assert host.asked == [ROOTLESS]


async def test_podman_without_a_docker_command(host: Host) -> None:
    host.sockets = {"/run/podman/podman.sock"}
    host.survey = said(user="root", open="/run/podman/podman.sock")
    assert await reach(host) == "streamlocal:/run/podman/podman.sock"


async def test_forwarding_forbidden(host: Host) -> None:
    host.survey = said(user="ops", docker="/usr/bin/docker", open=DOCKER_SOCKET)
    assert await reach(host) == "dial-stdio"
    assert host.asked[:4] == [DOCKER_SOCKET, "survey", DOCKER_SOCKET, "docker system dial-stdio"]
    host.asked.clear()
    assert await reach(host, remembered="dial-stdio") == "dial-stdio"
    assert host.asked[0] == DOCKER_SOCKET
    assert set(host.asked[1:]) == {"docker system dial-stdio"}


async def test_a_key_whose_forced_command_is_dial_stdio(host: Host) -> None:
    assert await reach(host) == "dial-stdio"


async def test_a_remembered_carrier_that_fails_is_only_the_first_rung(host: Host) -> None:
    host.sockets = {DOCKER_SOCKET}
    host.dial = "docker: not found"
    assert await reach(host, remembered="dial-stdio") == "streamlocal"


async def test_the_socket_is_tried_before_a_command_that_is_remembered(host: Host) -> None:
    host.sockets = {DOCKER_SOCKET}
    assert await reach(host, remembered="dial-stdio") == "streamlocal"
    assert host.asked == [DOCKER_SOCKET]


async def test_an_engine_that_was_starting_is_not_reached_by_a_command_for_that(host: Host) -> None:
    host.survey = said(user="ops", docker="/usr/bin/docker", open=[DOCKER_SOCKET])
    asked = host.open_command

    async def starts(argv: Sequence[str], reader: ChannelReader) -> Channel:
        host.sockets = {DOCKER_SOCKET}
        return await asked(argv, reader)

    host.open_command = starts  # type: ignore[method-assign]
    assert await reach(host) == "streamlocal"


@pytest.mark.parametrize("remembered", ["sudo", "memory", "local", "streamlocal:/other", "nonsense:", "\x00"])
async def test_a_remembered_carrier_never_goes_beyond_hosts_yml(host: Host, remembered: str) -> None:
    host.sockets = {"/mine"}
    host.sudo = ""
    assert await reach(host, "unix", "/mine", remembered) == "streamlocal:/mine"
    assert host.asked == ["/mine"]


async def test_a_stated_socket_by_dial_stdio(host: Host) -> None:
    host.survey = said(user="ops", docker="/usr/bin/docker", open=DOCKER_SOCKET)
    assert await reach(host, "unix", "/mine") == "dial-stdio:/mine"
    assert host.asked[-1] == "docker -H unix:///mine system dial-stdio"


async def test_sudo_is_used_where_it_is_stated_and_nowhere_else(host: Host) -> None:
    host.sudo = ""
    assert await reach(host, "sudo") == "sudo"
    assert set(host.asked) == {"sudo -n docker -H unix:///var/run/docker.sock system dial-stdio"}
    host.asked.clear()
    host.dial = "permission denied"
    host.survey = said(user="ops", docker="/usr/bin/docker", closed=DOCKER_SOCKET)
    with pytest.raises(EngineForbidden):
        await reach(host)
    assert not [line for line in host.asked if line.startswith("sudo")]


async def test_no_permission(host: Host) -> None:
    host.survey = said(user="deploy", docker="/usr/bin/docker", closed=DOCKER_SOCKET)
    host.dial = "dial unix /var/run/docker.sock: connect: permission denied"
    with pytest.raises(EngineForbidden, match=r"deploy may not open /var/run/docker\.sock") as caught:
        await reach(host)
    assert "add deploy to the group docker on app-1" in caught.value.next_step
    assert "deploy ALL=(root) NOPASSWD: /usr/bin/docker -H unix" in caught.value.next_step


async def test_sudo_refused(host: Host) -> None:
    with pytest.raises(EngineForbidden, match="a password is required") as caught:
        await reach(host, "sudo")
    assert "ops ALL=(root) NOPASSWD: /usr/bin/docker -H unix\\:///var" in caught.value.next_step


@pytest.mark.parametrize(
    ("survey", "dial", "words", "step"),
    [
        (said(user="ops"), "", "no engine found", "install Docker or Podman"),
        (
            said(user="ops", docker="/usr/bin/docker"),
            "dial unix /var/run/docker.sock: connect: no such file or directory",
            "not running: .*no such file",
            "systemctl start docker",
        ),
        (
            said(user="ops", docker="/usr/bin/docker", open=DOCKER_SOCKET),
            "dial unix /var/run/docker.sock: connect: connection refused",
            "not running: .*connection refused",
            "systemctl start docker",
        ),
        (
            None,
            "docker: command not found",
            "no command runs that could say why",
            "AllowStreamLocalForwarding",
        ),
    ],
)
async def test_no_engine(host: Host, survey: str | None, dial: str, words: str, step: str) -> None:
    host.survey, host.dial = survey, dial
    with pytest.raises(HostError, match=words) as caught:
        await reach(host)
    assert isinstance(caught.value, EngineDown)
    assert step in caught.value.next_step


async def test_neither_forwarding_nor_a_docker_command(host: Host) -> None:
    host.survey = said(user="ops", open="/run/podman/podman.sock")
    with pytest.raises(EngineDown, match="sshd does not forward to it, or no engine listens"):
        await reach(host)


async def test_neither_forwarding_nor_sessions(host: Host) -> None:
    host.sessions = False
    with pytest.raises(EngineDown, match="no command runs that could say why: open failed"):
        await reach(host)


async def test_a_stated_socket_that_is_elsewhere(host: Host) -> None:
    host.survey = said(user="ops", docker="/usr/bin/docker", open=DOCKER_SOCKET)
    host.dial = "dial unix /mine: connect: no such file or directory"
    with pytest.raises(EngineDown, match="no engine listens on /mine") as caught:
        await reach(host, "unix", "/mine")
    assert DOCKER_SOCKET in caught.value.next_step


async def test_a_lost_connection_ends_the_climb(host: Host) -> None:
    host.error = HostUnreachable("app-1", "connection reset")
    with pytest.raises(HostUnreachable, match="connection reset"):
        await reach(host)
    assert host.asked == [DOCKER_SOCKET]


async def test_an_engine_that_is_too_old_ends_the_climb(tmp_path: Path) -> None:
    async with FakeEngine(version={"ApiVersion": "1.20"}).serving(tmp_path / "s"):
        with pytest.raises(EngineTooOld):
            await reach(Host(tmp_path / "s", sockets={DOCKER_SOCKET}))


async def test_words_of_the_host_are_made_harmless(host: Host) -> None:
    host.survey = said(user="de\x1b[31mploy\u202e", docker="/usr/bin/docker", closed="/x\x1b]52;c;x\x07y")
    host.dial = "permission denied"
    with pytest.raises(EngineForbidden) as caught:
        await reach(host)
    assert str(caught.value).isprintable()
    assert "deploy may not open /xy" in str(caught.value)


def test_a_survey_that_is_cut_off_is_none() -> None:
    assert parse("dockcon user ops\ndockcon open /x\n") is None
    assert parse("HTTP/1.1 400 Bad Request\r\n\r\n") is None
    found = parse("motd\ndockcon user \ndockcon open /a\ndockcon open /a\ndockcon open /b\ndockcon end 1\n")
    assert found is not None
    assert (found.user, found.open) == ("", ("/a", "/b"))
