"""Host keys: what known_hosts files say of a host, and what to say when they say something else.

Names are matched by asyncssh's own reader of known_hosts (plain, hashed, patterns, `[host]:port`, @revoked,
@cert-authority), but by the name alone: a key known for the address a name happens to resolve to proves
nothing about the name.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncssh

from console.errors import HostKeyRefused
from console.model.questions import Question, QuestionKind
from console.model.text import safe, sanitise
from console.transport.sshconfig import Hop, way

ALGORITHMS = (
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""OpenSSH's order, where the configuration states none."""

_CERTIFICATE = "-cert-v01@openssh.com"

Keys = Sequence[asyncssh.SSHKey]


class Verdict(StrEnum):
    """What known_hosts says of a key that it does not vouch for."""

    UNKNOWN = "unknown"
    CHANGED = "changed"
    """Another key is known under this very name."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One known_hosts file as it was read. Lines that cannot be understood are left out, as OpenSSH does."""

    path: str
    lines: tuple[tuple[int, str], ...]
    """Line number from 1, and the line."""
    hosts: asyncssh.SSHKnownHosts

    @classmethod
    def parse(cls, path: str, text: str) -> KnownFile:
        """Never raises."""
        hosts = asyncssh.SSHKnownHosts()
        lines = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                hosts.load(line)
            except ValueError:
                continue
            lines.append((number, line))
        return cls(path, tuple(lines), hosts)


class KnownFiles:
    """Reads known_hosts files, each again only when it has changed. `look_up` blocks: call it in a thread."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[tuple[int, int, int], KnownFile]] = {}
        self._lock = threading.Lock()

    def look_up(self, hop: Hop) -> Known:
        """What the files of this hop say of it; files that cannot be read say nothing."""
        with self._lock:
            found = [self._file(path) for path in (*hop.known_hosts, *hop.global_known_hosts)]
        return Known.of(hop, [file for file in found if file is not None])

    def _file(self, path: str) -> KnownFile | None:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
                cached = self._read.get(path)
                if cached is not None and cached[0] == stamp:
                    return cached[1]
                parsed = KnownFile.parse(path, file.read())
        except OSError:
            return None
        self._read[path] = (stamp, parsed)
        return parsed


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of known_hosts that is about a host."""

    file: str
    line: int
    key: asyncssh.SSHKey

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one name."""

    name: str
    """`host`, `[host]:port` or an alias: as a line for it begins."""
    files: tuple[KnownFile, ...]
    trusted: tuple[asyncssh.SSHKey, ...]
    authorities: tuple[asyncssh.SSHKey, ...]
    revoked: tuple[asyncssh.SSHKey, ...]
    own: bool
    """Whether `trusted` stands under the name itself, not only under the host without its port."""

    @classmethod
    def of(cls, hop: Hop, files: Iterable[KnownFile]) -> Known:
        """Look a hop up. As in OpenSSH, keys of the name without its port help only where the name has none,
        and an alias has no port.
        """
        files = tuple(files)
        name = hop.known_as.lower()
        found = [file.hosts.match(name, "", None) for file in files]
        trusted = [key for match in found for key in match[0]]
        authorities = [key for match in found for key in match[1]]
        revoked = [key for match in found for key in match[2]]
        own = bool(trusted or authorities)
        if not hop.key_alias and hop.port != 22:
            bare = [file.hosts.match(hop.address.lower(), "", None) for file in files]
            revoked += [key for match in bare for key in match[2]]
            if not own:
                trusted = [key for match in bare for key in match[0]]
                authorities = [key for match in bare for key in match[1]]
        return cls(name, files, tuple(trusted), tuple(authorities), tuple(revoked), own)

    def for_asyncssh(self, *, certificates: bool = True) -> tuple[Keys, Keys, Keys]:
        """The argument `known_hosts`: trusted keys, authorities, revoked keys. Never None, which would mean
        that nothing is checked.

        asyncssh refuses a revoked key without saying which it was. Where no certificate can come, revoked
        keys are therefore only left out of the trusted ones: it then shows the key, and `judge` knows it.
        """
        trusted = [key for key in self.trusted if key not in self.revoked]
        if certificates and self.authorities:
            return trusted, self.authorities, self.revoked
        return trusted, (), ()

    def algorithms(self, hop: Hop, *, certificates: bool = True) -> list[str]:
        """Which host key algorithms to ask for: certificates where an authority is known, then the types that
        are known, then the others. So a host that still has the key we know shows that one, and one that
        does not is seen with what it has instead of failing without a word.
        """
        possible = {
            name.decode()
            for name in (
                *asyncssh.public_key.get_public_key_algs(),
                *asyncssh.public_key.get_certificate_algs(),
            )
        }
        base = [name for name in hop.key_algorithms or ALGORITHMS if name in possible]
        known = {name.decode() for key in self.trusted for name in key.sig_algorithms}
        signed = [n for n in base if n.endswith(_CERTIFICATE)] if self.authorities and certificates else []
        plain = [name for name in base if not name.endswith(_CERTIFICATE)]
        return [*signed, *(n for n in plain if n in known), *(n for n in plain if n not in known)]

    def judge(self, key: asyncssh.SSHKey) -> Verdict:
        """What to think of a key that is not trusted.

        A key of another type than those known counts as changed, where OpenSSH would ask: the types that are
        known were asked for first, so the host no longer has that key, or somebody else is answering.
        """
        if key in self.revoked:
            return Verdict.REVOKED
        return Verdict.CHANGED if self.own and self.trusted else Verdict.UNKNOWN

    def entries(self, key: asyncssh.SSHKey | None = None) -> list[Entry]:
        """The lines about this name: with `key` those that revoke it, else those that vouch for keys."""
        found = []
        for file in self.files:
            for number, line in file.lines:
                alone = asyncssh.import_known_hosts(line).match(self.name, "", None)
                hits = [k for k in alone[2] if k == key] if key is not None else alone[0]
                found += [Entry(file.path, number, hit) for hit in hits]
        return found


def fingerprint(key: asyncssh.SSHKey) -> str:
    """`ssh-ed25519 SHA256:...`, as `ssh-keygen -l` prints the second half."""
    return f"{key.get_algorithm()} {key.get_fingerprint()}"


def question(host: str, hops: Sequence[Hop], known: Known, key: asyncssh.SSHKey) -> Question:
    """Ask whether an unknown key is the host's; `hops` is the way to it, itself included."""
    hop = hops[-1]
    file = hop.known_hosts[0] if hop.known_hosts else ""
    text = (
        f"Nothing is known of the key of {way(hops)}. It shows the {key.get_algorithm()} key with the "
        f"fingerprint {key.get_fingerprint()}. Compare it with what the machine's administrator says, or "
        f"with `ssh-keygen -l -f` on its own console: only then can nobody stand in between. "
        f"Yes notes it for {known.name} in {file}."
    )
    return Question(
        kind=QuestionKind.HOST_KEY,
        host=host,
        hop=hop.label,
        title=sanitise(f"Unknown host key of {hop.label}", 200),
        text=sanitise(text),
        fingerprint=safe(key.get_fingerprint()),
        file=file,
    )


