"""Logging in to real sshds: keys, questions, bastions, and hosts that are not there."""

from __future__ import annotations

import asyncio
import time

import pytest

from console.errors import AnswerNeeded, HostKeyRefused, HostUnreachable, LoginRefused
from console.model.questions import QuestionKind
from console.transport.live import LiveTransport
from console.transport.ssh import SshConnector
from tests.lab.aids import Scripted, until
from tests.lab.containers import start_plain
from tests.lab.lab import Lab
from tests.lab.machine import run


async def test_a_host_behind_a_bastion(transport: LiveTransport, lab: Lab) -> None:
    inner = lab.behind("h1")
    link = await transport.connect(inner.spec(), None)
    container = await asyncio.to_thread(start_plain, lab["h1"], "plain")
    assert [c.id for c in await (await link.engine()).containers()] == [container]
    assert lab["h1"].address in link.route or "h1" in link.route


async def test_a_dead_bastion_is_the_reason_given(transport: LiveTransport, lab: Lab) -> None:
    inner = lab.behind("h1")
    link = await transport.connect(inner.spec(), None)
    await asyncio.to_thread(lab["h1"].stop_sshd)
    assert isinstance(await asyncio.wait_for(link.lost(), 5), HostUnreachable)
    with pytest.raises(HostUnreachable, match=lab["h1"].address):
        await transport.connect(inner.spec(), None)


async def test_one_bastion_connection_serves_many(transport: LiveTransport, lab: Lab) -> None:
    inner = lab.behind("h1")
    # Thirty hosts behind a bastion are thirty servers; this one has to stand for all of them.
    with inner.extra_sshd(MaxStartups="100") as sshd:
        specs = [inner.spec(name=f"inner-{n}", port=sshd.port) for n in range(30)]
        links = await asyncio.gather(*(transport.connect(spec, None) for spec in specs))
        # sshd keeps two processes for a connection, and no more than that are there.
        assert len(lab["h1"].sshd.sessions()) <= 2
        await asyncio.gather(*(link.aclose() for link in links))
        await until(lambda: not lab["h1"].sshd.sessions(), "the bastion's connection to be given back")


async def test_many_at_once_get_past_max_startups(transport: LiveTransport, lab: Lab) -> None:
    specs = [lab["h1"].spec(name=f"host-{n}") for n in range(40)]
    links = await asyncio.gather(*(transport.connect(spec, None) for spec in specs))
    assert len(links) == 40


async def test_an_encrypted_key_asks_for_its_passphrase(transport: LiveTransport, lab: Lab) -> None:
    key = lab.keys.another("locked", "correct horse")
    spec = lab["h1"].spec(identity=(str(key),))
    prompter = Scripted(("correct horse",))
    link = await transport.connect(spec, prompter)
    assert [q.kind for q in prompter.asked] == [QuestionKind.PASSPHRASE]
    assert prompter.asked[0].file == str(key)
    await link.aclose()


async def test_without_anybody_to_ask_the_passphrase_is_missed(transport: LiveTransport, lab: Lab) -> None:
    key = lab.keys.another("locked", "correct horse")
    other = LiveTransport(SshConnector())
    with pytest.raises(AnswerNeeded):
        await other.connect(lab["h1"].spec(identity=(str(key),)), None)
    await other.aclose()


async def test_a_key_nobody_knows_is_refused(transport: LiveTransport, lab: Lab) -> None:
    key = lab.keys.another("stranger", may=False)
    with pytest.raises(LoginRefused):
        await transport.connect(lab["h1"].spec(identity=(str(key),)), None)


