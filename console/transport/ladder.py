"""The ladder of carriers: the first that leads to an engine is taken; if none does, why, and what to try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from console.errors import EngineDown, EngineForbidden, HostError
from console.model.hosts import EngineChoice, EngineKind
from console.model.text import sanitise
from console.transport.carrier import (
    DIAL_STDIO,
    DOCKER_SOCKET,
    STREAMLOCAL,
    Carrier,
    CommandCarrier,
    SocketCarrier,
    from_label,
)
from console.transport.channels import ChannelRefused, Dialer
from console.transport.http import Cut
from console.transport.survey import Survey, survey

T = TypeVar("T")


@dataclass
class Climb:
    """One attempt to reach an engine: what was tried and what came of it."""

    host: str
    dialer: Dialer
    choice: EngineChoice
    user: str = ""
    """As hosts.yml names it, for messages; the host's own word is better."""
    tried: dict[str, str] = field(default_factory=dict)
    """Carrier label -> why not, in order (unsafe text)."""
    survey: Survey | None = None

    async def up(self, remembered: str, attempt: Callable[[Carrier], Awaitable[T]]) -> T:
        """Return what `attempt` makes of the first carrier that leads to an engine.

        `attempt` raises ChannelRefused or Cut where the carrier is at fault, which tries the next one;
        anything else it raises ends the climb. Raises EngineForbidden or EngineDown when none is left.
        """
        for carrier in self._first(remembered):
            if (found := await self._try(carrier, attempt)) is not None:
                return found
        if self.choice.kind in (EngineKind.AUTO, EngineKind.UNIX):
            self.survey = await survey(self.dialer)
            for carrier in self._after_survey():
                if (found := await self._try(carrier, attempt)) is not None:
                    return found
        raise explain(self)

    async def _try(self, carrier: Carrier, attempt: Callable[[Carrier], Awaitable[T]]) -> T | None:
        if carrier.label in self.tried:
            return None
        try:
            return await attempt(carrier)
        except ChannelRefused as refused:
            self.tried[carrier.label] = refused.reason
        except Cut as cut:
            if cut.error is not None:
                raise
            self.tried[carrier.label] = str(cut)
        return None

    def _first(self, remembered: str) -> list[Carrier]:
        """Carriers that need no survey."""
        match self.choice.kind:
            case EngineKind.SUDO:
                return [CommandCarrier(self.dialer, self.choice.path, sudo=True)]
            case EngineKind.DIAL_STDIO:
                return [CommandCarrier(self.dialer)]
            case EngineKind.UNIX:
                usual: Carrier = SocketCarrier(self.dialer, self.choice.path)
            case EngineKind.AUTO:
                usual = SocketCarrier(self.dialer)
        known = from_label(self.dialer, remembered) if self._fits(remembered) else None
        if known is None:
            return [usual]
        # The socket costs one question where it is refused, and carries twenty times as many streams: a host
        # whose engine was just starting once must not keep a command for that.
        return [usual, known] if isinstance(known, CommandCarrier) else [known, usual]

    def _fits(self, remembered: str) -> bool:
        """Whether a remembered carrier is one that hosts.yml still allows."""
        word, _, path = remembered.partition(":")
        if word not in (STREAMLOCAL, DIAL_STDIO):
            return False
        return self.choice.kind is EngineKind.AUTO or (path or DOCKER_SOCKET) == self.choice.path

    def _after_survey(self) -> list[Carrier]:
        if self.choice.kind is EngineKind.UNIX:
            return [CommandCarrier(self.dialer, self.choice.path)]
        found = self.survey
        if found is None:
            # Perhaps a key whose forced command is `docker system dial-stdio`.
            return [CommandCarrier(self.dialer)]
        carriers: list[Carrier] = [SocketCarrier(self.dialer, path) for path in found.open]
        for carrier in carriers:
            # Once more: its engine may have been starting.
            self.tried.pop(carrier.label, None)
        if found.docker:
            carriers.append(CommandCarrier(self.dialer))
            carriers += [CommandCarrier(self.dialer, path) for path in found.open]
        return carriers


