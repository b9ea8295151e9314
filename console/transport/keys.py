"""Keys to log in with: from the agent and from files, in the order they are offered.

An encrypted key is offered with its public half; only when a host accepts it does its passphrase matter
(`PassphraseWanted`), so nobody is asked for the passphrase of a key that opens nothing. Unlocked keys stay
in memory for the life of the process.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncssh

from console.model.text import sanitise
from console.transport.sshconfig import KEY_NAMES, Hop

TRIES = 3
"""How often a wrong passphrase, password or code is put up with."""

AGENT_LIMIT = 5.0
"""Seconds an agent may take to list its keys."""

MISSING = "does not exist"

Stamp = tuple[int, int, int]


class PassphraseWanted(Exception):
    """A host accepts the key in `path`, which is encrypted."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Declined(Exception):
    """The operator did not give, or could not give, what was asked for. Says what, never the answer."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file holds, as far as it can be read."""

    path: str
    private: asyncssh.SSHKey | None = None
    public: asyncssh.SSHKey | None = None
    encrypted: bool = False
    problem: str = ""


class LockedKeyPair(asyncssh.SSHKeyPair):
    """The public half of an encrypted key; raises PassphraseWanted where a signature is needed."""

    _key_type = "local"

    def __init__(self, public: asyncssh.SSHKey, path: str) -> None:
        algorithms = public.sig_algorithms
        super().__init__(
            public.algorithm, public.algorithm, algorithms, algorithms, public.public_data, path.encode()
        )
        self._path = path

    async def sign_async(self, data: bytes) -> bytes:
        raise PassphraseWanted(self._path)


@dataclass(frozen=True, slots=True)
class Offered:
    """One key to try, and how to call it in a message."""

    pair: asyncssh.SSHKeyPair
    name: str


@dataclass(slots=True)
class Offer:
    """Everything one login may try. Close it when the login is over."""

    keys: list[Offered] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    """Encrypted files that do not say what their public half is: they cannot be offered unopened."""
    problems: list[str] = field(default_factory=list)
    """What kept other keys from being tried."""
    agent: asyncssh.SSHAgentClient | None = None

    async def aclose(self) -> None:
        if self.agent is not None:
            self.agent.close()
            await self.agent.wait_closed()


class Keyring:
    """All key files of the process. Belongs to one loop."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Stamp, KeyFile]] = {}
        self._unlocked: dict[str, tuple[Stamp, asyncssh.SSHKey]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._declined: dict[str, int] = {}

    async def offer(self, hop: Hop) -> Offer:
        """Gather what may be tried: keys named by `identities` that the agent has, unencrypted files, the
        agent's other keys, encrypted files. Each with its certificate first, where there is one.
        """
        offer = Offer()
        if "publickey" not in hop.methods:
            return offer
        files, certificates = await asyncio.to_thread(self._load, hop, offer)
        held = await _agent_keys(hop, offer)
        named = {file.public.public_data for file in files if file.public is not None}
        pairs = [held[blob] for blob in _order(files) if blob in held]
        for file in files:
            if file.private is not None and file.private.public_data not in held:
                pairs += [Offered(p, _short(file.path)) for p in asyncssh.load_keypairs(file.private)]
        if not hop.identities_only:
            pairs += [item for blob, item in held.items() if blob not in named]
        for file in files:
            if file.private is not None or not file.encrypted:
                continue
            if file.public is None:
                offer.locked.append(file.path)
            elif file.public.public_data not in held:
                pairs.append(Offered(LockedKeyPair(file.public, file.path), _short(file.path)))
        offer.keys = _with_certificates(pairs, certificates)
        return offer

    async def unlock(self, path: str, ask: Callable[[int], Awaitable[str | None]]) -> None:
        """Open an encrypted key; `ask(n)` gets its passphrase the n-th time, from 1, None for no.

        Hosts that want the same key at the same time ask once. Raises Declined.
        """
        seen = self._declined.get(path, 0)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if self._is_open(path):
                return
            if self._declined.get(path, 0) != seen:
                raise Declined(f"the passphrase of {path} was not given")
            for attempt in range(1, TRIES + 1):
                answer = await ask(attempt)
                if answer is None:
                    self._declined[path] = seen + 1
                    raise Declined(f"the passphrase of {path} was not given")
                if await asyncio.to_thread(self._open, path, answer):
                    return
            self._declined[path] = seen + 1
            raise Declined(f"the passphrase of {path} was wrong {TRIES} times")

    def _is_open(self, path: str) -> bool:
        kept = self._unlocked.get(path)
        return kept is not None and kept[0] == _stamp(path)

    def _open(self, path: str, passphrase: str) -> bool:
        stamp = _stamp(path)
        try:
            key = asyncssh.read_private_key(path, passphrase)
        except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError, OSError):
            return False
        if stamp is not None:
            self._unlocked[path] = (stamp, key)
        return True

    def _load(self, hop: Hop, offer: Offer) -> tuple[list[KeyFile], list[asyncssh.SSHCertificate]]:
        """Read files (in a thread). What cannot be used is said in `offer.problems`."""
        files = []
        for path in dict.fromkeys(hop.identities):
            file = self._file(path)
            if file.problem and not (
                file.problem == "does not exist" and os.path.basename(path) in KEY_NAMES
            ):
                offer.problems.append(f"{_short(path)} {file.problem}")
            files.append(file)
        certificates: list[asyncssh.SSHCertificate] = []
        for path in (*hop.certificates, *(f"{file.path}-cert.pub" for file in files)):
            try:
                certificates += asyncssh.load_certificates(path)
            except (OSError, asyncssh.KeyImportError):
                continue  # most keys have none beside them
        return files, certificates

    def _file(self, path: str) -> KeyFile:
        stamp = _stamp(path)
        if stamp is None:
            return KeyFile(path, problem=MISSING)
        if self._is_open(path):
            key = self._unlocked[path][1]
            return KeyFile(path, private=key, public=key.convert_to_public())
        kept = self._read.get(path)
        if kept is None or kept[0] != stamp:
            kept = (stamp, read_key(path))
            self._read[path] = kept
        return kept[1]


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_key(path: str) -> KeyFile:
    """Read a private key, or of an encrypted one its public half; a public key alone selects one of the
    agent's. Never raises: what is wrong is in `problem`.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(1 << 20)
    except OSError as exc:
        return KeyFile(path, problem=f"cannot be read ({exc.strerror})")
    try:
        key = asyncssh.import_private_key(data)
    except asyncssh.KeyImportError as exc:
        if str(exc).startswith("Passphrase"):
            return KeyFile(path, public=_public_half(path, data), encrypted=True)
    except asyncssh.KeyEncryptionError:
        return KeyFile(path, public=_public_half(path, data), encrypted=True)
    else:
        return KeyFile(path, private=key, public=key.convert_to_public())
    try:
        return KeyFile(path, public=asyncssh.import_public_key(data))
    except asyncssh.KeyImportError:
        return KeyFile(path, problem="is not a private key")