def unasked(hops: Sequence[Hop], key: asyncssh.SSHKey) -> str:
    """What to say of an unknown key when nobody can be asked."""
    return f"the host key of {way(hops)} is not known ({fingerprint(key)})"


def refusal(host: str, hops: Sequence[Hop], known: Known, key: asyncssh.SSHKey) -> HostKeyRefused:
    """What to say of a changed or revoked key: both fingerprints, file and line, and how to go on.

    Reads all lines once more, which takes a moment where there are thousands: call it in a thread.
    """
    where = way(hops)
    if known.judge(key) is Verdict.REVOKED:
        lines = ", ".join(entry.where for entry in known.entries(key)) or "known_hosts"
        return HostKeyRefused(
            host,
            f"the key that {where} shows, {fingerprint(key)}, is marked as revoked in {lines}",
            next_step=f"give the host a new key; if it was revoked by mistake, remove {lines}",
        )
    entries = known.entries()
    listed = ", ".join(f"{fingerprint(entry.key)} ({entry.where})" for entry in entries)
    return HostKeyRefused(
        host,
        f"the host key of {where} is not the one that is known, somebody may be in between: "
        f"known is {listed}, the host shows {fingerprint(key)}",
        next_step=f"if the host was set up anew, {_removal(known.name, entries)}, and connect again",
    )


def _removal(name: str, entries: Sequence[Entry]) -> str:
    """How to take a name out of the files that have it; ssh-keygen finds it plain, hashed and in patterns."""
    files = dict.fromkeys(entry.file for entry in entries)
    return " and ".join(f"run `ssh-keygen -R {shlex.quote(name)} -f {shlex.quote(file)}`" for file in files)
