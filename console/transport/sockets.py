"""Sockets that carry an SSH connection: TCP to an address, or a proxy command's standard streams."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from console.model.text import SafeText, sanitise
from console.transport.closing import Closing
from console.transport.processes import end
from console.transport.sshconfig import Hop

log = logging.getLogger(__name__)

STAGGER = 0.25
"""Seconds after which the next address of a name is tried beside the one that has not answered."""

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


async def look_up(name: str, port: int, family: int = 0) -> list[Address]:
    """The addresses of a name, IPv6 and IPv4 taking turns. Raises socket.gaierror.

    A look-up cannot be cancelled, so each has a thread of its own: names whose DNS is dead must not keep
    others waiting in a pool, nor the program from ending.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def settle(found: list[Address] | OSError) -> None:
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def resolve() -> None:
        found: list[Address] | OSError
        try:
            rows = socket.getaddrinfo(name, port, family, socket.SOCK_STREAM)
            found = [(kind, where) for kind, _, _, _, where in rows]  # type: ignore[misc]  # no other kind here
        except OSError as exc:
            found = exc
        except UnicodeError:
            found = socket.gaierror(socket.EAI_NONAME, "not a name")
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits
            loop.call_soon_threadsafe(settle, found)

    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        threading.Thread(target=resolve, name=f"look up {name}", daemon=True).start()
    else:
        resolve()
    return _by_turns(await answer)


def _by_turns(addresses: Sequence[Address]) -> list[Address]:
    first = [a for a in addresses if a[0] == addresses[0][0]]
    other = [a for a in addresses if a[0] != addresses[0][0]]
    merged = []
    for place in range(max(len(first), len(other))):
        merged += first[place : place + 1] + other[place : place + 1]
    return merged


async def open_tcp(hop: Hop) -> socket.socket:
    """Connect to the first address of `hop` that answers. Raises OSError (of the first address)."""
    family = {4: socket.AF_INET, 6: socket.AF_INET6}.get(hop.inet, socket.AF_UNSPEC)
    waiting = await look_up(hop.address, hop.port, family)
    running: set[asyncio.Task[socket.socket]] = set()
    failed: list[OSError] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(_connect(waiting.pop(0), hop.bind)))
            done, running = await asyncio.wait(
                running, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            good = [task for task in done if task.exception() is None]
            if good:
                for spare in good[1:]:
                    spare.result().close()
                return good[0].result()
            failed += [exc for task in done if isinstance(exc := task.exception(), OSError)]
    finally:
        await _abandon(running)
    raise failed[0] if failed else OSError(errno.EHOSTUNREACH, "no address")


async def _connect(address: Address, bind: str) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if bind:
            sock.bind((bind, 0))
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


async def _abandon(tasks: set[asyncio.Task[socket.socket]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


class ProxyCommand:
    """A process that speaks SSH on its standard streams; its standard error is kept apart, for messages.

    Owned by the connection it carries: `aclose` ends the process and all it has started.
    """

    def __init__(self, process: asyncio.subprocess.Process, sock: socket.socket) -> None:
        self._process = process
        self.socket = sock
        self._said = bytearray()
        self._listening = asyncio.ensure_future(self._listen())
        self.aclose = Closing(self._close)
        """End the process and what it has started, wait for it. Idempotent, never raises."""

    @classmethod
    async def start(cls, command: str) -> ProxyCommand:
        """Run `command`, which is expanded, by /bin/sh. Raises OSError where no process can be made."""
        ours, theirs = socket.socketpair()
        try:
            ours.setblocking(False)
            process = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                f"exec {command}",
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(process, ours)

    @property
    def said(self) -> SafeText:
        """The end of what it wrote on standard error."""
        return sanitise(self._said.decode(errors="replace").strip(), 300)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._said += chunk
            del self._said[:-2000]

    async def last_words(self) -> SafeText:
        """`said`, when it has had a moment to say it: it ends before its last line is read."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._listening), 0.5)
        return self.said

    async def _close(self) -> None:
        self.socket.close()
        await end(self._process)
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)


class Gate:
    """Lets handshakes begin a few at a time: each costs milliseconds of CPU, and the loop serves all hosts.

    A place is given back after `longest` seconds at the latest, so that hosts that do not answer hold up
    nobody.
    """

    def __init__(self, places: int = 8, longest: float = 0.25) -> None:
        self._places = asyncio.Semaphore(places)
        self._longest = longest

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place."""
        await self._places.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._places.release()

        late = asyncio.get_running_loop().call_later(self._longest, give_back)
        try:
            yield
        finally:
            late.cancel()
            give_back()
