"""Asking a host which engines it has.

sshd refuses a socket in one way whatever is wrong (forwarding forbidden, no such socket, no permission),
so only the host itself can say why, over a session: which sockets there are, which of them this user may
open, whether there is a docker command and where it would go.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.transport.channels import ChannelRefused, Dialer
from console.transport.commands import run

DEADLINE = 8.0

# One line, since a newline cannot be passed in a command line. `docker context inspect` honours DOCKER_HOST
# and contexts; the rest are the usual places: rootful and rootless Docker, rootful and rootless Podman.
_SCRIPT = (
    'say() { printf "\\ndockcon %s %s\\n" "$1" "$2"; }; '
    'say user "$(id -un 2>/dev/null)"; say docker "$(command -v docker 2>/dev/null)"; '
    'c=$(docker context inspect -f "{{.Endpoints.docker.Host}}" 2>/dev/null); say context "$c"; '
    "r=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; "
    'for s in "${c#unix://}" /var/run/docker.sock "$r/docker.sock" /run/podman/podman.sock '
    '"$r/podman/podman.sock"; do if [ -S "$s" ]; then '
    'if [ -w "$s" ]; then say open "$s"; else say closed "$s"; fi; fi; done; say end 1'
)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a host says of its engines (unsafe text)."""

    user: str = ""
    docker: str = ""
    """Path of the docker command; empty: there is none."""
    context: str = ""
    """Where the docker command would go: `unix:///path`, `tcp://...`."""
    open: tuple[str, ...] = ()
    """Sockets of engines that this user may open, the docker command's own first."""
    closed: tuple[str, ...] = ()
    """Sockets that are there and that this user may not open."""


async def survey(dialer: Dialer) -> Survey | None:
    """Ask; None where no command can be run or the answer is not ours (a forced command).

    Raises HostUnreachable.
    """
    try:
        output = await run(dialer, ("sh", "-c", _SCRIPT), deadline=DEADLINE)
    except (ChannelRefused, TimeoutError):
        return None
    return parse(output.stdout)


def parse(said: str) -> Survey | None:
    """What the script printed, whatever the login scripts printed around it."""
    facts: dict[str, list[str]] = {}
    for line in said.splitlines():
        if line.startswith("dockcon "):
            _, key, value = (*line.split(" ", 2), "")[:3]
            if value and value not in facts.setdefault(key, []):
                facts[key].append(value)
    if "end" not in facts:
        return None
    return Survey(
        user=facts.get("user", [""])[0],
        docker=facts.get("docker", [""])[0],
        context=facts.get("context", [""])[0],
        open=tuple(facts.get("open", ())),
        closed=tuple(facts.get("closed", ())),
    )
