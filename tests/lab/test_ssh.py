"""SSH connections to real OpenSSH servers: what an in-process server cannot show."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.errors import AnswerNeeded, HostError, HostKeyRefused, HostRefused, HostUnreachable, LoginRefused
from console.model.questions import QuestionKind
from console.transport.channels import ChannelRefused
from console.transport.ssh import SshConnector
from console.transport.sshconfig import Surroundings
from console.transport.sshlink import Timing
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.transport.sshd import Collector, Person, until

SECRET = "correct horse"


def around(tmp_path: Path, **more: str) -> Surroundings:
    """Nothing of the one who runs the tests, but `more` in the environment."""
    environ = {"PATH": os.environ["PATH"], **more}
    return Surroundings(config="/dev/null", home=str(tmp_path), environ=environ)


async def run(*argv: str | Path, **environ: str) -> None:
    environ = {"PATH": os.environ["PATH"], **environ}
    await asyncio.to_thread(subprocess.run, argv, check=True, capture_output=True, env=environ)


@pytest.fixture
async def connector(tmp_path: Path) -> AsyncIterator[SshConnector]:
    connector = SshConnector(around(tmp_path), Timing(connect=5, keepalive=0.5))
    yield connector
    await connector.aclose()


async def test_the_engines_socket_answers_through_a_channel(h1: LabHost, connector: SshConnector) -> None:
    connection = await connector.connect(h1.spec(), None)
    heard = Collector()
    channel = await connection.open_socket(str(h1.engine.socket), heard)
    channel.write(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
    await until(lambda: heard.ended)
    assert not heard.ends  # the other half is ours to close
    channel.abort()
    await until(lambda: heard.ends == [(None, None)])
    assert heard.out.startswith(b"HTTP/1.1 200 OK")
    assert heard.out.endswith(b"OK")


async def test_a_commands_status_and_signal(h1: LabHost, connector: SshConnector) -> None:
    connection = await connector.connect(h1.spec(), None)
    failed, killed = Collector(), Collector()
    await connection.open_command(["sh", "-c", "echo out; echo err >&2; exit 3"], failed)
    await connection.open_command(["sh", "-c", "kill -KILL $$"], killed)
    await until(lambda: bool(failed.ends and killed.ends))
    assert (bytes(failed.out), bytes(failed.err), failed.ends) == (b"out\n", b"err\n", [(None, 3)])
    assert killed.ends == [(None, 137)]


async def test_a_host_that_allows_neither_sockets_nor_sessions(h1: LabHost, connector: SshConnector) -> None:
    with h1.extra_sshd(AllowStreamLocalForwarding="no", MaxSessions="0") as sshd:
        connection = await connector.connect(h1.spec(port=sshd.port), None)
        with pytest.raises(ChannelRefused):
            await connection.open_socket(str(h1.engine.socket), Collector())
        with pytest.raises(ChannelRefused):
            await connection.open_command(["true"], Collector())
        await connection.aclose()


async def test_a_host_behind_another_and_a_jump_host_that_forwards_nothing(
    lab: Lab, connector: SshConnector
) -> None:
    inner = await asyncio.to_thread(lab.behind)
    connection = await connector.connect(inner.spec(), None)
    assert connection.route.endswith("via h1")
    await connection.aclose()
    with lab["h1"].extra_sshd(AllowTcpForwarding="no") as sshd:
        with pytest.raises(HostRefused, match="AllowTcpForwarding"):
            await connector.connect(inner.spec(jump=(lab["h1"].spec(port=sshd.port),)), None)
    with pytest.raises(HostUnreachable, match="h1 cannot reach"):
        await connector.connect(replace(inner.spec(), port=1), None)


async def test_a_host_that_turns_logins_away(h1: LabHost, connector: SshConnector) -> None:
    with h1.extra_sshd(MaxStartups="1:100:1") as sshd:
        reader, writer = await asyncio.open_connection(h1.address, sshd.port)
        try:
            await reader.readline()
            with pytest.raises(HostUnreachable, match="saying: Exceeded MaxStartups"):
                await connector.connect(h1.spec(port=sshd.port), None)
        finally:
            writer.close()
            await writer.wait_closed()


async def test_more_hosts_than_a_jump_host_lets_in_at_once(lab: Lab, connector: SshConnector) -> None:
    with (
        lab["h1"].extra_sshd(MaxStartups="2:100:2") as narrow,
        lab["h2"].extra_sshd(MaxStartups="99") as wide,
    ):
        jump = (lab["h1"].spec(port=narrow.port),)
        specs = [lab["h2"].spec(name=f"app-{n}", port=wide.port, jump=jump) for n in range(40)]
        connections = await asyncio.gather(*(connector.connect(spec, None) for spec in specs))
        assert connector.bastions == 1
        await asyncio.gather(*(connection.aclose() for connection in connections))


async def test_more_keys_than_a_host_looks_at(lab: Lab, h1: LabHost, connector: SshConnector) -> None:
    keys = [str(lab.keys.another(f"useless-{n}", may=False)) for n in range(5)]
    with h1.extra_sshd(MaxAuthTries="3") as sshd:
        with pytest.raises(LoginRefused, match=r"after 3 keys.*IdentitiesOnly"):
            await connector.connect(h1.spec(port=sshd.port, identity=tuple(keys)), None)


async def test_an_encrypted_key_is_asked_for_unless_the_agent_has_it(
    lab: Lab, h1: LabHost, connector: SshConnector, tmp_path: Path
) -> None:
    key = lab.keys.another("locked", SECRET)
    spec = h1.spec(identity=(str(key),))
    with pytest.raises(AnswerNeeded, match="needs a passphrase"):
        await connector.connect(spec, None)
    socket = tmp_path / "agent"
    agent = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", socket, stdout=subprocess.DEVNULL)
    try:
        await until(socket.exists)
        opened = tmp_path / "opened"
        opened.write_bytes(key.read_bytes())
        opened.chmod(0o600)
        await run("ssh-keygen", "-q", "-p", "-P", SECRET, "-N", "", "-f", opened)
        await run("ssh-add", "-q", opened, SSH_AUTH_SOCK=str(socket))
        through = SshConnector(around(tmp_path, SSH_AUTH_SOCK=str(socket)))
        await (await through.connect(spec, None)).aclose()
        await through.aclose()
    finally:
        agent.terminate()
        await agent.wait()
    person = Person((SECRET,))
    await (await connector.connect(spec, person)).aclose()
    assert [question.kind for question in person.asked] == [QuestionKind.PASSPHRASE]


async def test_a_dead_agent_is_named_when_nothing_else_helps(lab: Lab, h1: LabHost, tmp_path: Path) -> None:
    connector = SshConnector(around(tmp_path, SSH_AUTH_SOCK=str(tmp_path / "gone")))
    await (await connector.connect(h1.spec(), None)).aclose()
    useless = str(lab.keys.another("useless-0", may=False))
    with pytest.raises(LoginRefused, match=r"useless-0.*the agent at .*gone"):
        await connector.connect(h1.spec(identity=(useless,)), None)
    await connector.aclose()


async def test_a_key_and_a_password_of_pam(lab: Lab, h1: LabHost, connector: SshConnector) -> None:
    login = lab.user("factor", docker=False, password=SECRET)
    options = {"UsePAM": "yes", "KbdInteractiveAuthentication": "yes"}
    with h1.extra_sshd(AuthenticationMethods="publickey,keyboard-interactive", **options) as sshd:
        spec = h1.spec(port=sshd.port, user=login)
        with pytest.raises(AnswerNeeded, match="wants a password or code"):
            await connector.connect(spec, None)
        person = Person(("wrong",), (SECRET,))
        await (await connector.connect(spec, person)).aclose()
        assert [question.kind for question in person.asked] == [QuestionKind.PASSWORD] * 2
        assert "wrong" in person.asked[1].text


async def test_a_host_that_waits_no_longer_for_the_answer(
    lab: Lab, h1: LabHost, connector: SshConnector
) -> None:
    login = lab.user("factor", docker=False, password=SECRET)
    with h1.extra_sshd(PasswordAuthentication="yes", PubkeyAuthentication="no", LoginGraceTime="1") as sshd:
        person = Person((SECRET,))
        person.waits = asyncio.Event()
        with pytest.raises(AnswerNeeded, match="gave up waiting"):
            await connector.connect(h1.spec(port=sshd.port, user=login), person)


async def test_keys_of_all_types_and_hashed_names(
    lab: Lab, h1: LabHost, connector: SshConnector, tmp_path: Path
) -> None:
    known = lab.keys.own_known_hosts("ssh-test")
    spec = h1.spec(known_hosts=(str(known),))
    person = Person(("yes",))
    await (await connector.connect(spec, person)).aclose()
    await run("ssh-keygen", "-q", "-H", "-f", known)
    assert h1.address not in known.read_text()
    await (await connector.connect(spec, None)).aclose()
    assert len(person.asked) == 1
    other = lab["h2"].host_key.with_suffix(".pub").read_text()
    known.write_text(f"{h1.address} {other}")
    with pytest.raises(HostKeyRefused, match="ssh-keygen -R"):
        await connector.connect(spec, person)


@pytest.mark.parametrize("fault", ["kill", "stop", "freeze", "cable"])
async def test_how_a_connection_ends(lab: Lab, h1: LabHost, connector: SshConnector, fault: str) -> None:
    connection = await connector.connect(h1.spec(), None)
    heard = Collector()
    await connection.open_command(["sleep", "60"], heard)
    breaks = {
        "kill": h1.kill_sshd_children,
        "stop": h1.stop_sshd,
        "freeze": h1.sshd.freeze_sessions,
        "cable": h1.link_down,
    }
    await asyncio.to_thread(breaks[fault])
    reason = await asyncio.wait_for(connection.lost(), 30)
    silent = "no answer for 1.5 s (keep-alive)"
    assert reason.message in ({silent} if fault in ("freeze", "cable") else {"closed by the host", RESET})
    await until(lambda: bool(heard.ends))
    assert isinstance(heard.ends[0][0], HostError)
    await connection.aclose()


RESET = "the connection was reset"


async def test_addresses_that_do_not_answer(lab: Lab, h1: LabHost, tmp_path: Path) -> None:
    connector = SshConnector(around(tmp_path), Timing(connect=1))
    with pytest.raises(HostUnreachable, match="does not answer within 1 s"):
        await connector.connect(h1.spec(address=lab.black_hole()), None)
    await asyncio.to_thread(h1.stop_sshd)
    with pytest.raises(HostUnreachable, match="refuses the connection"):
        await connector.connect(h1.spec(), None)
    await connector.aclose()
