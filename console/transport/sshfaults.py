"""Errors of asyncssh and the system, told once in the words of `console.errors`."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

import asyncssh

from console.errors import AnswerNeeded, HostError, HostRefused, HostUnreachable, LoginRefused
from console.model.text import SafeText, safe, sanitise
from console.transport.keys import Offer
from console.transport.login import Login, needed
from console.transport.sshconfig import Hop, way

_NEXT_PORT = "is sshd running there, and is it this port?"
_NEXT_ON = "is the machine on, and reachable?"


def retold(error: HostError, host: str) -> HostError:
    """The same for another host: several share a bastion, and each is told in its own name."""
    return type(error)(host, error.message, next_step=error.next_step)


def plain(exc: Exception) -> SafeText:
    """What a library's error says."""
    return sanitise(exc.reason if isinstance(exc, asyncssh.DisconnectError) else str(exc), 300)


def unreachable(host: str, hop: Hop, exc: OSError) -> HostUnreachable:
    """Why no TCP connection could be made."""
    where = f"{hop.address} port {hop.port}"
    if isinstance(exc, socket.gaierror):
        if exc.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
            return HostUnreachable(
                host,
                f"the name {hop.address} is not known",
                next_step=f"check the spelling, and `getent hosts {hop.address}`",
            )
        return HostUnreachable(
            host,
            f"the name {hop.address} could not be looked up ({exc.strerror})",
            next_step=f"try `getent hosts {hop.address}`",
        )
    if isinstance(exc, ConnectionRefusedError):
        return HostUnreachable(host, f"{where} refuses the connection", next_step=_NEXT_PORT)
    if exc.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return HostUnreachable(host, f"there is no route to {where}", next_step="is the network or VPN up?")
    if exc.errno == errno.EADDRNOTAVAIL and hop.bind:
        return HostUnreachable(
            host, f"this machine has no address {hop.bind} (BindAddress)", next_step="correct ~/.ssh/config"
        )
    if isinstance(exc, TimeoutError):
        return HostUnreachable(
            host, f"{where} does not answer", next_step="is the machine on, and reachable?"
        )
    return HostUnreachable(host, f"{where} cannot be reached: {sanitise(str(exc), 200)}")


def too_slow(host: str, hops: Sequence[Hop], limit: float, login: Login | None) -> HostUnreachable:
    """A hop did not get as far as a session within the limit."""
    where = way(hops)
    if login is None:
        what, then = f"{where} does not answer within {limit:g} s", _NEXT_ON
    elif login.watch.bytes == 0:
        what = f"{where} accepts the connection but says nothing within {limit:g} s"
        then = _NEXT_PORT
    else:
        what, then = f"{where} did not let us in within {limit:g} s", "is the machine overloaded?"
    return HostUnreachable(host, what, next_step=then)


def refused_tunnel(host: str, hops: Sequence[Hop], exc: asyncssh.ChannelOpenError) -> HostError:
    """The last jump host would not, or could not, connect further."""
    hop, bastion = hops[-1], hops[-2]
    reason = sanitise(exc.reason, 200)
    if exc.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        return HostRefused(
            host,
            f"{bastion.label} does not allow a connection to {hop.address} port {hop.port} ({reason})",
            next_step=f"look at AllowTcpForwarding and PermitOpen in sshd_config of {bastion.label}",
        )
    return HostUnreachable(
        host,
        f"{bastion.label} cannot reach {hop.address} port {hop.port}: {reason}",
        next_step=f"try `nc -z {hop.address} {hop.port}` on {bastion.label}",
    )


