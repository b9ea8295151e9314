"""The machine and the names its containers know, through a shell of the host, or one in the container."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from console.errors import CapabilityMissing, Conflict, EngineError, OutcomeUnknown
from console.model.containers import Inspection
from console.model.text import sanitise
from console.transport.channels import NetDialer
from console.transport.shell import HostShell
from console.transport.wire_text import mapping, number
from console.transport.wiring import Ground, Reached
from console.transport.wiring_reach import knock, late, verdict
from console.transport.wiring_script import (
    IN_CONTAINER_BASH,
    IN_CONTAINER_LINE,
    IN_CONTAINER_PYTHON,
    IN_CONTAINER_TRY,
    SCRIPT,
)
from console.transport.wiring_words import (
    MARK,
    host_name,
    ip_address,
    is_address,
    octets,
    own_file,
    tcp_port,
)

LINE_PATIENCE = 5.0
SLACK = 4.0
"""Seconds a shell has on top of what an attempt may take."""


class Execution(Protocol):
    """Runs a command in a container; returns its exit code and what it said, unsafe."""

    async def __call__(
        self, container_id: str, argv: Collection[str], timeout: float
    ) -> tuple[int, bytes]: ...


class HostGround:
    """One host, beside its engine. Owns a shell that is opened when it is first needed.

    Its own, and not the one that reads figures: a name that nobody answers for takes seconds.
    """

    def __init__(
        self,
        host: str,
        dialer: NetDialer,
        inspect: Callable[[str], Awaitable[Inspection]],
        run: Execution,
        read: Callable[[str, str], Awaitable[bytes | None]],
    ) -> None:
        self._host = host
        self._dialer = dialer
        self._inspect = inspect
        self._run = run
        self._read = read
        self._shell = HostShell(host, dialer, SCRIPT)
        self._root: bool | None = None
        self._asking = asyncio.Lock()

    async def aclose(self) -> None:
        """End the shell. Idempotent."""
        await self._shell.aclose()

    async def root(self) -> bool:
        """Whether the login is root; asked once. Without a shell: no."""
        async with self._asking:
            if self._root is None:
                await self.look()
        return bool(self._root)

    async def look(self) -> Ground:
        """Who we are there and what listens."""
        try:
            answer = await self._shell.ask("ground")
        except CapabilityMissing:
            return Ground()
        self._root = "uid 0" in answer.lines
        if "table" not in answer.lines:
            return Ground(root=self._root)
        return Ground(root=self._root, listening=listening(answer.lines))

    async def reach(self, address: str, port: int, timeout: float) -> Reached:
        """From the host itself: over SSH's own channel, else from the shell."""
        tcp_port(port)
        if not is_address(host_name(address) if ":" not in address else address):
            # sshd would look the name up in the process that carries everything else.
            return await self._outside(address, port, timeout)
        try:
            return await knock(self._host, self._dialer, ip_address(address), port, timeout)
        except CapabilityMissing:
            return await self._outside(address, port, timeout)

    async def _outside(self, name: str, port: int, timeout: float) -> Reached:
        seconds = math.ceil(timeout)
        answer = await self._shell.ask("outside", port, seconds, *octets(name), deadline=2 * seconds + SLACK)
        found = verdict(answer.lines, name, seconds)
        if found is None:
            raise CapabilityMissing(self._host, "its shell has nothing to connect with (bash or nc)")
        return found

    async def reach_from(self, container_id: str, name: str, port: int, timeout: float) -> Reached:
        """As the container would."""
        host_name(name), tcp_port(port)
        if await self.root():
            try:
                return await self._inside(container_id, name, port, math.ceil(timeout))
            except CapabilityMissing as missing:
                why = missing.message
        else:
            why = "the login is not root there"
        found = await self._in_container(container_id, name, port, timeout)
        if found is None:
            raise CapabilityMissing(
                self._host,
                f"that container cannot be looked from: {why}, and its image has no python3, bash or nc",
                next_step="log in as root, or try it from the application",
            )
        return found

    async def _inside(self, container_id: str, name: str, port: int, seconds: int) -> Reached:
        document = (await self._inspect(container_id)).document
        pid = number(mapping(document.get("State")).get("Pid"))
        if pid <= 1:
            raise Conflict(self._host, "it does not run", status=409)
        files = (own_file(self._host, document, key) for key in ("HostsPath", "ResolvConfPath"))
        words = octets(name, *files)
        answer = await self._shell.ask("inside", pid, port, seconds, *words, deadline=2 * seconds + SLACK)
        found = verdict(answer.lines, name, seconds)
        if found is None:
            raise CapabilityMissing(self._host, "its network cannot be entered (nsenter, unshare, getent)")
        return found

    async def _in_container(self, container_id: str, name: str, port: int, timeout: float) -> Reached | None:
        told = (name, str(port), str(math.ceil(timeout)))
        shell = ("sh", "-c", IN_CONTAINER_TRY, "dockcon", *told, IN_CONTAINER_BASH, IN_CONTAINER_PYTHON)
        for argv in (shell, ("python3", "-c", IN_CONTAINER_PYTHON, *told)):
            try:
                code, said = await self._run(container_id, argv, timeout + 1)
            except OutcomeUnknown:
                return Reached(False, late(timeout))
            except (Conflict, EngineError) as error:
                if isinstance(error, Conflict) or error.status == 404:
                    raise
                continue  # no such program
            lines = said.decode(errors="replace").split("\n")
            if code in (126, 127) and not any(line.startswith("rc ") for line in lines):
                continue
            found = verdict(lines, name, timeout)
            if found is None and lines[0].startswith("addr "):
                return await self.reach(lines[0].removeprefix("addr "), port, timeout)
            if found is not None:
                return found
        return None

    async def hosts_lines(self, container_id: str) -> tuple[str, ...] | None:
        """Ours, without their mark."""
        if await self.root():
            document = (await self._inspect(container_id)).document
            try:
                path = own_file(self._host, document, "HostsPath")
                answer = await self._shell.ask("lines", *octets(path))
            except CapabilityMissing:
                return None
            if "read" in answer.lines:
                return tuple(ours(line[2:]) for line in answer.lines if line.startswith("h "))
        try:
            data = await self._read(container_id, "/etc/hosts")
        except EngineError:
            return None
        text = None if data is None else data.decode(errors="replace")
        return None if text is None else tuple(ours(x) for x in text.split("\n") if x.endswith(f" {MARK}"))

    async def set_hosts_line(self, container_id: str, name: str, ip: str) -> None:
        """Write or remove our line."""
        words = (host_name(name), ip_address(ip) if ip else "")
        if await self.root():
            document = (await self._inspect(container_id)).document
            path = own_file(self._host, document, "HostsPath")
            answer = await self._shell.ask("line", *octets(path, *words))
            if "written" not in answer.lines:
                raise CapabilityMissing(self._host, "its /etc/hosts cannot be written from the host")
            return
        argv = ("sh", "-c", IN_CONTAINER_LINE, "dockcon", "/etc/hosts", *words)
        try:
            code, said = await self._run(container_id, argv, LINE_PATIENCE)
        except Conflict:
            raise
        except EngineError as error:
            if error.status == 404:
                raise
            raise self._unwritable("it has no shell") from error
        if code:
            reason = sanitise(said.decode(errors="replace").strip(), 300)
            raise self._unwritable("it has no shell" if code in (126, 127) else reason)

    def _unwritable(self, why: str) -> CapabilityMissing:
        return CapabilityMissing(
            self._host,
            f"the login is not root, and the container's own /etc/hosts cannot be written from inside: {why}",
            next_step="log in as root, or use an ambassador",
        )


def ours(line: str) -> str:
    """`127.0.0.1 db` of `127.0.0.1 db # dockcon`."""
    return line.removesuffix(MARK).rstrip()


def listening(lines: Collection[str]) -> frozenset[int]:
    """Ports of the lines `l ADDRESS:PORT`, hexadecimal as the kernel writes them."""
    ports = (line.rpartition(":")[2] for line in lines if line.startswith("l "))
    return frozenset(int(port, 16) for port in ports if len(port) == 4)
