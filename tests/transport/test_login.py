"""Logging in: keys, passphrases, passwords, codes; and what is said when it does not work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from console.errors import AnswerNeeded, LoginRefused
from console.model.questions import QuestionKind
from console.transport.keys import read_key
from console.transport.login import Allowance
from console.transport.ssh import SshConnector
from tests.transport.sshd import Home, Person, Sshd, sshd, until

SECRET = "correct horse"


def lock(key: asyncssh.SSHKey, path: Path, passphrase: str = SECRET, format_name: str = "openssh") -> None:
    """Write an encrypted key; few rounds, since they are there to take time."""
    data = key.export_private_key(format_name, passphrase, rounds=2, ignore_few_rounds=True)
    path.write_bytes(data)


@pytest.fixture
def locked(home: Home) -> Home:
    """A home whose key is encrypted."""
    lock(home.key, home.ssh / "id_ed25519")
    return home


@asynccontextmanager
async def known(home: Home, *authorized: asyncssh.SSHKey, **options: object) -> AsyncIterator[Sshd]:
    """A server whose host key is known."""
    async with sshd(*authorized, **options) as server:  # type: ignore[arg-type]  # passed through
        home.trust(server)
        yield server


async def greet(connector: SshConnector, server: Sshd, person: Person | None) -> None:
    await (await connector.connect(server.spec(), person)).aclose()


async def test_an_encrypted_key_is_asked_for_once_and_kept(locked: Home) -> None:
    async with known(locked, locked.key) as server, locked.connector() as connector:
        person = Person((SECRET,))
        await greet(connector, server, person)
        await greet(connector, server, None)
        (question,) = person.asked
        assert question.kind is QuestionKind.PASSPHRASE
        assert question.file == str(locked.ssh / "id_ed25519")
        assert [prompt.echo for prompt in question.prompts] == [False]


async def test_nobody_is_asked_for_the_passphrase_of_a_key_that_opens_nothing(locked: Home) -> None:
    async with known(locked, asyncssh.generate_private_key("ssh-ed25519")) as server:
        async with locked.connector() as connector:
            person = Person((SECRET,))
            with pytest.raises(LoginRefused, match="id_ed25519"):
                await greet(connector, server, person)
            assert person.asked == []


async def test_a_wrong_passphrase_is_asked_for_again_three_times(locked: Home) -> None:
    async with known(locked, locked.key) as server, locked.connector() as connector:
        person = Person(("wrong",), ("wronger",), (SECRET,))
        await greet(connector, server, person)
        assert len(person.asked) == 3
        assert "2 tries left" in person.asked[1].text
    async with known(locked, locked.key) as server, locked.connector() as connector:
        person = Person(("wrong",))
        with pytest.raises(AnswerNeeded, match="wrong 3 times"):
            await greet(connector, server, person)
        assert len(person.asked) == 3


async def test_a_passphrase_not_given_is_needs_you(locked: Home) -> None:
    async with known(locked, locked.key) as server, locked.connector() as connector:
        with pytest.raises(AnswerNeeded, match="not given"):
            await greet(connector, server, Person(None))
        with pytest.raises(AnswerNeeded, match="dockcon --host app-1 check"):
            await greet(connector, server, None)


async def test_hosts_that_want_one_key_at_once_ask_once(locked: Home) -> None:
    async with known(locked, locked.key) as server, locked.connector() as connector:
        person = Person((SECRET,))
        await asyncio.gather(*(greet(connector, server, person) for _ in range(8)))
        assert len(person.asked) == 1
        lock(locked.key, locked.ssh / "id_ed25519", "changed since")
        before, no = server.accepted, Person(None)
        no.waits = asyncio.Event()
        tasks = [asyncio.ensure_future(greet(connector, server, no)) for _ in range(8)]
        await until(lambda: server.accepted == before + 8 and not server.connections)
        no.waits.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, AnswerNeeded) for result in results)
        assert len(no.asked) == 1


async def test_an_old_encrypted_key_without_its_public_half_is_opened_when_nothing_else_helps(
    home: Home,
) -> None:
    key = asyncssh.generate_private_key("ssh-rsa")
    old = home.ssh / "old"
    lock(key, old, format_name="pkcs1-pem")
    home.configure(f"Host *\n  IdentityFile {old}")
    assert read_key(str(old)).public is None
    async with known(home, key) as server, home.connector() as connector:
        person = Person((SECRET,))
        await greet(connector, server, person)
        assert [q.file for q in person.asked] == [str(old)]


async def test_a_password_may_be_wrong_twice(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.password = SECRET
        person = Person(("a",), ("b",), (SECRET,))
        await greet(connector, server, person)
        assert {q.kind for q in person.asked} == {QuestionKind.PASSWORD}
        again = "That was wrong; 2 tries left. ", "That was wrong; 1 try left. "
        assert [q.text for q in person.asked] == ["", *again]
        assert server.passwords == ["a", "b", SECRET]


async def test_three_wrong_passwords_are_enough(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.password = SECRET
        with pytest.raises(LoginRefused, match="3 times"):
            await greet(connector, server, Person(("wrong",)))
        assert server.passwords == ["wrong"] * 3


async def test_an_expired_password_is_said(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.password, server.expired = "new", SECRET
        with pytest.raises(LoginRefused, match=r"has expired.*change it with `ssh"):
            await greet(connector, server, Person((SECRET,)))


async def test_a_password_is_asked_for_at_each_connection(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.password = SECRET
        person = Person((SECRET,))
        await greet(connector, server, person)
        await greet(connector, server, person)
        assert len(person.asked) == 2
        with pytest.raises(AnswerNeeded, match=r"wants a password.*dockcon --host app-1 check"):
            await greet(connector, server, None)


async def test_a_code_in_two_rounds(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.rounds = [
            [("Password: ", False, SECRET)],
            [],
            [("Verification \x1b[31mcode: ", True, "123456")],
        ]
        person = Person((SECRET,), ("123456",))
        await greet(connector, server, person)
        assert [q.kind for q in person.asked] == [QuestionKind.PASSWORD, QuestionKind.CODE]
        assert person.asked[1].prompts[0].text == "Verification code:"
        assert person.asked[1].prompts[0].echo
        assert person.asked[1].text == "The host says: round 3. "


async def test_wrong_codes_are_stopped_after_three(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.rounds = [[("Password: ", False, SECRET)], [("Code: ", False, "123456")]]
        person = Person((SECRET,), ("1",), (SECRET,), ("2",), (SECRET,), ("3",))
        with pytest.raises(LoginRefused, match="3 times"):
            await greet(connector, server, person)
        assert len(person.asked) == 6
        assert "wrong" in person.asked[2].text
        assert "wrong" not in person.asked[3].text


async def test_a_code_not_given_is_needs_you(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.rounds = [[("Code: ", False, "123456")]]
        server.password = SECRET
        person = Person(None)
        with pytest.raises(AnswerNeeded, match="not given"):
            await greet(connector, server, person)
        assert len(person.asked) == 1


async def test_a_refusal_names_what_was_tried_and_what_to_try(home: Home) -> None:
    home.configure(f"Host *\n  IdentityFile {home.ssh}/missing")
    async with known(home, asyncssh.generate_private_key("ssh-ed25519")) as server:
        async with home.connector() as connector:
            with pytest.raises(LoginRefused) as refused:
                await greet(connector, server, None)
    said = str(refused.value)
    tried = "~/.ssh/id_ed25519", "~/.ssh/missing does not exist"
    for part in (*tried, "it takes publickey", "authorized_keys of ops"):
        assert part in said


async def test_time_to_think_does_not_count_and_after_an_answer_it_begins_anew() -> None:
    allowance = Allowance(0.1)
    loop = asyncio.get_running_loop()
    answered = 0.0

    async def talk() -> None:
        nonlocal answered
        async with allowance.limit():
            with allowance.pause():
                await asyncio.sleep(0.2)
            answered = loop.time()
            await asyncio.sleep(30)

    with pytest.raises(TimeoutError):
        await talk()
    assert loop.time() - answered >= 0.1
    with allowance.pause():
        pass  # outside of a limit there is nothing to stop


async def test_a_host_that_gives_up_waiting_is_needs_you(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.password = SECRET
        person = Person((SECRET,))
        person.waits = asyncio.Event()
        task = asyncio.ensure_future(greet(connector, server, person))
        await until(lambda: bool(person.asked))
        server.connections[0].abort()
        with pytest.raises(AnswerNeeded, match="gave up waiting"):
            await task


async def test_a_connect_that_is_cancelled_during_a_question_leaves_nothing(home: Home) -> None:
    async with known(home) as server, home.connector() as connector:
        server.password = SECRET
        person = Person((SECRET,))
        person.waits = asyncio.Event()
        task = asyncio.ensure_future(greet(connector, server, person))
        await until(lambda: bool(person.asked))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not server.connections)


async def test_no_secret_is_logged_or_told(locked: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncssh.set_debug_level(2)
    try:
        async with known(locked, locked.key) as server, locked.connector() as connector:
            server.password = "hunter2"
            await greet(connector, server, Person((SECRET,)))
            server.authorized.clear()
            with pytest.raises(LoginRefused) as refused:
                await greet(connector, server, Person(("hunter3",)))
    finally:
        asyncssh.set_debug_level(1)
    told = caplog.text + repr(refused.value.__dict__) + str(refused.value)
    assert not [word for word in (SECRET, "hunter2", "hunter3") if word in told]


@pytest.mark.parametrize("kind", ["openssh", "pkcs8-pem"])
def test_reading_an_encrypted_key_gives_its_public_half(tmp_path: Path, kind: str) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519" if kind == "openssh" else "ecdsa-sha2-nistp256")
    path = tmp_path / "key"
    lock(key, path, format_name=kind)
    if kind != "openssh":
        key.write_public_key(f"{path}.pub")
    found = read_key(str(path))
    assert found.encrypted
    assert found.public is not None
    assert found.public.public_data == key.public_data


BROKEN = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END"


@pytest.mark.parametrize("data", [b"", b"junk", BROKEN, b"\xff\0"])
def test_what_is_no_key_is_said_not_raised(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "key").write_bytes(data)
    found = read_key(str(tmp_path / "key"))
    assert found.problem == "is not a private key"
    assert read_key(str(tmp_path)).problem.startswith("cannot be read")