def broken_login(
    host: str, hops: Sequence[Hop], exc: Exception, login: Login, said: SafeText | None
) -> HostError:
    """The connection ended, or could not go on, before a session was there.

    `said` is what a proxy command wrote on its standard error.
    """
    where = way(hops)
    if login.gave_up:
        return needed(host, f"{where} gave up waiting for the answer")
    if isinstance(exc, asyncssh.KeyExchangeFailed):
        return HostRefused(
            host,
            f"{where} has no algorithm in common with us: {sanitise(exc.reason, 300)}",
            next_step="update its SSH server",
        )
    if isinstance(exc, asyncssh.ProtocolNotSupported | asyncssh.ProtocolError) and not login.greeted:
        return HostUnreachable(host, f"what answers at {where} is not SSH 2", next_step=_NEXT_PORT)
    if isinstance(exc, asyncssh.DisconnectError) and not isinstance(exc, asyncssh.ConnectionLost):
        reason = sanitise(exc.reason, 300)
        if "too many authentication failures" in reason.lower():
            return LoginRefused(
                host,
                f"{where} ended the login after {len(login.tried)} keys: {reason}",
                next_step="name the right key with `identity:`, and set IdentitiesOnly in ~/.ssh/config",
            )
        return HostUnreachable(host, f"{where} ended the login: {reason}")
    if said:
        return HostUnreachable(
            host,
            f"the proxy command to {hops[-1].label} failed: {said}",
            next_step="try it in a shell",
        )
    if not login.greeted:
        text = sanitise(login.watch.opening.decode(errors="replace").strip(), 100)
        return HostUnreachable(
            host,
            f"{where} closed the connection before the login" + (f", saying: {text}" if text else ""),
            next_step="too many logins at once (MaxStartups), or an address it does not let in",
        )
    return HostUnreachable(
        host, f"{where} closed the connection during the login ({sanitise(str(exc), 200)})"
    )


def denied(host: str, hops: Sequence[Hop], login: Login, offer: Offer) -> LoginRefused | AnswerNeeded:
    """No key and no answer was accepted: say what was tried, and what to try next."""
    where, hop = way(hops), hops[-1]
    tried = ", ".join(login.tried)
    keys = f"none of the keys it was shown ({tried})" if tried else "no key, there was none to show it"
    problems = f"; {'; '.join(offer.problems)}" if offer.problems else ""
    banner = f". It says: {login.banner}" if login.banner else ""
    if login.unanswered:
        wants = " or ".join(dict.fromkeys(login.unanswered))
        return needed(host, sanitise(f"{where} wants {wants}; it accepts {keys}{problems}{banner}"))
    if login.declined:
        return AnswerNeeded(
            host, f"what {where} asked for was not given", next_step="connect again to be asked again"
        )
    if login.expired:
        return LoginRefused(
            host, f"the password for {where} has expired", next_step=f"change it with `ssh {hop.label}`"
        )
    if login.attempts:
        times = "once" if login.attempts == 1 else f"{login.attempts} times"
        return LoginRefused(
            host,
            sanitise(f"{where} did not accept what was typed, {times}{banner}"),
            next_step=f"try `ssh {hop.label}`",
        )
    accepts = f" (it takes {', '.join(login.methods)})" if login.methods else ""
    return LoginRefused(
        host,
        sanitise(f"{where} accepts {keys}{accepts}{problems}{banner}"),
        next_step=f"add the right public key to ~/.ssh/authorized_keys of {hop.user} there, start an agent, "
        f"or name the key with `identity:` in hosts.yml",
    )


def loss(exc: Exception | None, patience: float) -> SafeText:
    """Why an established connection ended, as the rest of a sentence about its host."""
    if exc is None:
        return safe("closed by the host")
    text = str(exc)
    if "keepalive" in text:
        return sanitise(f"no answer for {patience:g} s (keep-alive)")
    if isinstance(exc, asyncssh.ConnectionLost | EOFError):
        return safe("closed by the host")
    if isinstance(exc, asyncssh.DisconnectError):
        return sanitise(f"closed by the host: {exc.reason}", 300)
    if isinstance(exc, ConnectionResetError | BrokenPipeError):
        return safe("the connection was reset")
    if isinstance(exc, TimeoutError):
        return safe("no answer (TCP gave up)")
    if isinstance(exc, OSError) and exc.strerror:
        return sanitise(f"connection lost: {exc.strerror}", 300)
    return sanitise(f"connection lost: {text}", 300)
