"""Dialling one hop: socket, handshake, host key, login, and the questions that come up on the way."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncssh

from console.errors import AnswerNeeded, HostError, HostKeyRefused, HostRefused, HostUnreachable
from console.transport import hostkeys, knownwrite, sshfaults
from console.transport.base import Prompter
from console.transport.bastions import Lease
from console.transport.hostkeys import Known, KnownFiles, Verdict
from console.transport.keys import Declined, Keyring, Offer, PassphraseWanted
from console.transport.login import Allowance, Asker, Login, needed
from console.transport.sockets import Gate, ProxyCommand, open_tcp
from console.transport.sshconfig import Hop, way
from console.transport.sshlink import Link, Timing

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
"""asyncssh's own list with AES-GCM first: a third less CPU for bulk than its first choice."""

AT_ONCE = 8
"""Logins under way at one first hop; sshd drops some beyond its MaxStartups, 10 by default."""

PAUSES = (0.2, 0.4, 0.8, 1.6)
"""Seconds before dialling again a server that hung up before it said what it is, each more or less by half:
beyond its MaxStartups an sshd drops some, and it counts a login for a moment longer than we do.
"""

ROUNDS = 12
"""How often one dial may begin again, after a host key was accepted or a key unlocked."""


@dataclass(slots=True)
class _Socket:
    """What one attempt is carried by, and holds until a link takes it over."""

    tcp: socket.socket | None = None
    proxy: ProxyCommand | None = None
    lease: Lease | None = None
    connection: asyncssh.SSHClientConnection | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self.proxy.socket if self.proxy is not None else self.tcp

    async def aclose(self) -> None:
        if self.connection is not None:
            self.connection.abort()
        elif self.tcp is not None:
            self.tcp.close()
        if self.proxy is not None:
            await self.proxy.aclose()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Everything one attempt is made with."""

    host: str
    hops: tuple[Hop, ...]
    known: Known
    certificates: bool
    """Whether host certificates are asked for, where an authority is known."""
    offer: Offer
    login: Login
    allowance: Allowance
    carrier: _Socket

    @property
    def hop(self) -> Hop:
        return self.hops[-1]


class Dialler:
    """Makes links, with what all of them share: keys, known_hosts files, places in the queues."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._keyring = Keyring()
        self._known = KnownFiles()
        self._gate = Gate()
        self._first_hops: dict[object, asyncio.Semaphore] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def dial(
        self, host: str, hops: tuple[Hop, ...], prompter: Prompter | None, lease: Lease | None
    ) -> Link:
        """Connect to the last of `hops`, through `lease` on the one before it where there is one.

        The link owns the lease from then on; on an error it stays the caller's. Raises HostError.
        """
        asker = Asker(host, prompter)
        certificates = True
        pauses = iter(PAUSES)
        for _ in range(ROUNDS + len(PAUSES)):
            known = await asyncio.to_thread(self._known.look_up, hops[-1])
            offer = await self._keyring.offer(hops[-1])
            allowance = Allowance(self._timing.connect)
            login = Login(hops[-1], offer, asker, allowance)
            carrier = _Socket(lease=lease)
            attempt = _Attempt(host, hops, known, certificates, offer, login, allowance, carrier)
            try:
                return await self._attempt(attempt)
            except asyncssh.HostKeyNotVerifiable as exc:
                certificates = await self._judge(attempt, asker, exc)
            except PassphraseWanted as exc:
                await self._unlock(attempt, asker, exc.path)
            except asyncssh.PermissionDenied as exc:
                if not offer.locked or login.declined or login.attempts:
                    raise sshfaults.denied(host, hops, login, offer) from exc
                await self._unlock(attempt, asker, offer.locked[0])
            except HostUnreachable:
                # What a proxy command asks of people or counts is not known: it is run once.
                again = login.turned_away and carrier.proxy is None
                pause = next(pauses, None) if again else None
                if pause is None:
                    raise
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            finally:
                await offer.aclose()
        raise HostUnreachable(host, f"{way(hops)} showed another face at each of {ROUNDS} attempts")

    async def _attempt(self, attempt: _Attempt) -> Link:
        """Once from the socket to the session. Raises HostError, and asyncssh's own where `dial` goes on."""
        kept = False
        try:
            async with self._place(attempt), attempt.allowance.limit():
                attempt.carrier.connection = connection = await self._connect(attempt)
            kept = True
        except (asyncssh.HostKeyNotVerifiable, asyncssh.PermissionDenied, PassphraseWanted, HostError):
            raise
        except TimeoutError as exc:
            raise self._too_slow(attempt) from exc
        except (asyncssh.Error, OSError, ValueError) as exc:
            raise await self._explain(attempt, exc) from exc
        finally:
            if not kept:
                await attempt.carrier.aclose()
        return Link(
            attempt.host,
            attempt.hops,
            connection,
            attempt.login,
            self._timing,
            attempt.carrier.lease,
            attempt.carrier.proxy,
        )

    async def _connect(self, attempt: _Attempt) -> asyncssh.SSHClientConnection:
        hop, carrier = attempt.hop, attempt.carrier
        if carrier.lease is None and hop.proxy_command:
            carrier.proxy = await ProxyCommand.start(hop.proxy_command)
        elif carrier.lease is None:
            carrier.tcp = await open_tcp(hop)
        async with contextlib.AsyncExitStack() as stack:
            with attempt.allowance.pause():
                await stack.enter_async_context(self._gate.turn())
            return await asyncssh.connect(
                hop.address,
                hop.port,
                sock=carrier.sock,
                tunnel=carrier.lease,
                username=hop.user,
                client_factory=lambda: attempt.login,
                config=None,
                known_hosts=attempt.known.for_asyncssh(certificates=attempt.certificates),
                host_key_alias=hop.key_alias or None,
                server_host_key_algs=attempt.known.algorithms(hop, certificates=attempt.certificates),
                x509_trusted_certs=None,
                client_keys=None,
                agent_path=None,
                public_key_auth="publickey" in hop.methods,
                kbdint_auth="keyboard-interactive" in hop.methods,
                password_auth="password" in hop.methods,
                host_based_auth=False,
                preferred_auth=list(hop.methods),
                gss_host=None,
                pkcs11_provider=None,
                encryption_algs=list(CIPHERS),
                compression_algs=["none"],
                keepalive_interval=self._timing.keepalive,
                keepalive_count_max=self._timing.missed,
                connect_timeout=None,
                login_timeout=0,
                request_pty=False,
                env=None,
                send_env=None,
                agent_forwarding=False,
                x11_forwarding=False,
            )

    @contextlib.asynccontextmanager
    async def _place(self, attempt: _Attempt) -> AsyncIterator[None]:
        """Wait in the queue of the first hop. A login through a jump host costs that one no login."""
        if attempt.carrier.lease is not None:
            yield
            return
        hop = attempt.hop
        key = hop.proxy_template or (hop.address, hop.port)
        async with self._first_hops.setdefault(key, asyncio.Semaphore(AT_ONCE)):
            yield

    def _too_slow(self, attempt: _Attempt) -> HostUnreachable:
        lease, limit = attempt.carrier.lease, self._timing.connect
        if lease is not None and lease.idle() >= min(limit, 2 * self._timing.keepalive):
            return HostUnreachable(attempt.host, f"{lease.label} does not answer any more")
        login = attempt.login if attempt.login.connected else None
        return sshfaults.too_slow(attempt.host, attempt.hops, limit, login)

    async def _explain(self, attempt: _Attempt, exc: Exception) -> HostError:
        host, hops, lease = attempt.host, attempt.hops, attempt.carrier.lease
        if lease is not None and (why := lease.gone()):
            return HostUnreachable(host, f"{lease.label} lost: {why}")
        if not attempt.login.connected:
            if isinstance(exc, asyncssh.ChannelOpenError):
                return sshfaults.refused_tunnel(host, hops, exc)
            if isinstance(exc, OSError):
                return sshfaults.unreachable(host, attempt.hop, exc)
            return HostRefused(host, f"{way(hops)} cannot be dialled: {sshfaults.plain(exc)}")
        said = await attempt.carrier.proxy.last_words() if attempt.carrier.proxy is not None else None
        return sshfaults.broken_login(host, hops, exc, attempt.login, said)

    async def _judge(self, attempt: _Attempt, asker: Asker, exc: asyncssh.HostKeyNotVerifiable) -> bool:
        """Decide on a host key that nothing vouches for; returning means: dial again.

        The result says whether host certificates are to be asked for then. As in OpenSSH, a certificate
        that cannot be verified is as good as none, and the plain key is looked at instead.
        """
        key, known, hop = attempt.login.shown, attempt.known, attempt.hop
        if key is None:
            if attempt.certificates and known.authorities:
                return False
            raise HostKeyRefused(attempt.host, f"{way(attempt.hops)}: {sshfaults.plain(exc)}") from exc
        if known.judge(key) is not Verdict.UNKNOWN:
            refused = await asyncio.to_thread(hostkeys.refusal, attempt.host, attempt.hops, known, key)
            raise refused from exc
        if asker.prompter is None:
            raise needed(attempt.host, hostkeys.unasked(attempt.hops, key)) from exc
        # A machine may be a host and somebody's jump host at once: it is asked about once.
        async with self._asking.setdefault(known.name, asyncio.Lock()):
            latest = await asyncio.to_thread(self._known.look_up, hop)
            if key not in latest.trusted:
                await self._accept(attempt, asker, key, exc)
        return attempt.certificates

    async def _accept(self, attempt: _Attempt, asker: Asker, key: asyncssh.SSHKey, cause: Exception) -> None:
        """Ask whether an unknown key is the host's, and note it. Raises AnswerNeeded for a no."""
        hop, known = attempt.hop, attempt.known
        answer = await asker.ask(hostkeys.question(attempt.host, attempt.hops, known, key))
        if answer != ("yes",):
            raise AnswerNeeded(
                attempt.host,
                f"the host key of {way(attempt.hops)} was not accepted",
                next_step="connect again to be asked again",
            ) from cause
        try:
            await asyncio.to_thread(
                knownwrite.note, hop.known_hosts, known.name, key, hash_name=hop.hash_names
            )
        except OSError as exc:
            raise HostRefused(
                attempt.host,
                f"the accepted host key could not be noted: {exc.strerror} ({exc.filename})",
                next_step="name a file that can be written with `known_hosts:` in hosts.yml",
            ) from exc

    async def _unlock(self, attempt: _Attempt, asker: Asker, path: str) -> None:
        """Get an encrypted key opened, or say why not."""
        if asker.prompter is None:
            raise needed(attempt.host, f"{way(attempt.hops)} wants the key {path}, which needs a passphrase")
        try:
            await self._keyring.unlock(path, lambda n: asker.passphrase(attempt.hop, path, n))
        except Declined as exc:
            raise AnswerNeeded(attempt.host, str(exc), next_step="connect again to be asked again") from exc
