"""The way to a host, hop by hop: asks `ssh -G` about each machine on it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from console.errors import HostError, HostRefused, HostUnreachable
from console.model.hosts import HostSpec
from console.model.text import sanitise
from console.transport.processes import end
from console.transport.sshconfig import (
    HOP_LIMIT,
    Hop,
    Route,
    Surroundings,
    from_settings,
    parse,
    parse_jump,
    without_ssh,
)
from console.transport.sshfaults import retold

AT_ONCE = 8
"""`ssh -G` processes at a time: starting one takes the loop a millisecond or two."""

FRESH = 2.0
"""Seconds for which an answer is good for others too: hosts of a fleet share their jump hosts."""

Question = tuple[str, str, int]


class Resolver:
    """Works out routes. Belongs to one loop."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._places = asyncio.Semaphore(AT_ONCE)
        self._locks: dict[Question, asyncio.Lock] = {}
        self._answers: dict[Question, tuple[float, str | HostError]] = {}

    async def resolve(self, spec: HostSpec) -> Route:
        """Work out the way to `spec`.

        `jump` of hosts.yml wins over ProxyJump and ProxyCommand; the first jump host's own ProxyJump holds,
        as with `ssh -J`. Raises HostRefused where the configuration cannot be used and HostUnreachable where
        `ssh -G` does not end.
        """
        if spec.jump:
            hops = await self._chain(spec.name, spec.jump, depth=1)
            target, _ = await self._hop(spec, spec.name)
            hops = (*hops, _behind(target))
        else:
            hops = await self._chain(spec.name, (spec,), depth=0)
        return Route(spec.name, (*hops[:-1], replace(hops[-1], label=spec.target)))

    async def _chain(self, host: str, specs: Sequence[HostSpec], *, depth: int) -> tuple[Hop, ...]:
        """Resolve hops that follow each other; only the first one's ProxyJump or ProxyCommand counts."""
        if depth + len(specs) > HOP_LIMIT:
            raise HostRefused(
                host,
                f"the way through jump hosts is longer than {HOP_LIMIT} hops, or leads back to itself",
                next_step=f"look for ProxyJump in `ssh -G {specs[0].ssh or specs[0].address}`",
            )
        first, jump = await self._hop(specs[0], host)
        before: tuple[Hop, ...] = ()
        if jump:
            before = await self._chain(host, jump, depth=depth + len(specs))
            first = _behind(first)
        rest = [_behind((await self._hop(spec, host))[0]) for spec in specs[1:]]
        return (*before, first, *rest)

    async def _hop(self, spec: HostSpec, host: str) -> tuple[Hop, tuple[HostSpec, ...]]:
        """Resolve one machine; also its ProxyJump, as specs."""
        name = spec.ssh or spec.address
        if not name or name.startswith("-") or re.search(r"[\s\0]", name):
            raise HostRefused(host, f"{name!r} cannot be the name of a host", next_step="correct hosts.yml")
        if self._around.ssh is None:
            _refuse_alias(spec, host, self._around)
            return without_ssh(spec, name, self._around), ()
        settings = parse(await self._ask((name, spec.user, spec.port), host))
        try:
            hop = from_settings(settings, spec, self._around)
        except HostRefused as exc:
            raise retold(exc, host) from exc
        jump = settings.get("proxyjump", [""])[0]
        return hop, parse_jump(jump, host) if jump.lower() not in ("", "none") else ()

    async def _ask(self, question: Question, host: str) -> str:
        """What `ssh -G` says; whoever asks the same at the same time shares the answer."""
        async with self._locks.setdefault(question, asyncio.Lock()):
            at, answer = self._answers.get(question, (0.0, ""))
            if not at or time.monotonic() - at > FRESH:
                async with self._places:
                    try:
                        answer = await _run_ssh(question, host, self._around)
                    except HostError as exc:
                        answer = exc
                self._answers[question] = (time.monotonic(), answer)
        if isinstance(answer, HostError):
            raise retold(answer, host)
        return answer


def _refuse_alias(spec: HostSpec, host: str, around: Surroundings) -> None:
    """Without an `ssh` nobody knows what an alias stands for: taken for a name it may lead elsewhere."""
    if spec.ssh and os.path.exists(os.path.join(around.home, ".ssh", "config")):
        raise HostRefused(
            host,
            f"{spec.ssh} may be an alias of ~/.ssh/config, and there is no ssh to read it",
            next_step="install the OpenSSH client, or state `address:` in hosts.yml",
        )


def _behind(hop: Hop) -> Hop:
    """A hop that is reached through another: a ProxyCommand of its own no longer counts, as with `ssh -J`."""
    return replace(hop, proxy_command="", proxy_template="")


async def _run_ssh(question: Question, host: str, around: Surroundings) -> str:
    """Run `ssh -G`; nothing in the question can become an option of it."""
    name, user, port = question
    argv = [str(around.ssh), "-G"]
    argv += ["-F", around.config] if around.config else []
    argv += ["-l", user] if user else []
    argv += ["-p", str(port)] if port else []
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            "--",
            name,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(around.environ),
            start_new_session=True,
        )
    except OSError as exc:
        raise HostUnreachable(host, f"{around.ssh} cannot be run: {exc.strerror}") from exc
    try:
        out, err = await asyncio.wait_for(process.communicate(), around.limit)
    except TimeoutError as exc:
        raise HostUnreachable(
            host,
            f"`ssh -G {name}` gave no answer in {around.limit:g} s",
            next_step="look for a `Match exec` in ~/.ssh/config that hangs",
        ) from exc
    finally:
        await end(process, ask=False)
    if process.returncode:
        lines = [line for line in err.decode(errors="replace").splitlines() if "Pseudo-terminal" not in line]
        why = sanitise("; ".join(lines) or f"exit status {process.returncode}", 300)
        raise HostRefused(host, f"ssh cannot use its configuration: {why}", next_step=f"run `ssh -G {name}`")
    return out.decode(errors="surrogateescape")
