"""Host keys: known, unknown, changed, revoked; and writing an accepted one down."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import threading
from pathlib import Path

import asyncssh
import pytest

from console.errors import AnswerNeeded, HostKeyRefused, HostRefused
from console.model.questions import QuestionKind
from console.transport import knownwrite
from console.transport.hostkeys import Known, KnownFile, KnownFiles, Verdict
from console.transport.sshconfig import Hop
from tests.transport.sshd import Home, Person, Sshd, require, sshd, until


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def new_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


def hop(path: Path | str, **more: object) -> Hop:
    return Hop(label="db", address="db.example", user="ops", known_hosts=(str(path),), **more)  # type: ignore[arg-type]  # tests hand in what Hop takes


async def greet(home: Home, server: Sshd, person: Person | None) -> None:
    """Connect and close."""
    async with home.connector() as connector:
        await (await connector.connect(server.spec(), person)).aclose()


async def test_an_unknown_key_is_asked_about_noted_and_then_known(home: Home) -> None:
    async with sshd(home.key) as server:
        person = Person(("yes",))
        await greet(home, server, person)
        (question,) = person.asked
        assert question.kind is QuestionKind.HOST_KEY
        assert question.fingerprint == server.host_keys[0].get_fingerprint()
        assert question.fingerprint in question.text
        assert f"ops@127.0.0.1:{server.port}" in question.text
        assert "ssh-ed25519" in question.text
        assert question.file == str(home.known_hosts)
        assert home.known_hosts.read_text() == f"[127.0.0.1]:{server.port} {public(server.host_keys[0])}\n"
        assert stat.S_IMODE(home.known_hosts.stat().st_mode) == 0o600
        await greet(home, server, None)
        assert len(person.asked) == 1


async def test_a_machine_that_is_met_in_two_ways_is_asked_about_once(home: Home) -> None:
    async with sshd(home.key) as server, home.connector() as connector:
        first, second = Person(("yes",)), Person(("yes",))
        first.waits = asyncio.Event()
        asked = asyncio.ensure_future(connector.connect(server.spec("app-1"), first))
        await until(lambda: bool(first.asked))
        waits = asyncio.ensure_future(connector.connect(server.spec("app-2"), second))
        await until(lambda: server.accepted == 2 and not server.connections)
        first.waits.set()
        await asyncio.gather(asked, waits)
        assert second.asked == []


async def test_without_a_person_an_unknown_key_is_needs_you(home: Home) -> None:
    async with sshd(home.key) as server:
        with pytest.raises(AnswerNeeded, match="dockcon --host app-1 check"):
            await greet(home, server, None)
        assert server.logins == 0
        assert not home.known_hosts.exists()


@pytest.mark.parametrize("answer", [None, ("no",), ("",), ("y",)])
async def test_anything_but_yes_is_no(home: Home, answer: tuple[str, ...] | None) -> None:
    async with sshd(home.key) as server:
        with pytest.raises(AnswerNeeded, match="not accepted"):
            await greet(home, server, Person(answer))
        assert not home.known_hosts.exists()


async def test_a_changed_key_is_refused_and_nobody_is_asked(home: Home) -> None:
    require("ssh-keygen")
    async with sshd(home.key) as server:
        other = new_key()
        home.known_hosts.write_text(f"# mine\n[127.0.0.1]:{server.port} {public(other)}\n")
        person = Person(("yes",))
        with pytest.raises(HostKeyRefused) as refused:
            await greet(home, server, person)
        said = str(refused.value)
        assert other.get_fingerprint() in said
        assert server.host_keys[0].get_fingerprint() in said
        assert f"{home.known_hosts}:2" in said
        assert f"ssh-keygen -R '[127.0.0.1]:{server.port}' -f {home.known_hosts}" in said
        assert person.asked == []
        assert server.logins == 0
        # The command does what it says.
        command = said[said.index("`ssh-keygen") + 1 : said.rindex("`")]
        await asyncio.to_thread(subprocess.run, ["/bin/sh", "-c", command], check=True, capture_output=True)
        await greet(home, server, person)
        assert len(person.asked) == 1


async def test_a_revoked_key_is_refused_also_when_it_is_known(home: Home) -> None:
    async with sshd(home.key) as server:
        home.trust(server)
        with home.known_hosts.open("a") as file:
            file.write(f"@revoked * {public(server.host_keys[0])}\n")
        with pytest.raises(HostKeyRefused, match=rf"revoked in {home.known_hosts}:2"):
            await greet(home, server, Person(("yes",)))
        assert server.logins == 0


async def test_a_revoked_key_is_found_out_also_where_an_authority_is_known(home: Home) -> None:
    authority, key = new_key(), new_key()
    certificate = authority.generate_host_certificate(key, "h", principals=["127.0.0.1"])
    async with sshd(home.key, server_host_keys=[(key, certificate)]) as server:
        home.known_hosts.write_text(f"@cert-authority * {public(authority)}\n@revoked * {public(key)}\n")
        with pytest.raises(HostKeyRefused, match=rf"revoked in {home.known_hosts}:2"):
            await greet(home, server, Person(("yes",)))
        assert server.logins == 0


async def test_another_type_of_key_alone_counts_as_changed(home: Home) -> None:
    async with sshd(home.key, key_types=("ecdsa-sha2-nistp256",)) as server:
        known = new_key()
        home.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public(known)}\n")
        with pytest.raises(HostKeyRefused, match=r"ssh-ed25519 SHA256.*shows ecdsa-sha2-nistp256 SHA256"):
            await greet(home, server, Person(("yes",)))


@pytest.mark.parametrize("known", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_of_several_keys_the_known_type_is_asked_for(home: Home, known: str) -> None:
    async with sshd(home.key, key_types=("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")) as server:
        (key,) = [key for key in server.host_keys if key.get_algorithm() == known]
        home.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public(key)}\n")
        await greet(home, server, None)


async def test_a_key_known_for_the_name_without_port_is_enough_and_another_no_change(
    home: Home,
) -> None:
    async with sshd(home.key) as server:
        home.known_hosts.write_text(f"127.0.0.1 {public(server.host_keys[0])}\n")
        await greet(home, server, None)
        home.known_hosts.write_text(f"127.0.0.1 {public(new_key())}\n")
        person = Person(("yes",))
        await greet(home, server, person)
        assert [question.kind for question in person.asked] == [QuestionKind.HOST_KEY]


async def test_an_alias_is_looked_up_and_noted_without_a_port(home: Home) -> None:
    home.configure("Host 127.0.0.1\n  HostKeyAlias db-cluster")
    async with sshd(home.key) as server:
        await greet(home, server, Person(("yes",)))
        assert home.known_hosts.read_text().startswith("db-cluster ssh-ed25519 ")
        await greet(home, server, None)


@pytest.mark.parametrize("setting", ["none", "/dev/null"])
async def test_no_setting_switches_the_check_off(home: Home, setting: str) -> None:
    home.configure(f"Host *\n  UserKnownHostsFile {setting}\n  StrictHostKeyChecking no")
    async with sshd(home.key) as server:
        with pytest.raises(AnswerNeeded):
            await greet(home, server, None)
        await greet(home, server, Person(("yes",)))
        assert home.known_hosts.exists()


async def test_a_certificate_of_a_known_authority_is_enough(home: Home) -> None:
    authority, key = new_key(), new_key()
    certificate = authority.generate_host_certificate(key, "h", principals=["127.0.0.1"])
    async with sshd(home.key, server_host_keys=[(key, certificate)]) as server:
        home.known_hosts.write_text(f"@cert-authority * {public(authority)}\n")
        await greet(home, server, None)


async def test_behind_a_foreign_certificate_the_plain_key_is_looked_at(home: Home) -> None:
    authority, key = new_key(), new_key()
    certificate = authority.generate_host_certificate(key, "h", principals=["127.0.0.1"])
    async with sshd(home.key, server_host_keys=[(key, certificate)]) as server:
        other = new_key()
        home.known_hosts.write_text(f"@cert-authority * {public(other)}\n")
        person = Person(("yes",))
        await greet(home, server, person)
        assert [q.fingerprint for q in person.asked] == [key.get_fingerprint()]


async def test_an_accepted_key_that_cannot_be_noted_is_said(home: Home, tmp_path: Path) -> None:
    home.configure(f"Host *\n  UserKnownHostsFile {tmp_path}")
    async with sshd(home.key) as server:
        with pytest.raises(HostRefused, match="could not be noted"):
            await greet(home, server, Person(("yes",)))


def test_names_are_matched_by_name_alone_and_in_any_case(tmp_path: Path) -> None:
    key = new_key().convert_to_public()
    file = tmp_path / "known"
    file.write_text(f"DB.example {public(key)}\n".lower().split(" ")[0] + f" {public(key)}\n")
    files = KnownFiles()
    upper = Hop(label="db", address="DB.Example", user="ops", known_hosts=(str(file),))
    assert files.look_up(upper).trusted == (key,)
    assert files.look_up(hop(file, port=2222)).trusted == (key,)
    other = Hop(label="x", address="other.example", user="ops", known_hosts=(str(file),))
    assert files.look_up(other).trusted == ()


def test_a_line_that_makes_no_sense_does_not_hide_the_others() -> None:
    key = new_key().convert_to_public()
    text = f"# c\nnonsense\n@odd x y\n|1|zz|zz ssh-ed25519 AAAA\ndb.example {public(key)}\n"
    known = Known.of(hop("f"), [KnownFile.parse("f", text)])
    assert known.trusted == (key,)
    assert [entry.where for entry in known.entries()] == ["f:5"]


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    files, file = KnownFiles(), tmp_path / "known"
    assert files.look_up(hop(file)).trusted == ()
    key = new_key().convert_to_public()
    file.write_text(f"db.example {public(key)}\n")
    assert files.look_up(hop(file)).trusted == (key,)
    assert files.look_up(hop(file)).judge(new_key()) is Verdict.CHANGED


@pytest.mark.parametrize("before", ["", "x ssh-ed25519 AAAA", "x ssh-ed25519 AAAA\n", "\n\n"])
def test_a_key_is_appended_on_a_line_of_its_own(tmp_path: Path, before: str) -> None:
    file, key = tmp_path / "known", new_key()
    file.write_text(before)
    assert knownwrite.note([str(file)], "db.example", key) == str(file)
    text = file.read_text()
    assert text.startswith(before)
    assert text.endswith(f"db.example {public(key)}\n")
    assert KnownFile.parse("f", text).hosts.match("db.example", "", None)[0] == [key.convert_to_public()]


def test_a_new_file_and_its_directory_are_private(tmp_path: Path) -> None:
    file = tmp_path / "deep" / ".ssh" / "known"
    knownwrite.note([str(file)], "db.example", new_key())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_names_are_hashed_where_the_others_are(tmp_path: Path) -> None:
    require("ssh-keygen")
    file, key = tmp_path / "known", new_key()
    knownwrite.note([str(file)], "[db.example]:2222", key, hash_name=True)
    knownwrite.note([str(file)], "web.example", key)
    text = file.read_text()
    assert text.count("|1|") == 2
    assert "example" not in text
    for name in ("[db.example]:2222", "web.example"):
        found = subprocess.run(["ssh-keygen", "-F", name, "-f", str(file)], capture_output=True, check=False)
        assert found.returncode == 0, name


def test_the_first_file_that_can_be_written_is_taken(tmp_path: Path) -> None:
    directory, file = tmp_path / "d", tmp_path / "known"
    directory.mkdir()
    key = new_key()
    assert knownwrite.note([str(directory), str(file)], "db", key) == str(file)
    with pytest.raises(IsADirectoryError):
        knownwrite.note([str(directory)], "db", key)
    with pytest.raises(FileNotFoundError):
        knownwrite.note([], "db", key)


def test_many_writers_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    file, key = tmp_path / "known", new_key()
    threads = [
        threading.Thread(target=knownwrite.note, args=([str(file)], f"h{n % 10}", key)) for n in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(file.read_text().splitlines()) == [f"h{n} {public(key)}" for n in range(10)]