def explain(climb: Climb) -> HostError:
    """The one error that an operator needs to see, from all that was tried."""
    found = climb.survey or Survey()
    reason = sanitise("; ".join(dict.fromkeys(r for r in climb.tried.values() if r)), 400)
    user = sanitise(found.user or climb.user, 64) or "the SSH user"
    if climb.choice.kind is EngineKind.SUDO:
        return _explain_sudo(climb, user, reason)
    wanted = climb.choice.path or DOCKER_SOCKET
    usable = [p for p in found.open if p == climb.choice.path or not climb.choice.path]
    closed = wanted if wanted in found.closed else next(iter(found.closed), "")
    if "permission denied" in reason.lower() or (closed and not found.open):
        return forbidden(climb.host, user, closed or wanted, docker=found.docker)
    if climb.survey is None and climb.choice.kind is not EngineKind.DIAL_STDIO:
        return EngineDown(
            climb.host,
            f"the engine's socket was refused, and no command runs that could say why: {reason or '-'}",
            next_step="see that the engine runs, that the user may open its socket, and that sshd allows "
            "AllowStreamLocalForwarding or sessions",
        )
    if usable and not found.docker:
        # A socket that nobody listens on looks the same, so this is not for good.
        return EngineDown(
            climb.host,
            f"{sanitise(usable[0], 200)} was refused: sshd does not forward to it, or no engine listens",
            next_step="allow it (AllowStreamLocalForwarding yes), or install the docker command there for "
            "`docker system dial-stdio`; see that the engine runs",
        )
    return _explain_absence(climb, found, usable, reason)


def _explain_absence(climb: Climb, found: Survey, usable: list[str], reason: str) -> EngineDown:
    """Nothing answers at all."""
    if found.open and not usable:
        return EngineDown(
            climb.host,
            f"no engine listens on {climb.choice.path}: {reason}",
            next_step=f"one listens on {sanitise(found.open[0], 200)}: set `engine: auto` or that path",
        )
    missing = "not found" in reason.lower() if climb.survey is None else not found.docker
    if missing:
        where = f"neither {climb.choice.path or DOCKER_SOCKET} nor a" if climb.survey else "no"
        return EngineDown(
            climb.host,
            f"no engine found: {where} docker command is there",
            next_step="install Docker or Podman there, or say where it listens: `engine: unix:///path`",
        )
    return EngineDown(
        climb.host,
        f"the engine is not running: {reason or 'its socket is not there'}",
        next_step="start it there: systemctl start docker",
    )


def forbidden(host: str, user: str, path: str, *, docker: str = "") -> EngineForbidden:
    """The socket is there and this user may not open it."""
    return EngineForbidden(
        host,
        f"{user} may not open {sanitise(path, 200)}",
        next_step=f"add {user} to the group docker on {host} (as good as root there) and log in anew, "
        f"or set `engine: sudo` with this line in sudoers: {sudoers(user, docker, path)}",
    )


def _explain_sudo(climb: Climb, user: str, reason: str) -> HostError:
    if "not found" in reason and "docker" in reason.lower():
        return EngineDown(climb.host, reason, next_step="install the docker command there")
    if "sudo" in reason.lower():
        return EngineForbidden(
            climb.host,
            f"sudo does not let {user} reach the engine: {reason}",
            next_step=f"add to sudoers: {sudoers(user, '', climb.choice.path or DOCKER_SOCKET)}",
        )
    return EngineDown(
        climb.host,
        f"the engine does not answer through sudo: {reason or 'no reason given'}",
        next_step="see that it runs there: systemctl status docker",
    )


def sudoers(user: str, docker: str, path: str) -> str:
    """The line that allows exactly what `engine: sudo` runs."""
    command = f"{docker or '/usr/bin/docker'} -H unix://{path} system dial-stdio"
    for special in ("\\", ",", ":", "="):
        command = command.replace(special, f"\\{special}")
    return f"{user} ALL=(root) NOPASSWD: {sanitise(command, 400)}"