@pytest.mark.parametrize("way", ["PasswordAuthentication", "KbdInteractiveAuthentication"])
async def test_a_password_is_asked_for(transport: LiveTransport, lab: Lab, way: str) -> None:
    user = lab.user("typist", docker=True, password="open sesame")
    options = {"UsePAM": "yes", "PubkeyAuthentication": "no", way: "yes"}
    with lab["h1"].extra_sshd(**options) as sshd:
        prompter = Scripted(("open sesame",))
        link = await transport.connect(lab["h1"].spec(user=user, port=sshd.port), prompter)
        # PAM asks for it in words of its own; they are those of a password, so it is shown as one.
        assert [q.kind for q in prompter.asked] == [QuestionKind.PASSWORD]
        assert [p.echo for p in prompter.asked[0].prompts] == [False]
        await link.aclose()


async def test_an_unknown_host_key_is_a_question(transport: LiveTransport, lab: Lab) -> None:
    host = lab["h1"]
    empty = lab.keys.own_known_hosts("empty")
    spec = host.spec(known_hosts=(str(empty),))
    with pytest.raises(AnswerNeeded):
        await transport.connect(spec, None)
    prompter = Scripted(None)
    with pytest.raises(AnswerNeeded):
        await transport.connect(spec, prompter)
    fingerprint = run(["ssh-keygen", "-lf", host.host_key]).split()[1]
    assert prompter.asked[0].kind is QuestionKind.HOST_KEY
    assert prompter.asked[0].fingerprint == fingerprint
    assert empty.read_text() == ""


async def test_an_accepted_host_key_is_written_and_not_asked_again(
    transport: LiveTransport, lab: Lab
) -> None:
    host = lab["h2"]
    known = lab.keys.own_known_hosts("accepting")
    spec = host.spec(known_hosts=(str(known),))
    prompter = Scripted(("yes",))
    await (await transport.connect(spec, prompter)).aclose()
    assert prompter.asked[0].file == str(known)
    await (await transport.connect(spec, Scripted())).aclose()
    run(["ssh-keygen", "-F", host.address, "-f", known])  # OpenSSH finds it too


async def test_a_changed_host_key_is_refused_without_a_question(transport: LiveTransport, lab: Lab) -> None:
    host, other = lab["h1"], lab["h2"]
    line = other.sshd.known_as().replace(other.address, host.address)
    known = lab.keys.own_known_hosts("changed", ["# a comment\n", line])
    prompter = Scripted()
    with pytest.raises(HostKeyRefused) as caught:
        await transport.connect(host.spec(known_hosts=(str(known),)), prompter)
    text = str(caught.value)
    for key in (host.host_key, other.host_key):
        assert run(["ssh-keygen", "-lf", key]).split()[1] in text
    assert f"{known}:2" in text
    assert "ssh-keygen" in caught.value.next_step
    assert prompter.asked == []
    assert known.read_text().endswith(line)


async def test_a_black_hole_holds_up_nobody_else(transport: LiveTransport, lab: Lab) -> None:
    async def hole() -> float:
        began = time.monotonic()
        with pytest.raises(HostUnreachable):
            await transport.connect(lab["h1"].spec(name="hole", address=lab.black_hole()), None)
        return time.monotonic() - began

    waiting = asyncio.create_task(hole())
    began = time.monotonic()
    links = await asyncio.gather(*(transport.connect(spec, None) for spec in lab.specs()))
    took = time.monotonic() - began
    assert not waiting.done()
    assert len(links) == 3
    assert took < 5
    assert 8 < await waiting < 13


async def test_a_closed_port_says_so_at_once(transport: LiveTransport, lab: Lab) -> None:
    began = time.monotonic()
    with pytest.raises(HostUnreachable, match=r"refuse"):
        await transport.connect(lab["h1"].spec(port=2), None)
    assert time.monotonic() - began < 3


async def test_giving_up_a_dial_leaves_nothing(transport: LiveTransport, lab: Lab) -> None:
    dial = asyncio.create_task(transport.connect(lab["h1"].spec(address=lab.black_hole()), None))
    await asyncio.sleep(0.2)
    dial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dial
    await asyncio.wait_for(transport.aclose(), 5)