def _public_half(path: str, data: bytes) -> asyncssh.SSHKey | None:
    """Of an encrypted key: OpenSSH's own format has it in clear, for others it stands beside in `.pub`."""
    try:
        body = base64.b64decode(b"".join(data.split(b"-----")[2].split()))
        fields = body.removeprefix(b"openssh-key-v1\0")
        if fields != body:
            for _ in range(3):  # cipher, key derivation, its options
                fields = fields[4 + int.from_bytes(fields[:4], "big") :]
            blob = fields[8 : 8 + int.from_bytes(fields[4:8], "big")]
            kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
            return asyncssh.import_public_key(kind + b" " + base64.b64encode(blob))
    except (ValueError, IndexError):
        pass  # not a format that says it: the file beside it may
    try:
        return asyncssh.read_public_key(f"{path}.pub")
    except (OSError, asyncssh.KeyImportError):
        return None


async def _agent_keys(hop: Hop, offer: Offer) -> dict[bytes, Offered]:
    """What the agent holds, by public key. An agent that does not answer is a problem, not an error."""
    if not hop.agent:
        return {}
    offer.agent = asyncssh.SSHAgentClient(hop.agent)
    try:
        async with asyncio.timeout(AGENT_LIMIT):
            pairs = await offer.agent.get_keys()
    except (OSError, ValueError, TimeoutError) as exc:
        why = "does not answer" if isinstance(exc, TimeoutError) else sanitise(str(exc), 100)
        offer.problems.append(f"the agent at {hop.agent}: {why}")
        return {}
    held = {}
    for pair in pairs:
        comment = sanitise(pair.get_comment(errors="replace") or "a key", 80)
        held[pair.public_data] = Offered(pair, f"{comment} (agent)")
    return held


def _order(files: Sequence[KeyFile]) -> list[bytes]:
    return list(dict.fromkeys(file.public.public_data for file in files if file.public is not None))


def _with_certificates(
    pairs: Sequence[Offered], certificates: Sequence[asyncssh.SSHCertificate]
) -> list[Offered]:
    by_key = {cert.key.public_data: cert for cert in certificates if not cert.is_x509}
    result = []
    for item in pairs:
        cert = by_key.get(item.pair.key_public_data)
        if cert is not None and not item.pair.has_cert:
            signed = copy.copy(item.pair)
            signed.set_certificate(cert)
            result.append(Offered(signed, f"{item.name} with its certificate"))
        result.append(item)
    return result


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path
