"""Asking an ambassador's HAProxy: by its own sockets where the login is root, else by its statistics page.

The sockets lie on a tmpfs of the container: as root they are reached through the root directory of its
process, `/proc/PID/root/run/dockcon`, whatever user HAProxy runs as, and nothing of it is on the host's disk.
The page is asked from the host, at the ambassador's own address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from console.errors import CapabilityMissing, Conflict, EngineError, NotFound
from console.model.containers import Inspection
from console.model.mappings.haproxy import ADMIN_SOCKET, CONFIG, MASTER_SOCKET, stats_port
from console.model.mappings.world import ProxyView
from console.model.text import SafeText, sanitise
from console.transport import wiring_stat as stat
from console.transport.channels import Channel, ChannelRefused, NetDialer
from console.transport.faults import translated
from console.transport.http import HttpFault
from console.transport.httpconn import HttpClient
from console.transport.wire_text import mapping, number, raw_text
from console.transport.wiring_script import IN_CONTAINER_WORKERS

DEADLINE = 3.0
ANSWER_LIMIT = 4 << 20
COMMAND_PATIENCE = 8.0
"""Seconds for a command in an ambassador."""
PAUSES = (0.05, 0.1, 0.25, 0.6)
"""Seconds between tries to reach a master: it lets go of its socket while it starts itself anew."""
SESSIONS_AT_ONCE = 16

PAGE = "/;csv;csv"
"""The second `;csv`: whatever of it the configured address takes for its own, one is left."""


class _Answer:
    """Collects what the other side says until it hangs up. A ChannelReader."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def text(self) -> str:
        return b"".join(self._parts).decode(errors="replace")

    def data(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size <= ANSWER_LIMIT:
            self._parts.append(chunk)

    def stderr(self, chunk: bytes) -> None:
        """There is none."""

    def eof(self) -> None:
        self._end(None)

    def hold_writes(self, hold: bool) -> None:
        """Questions are small."""

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class Unasked(Exception):
    """Could not be asked this way. Internal to `transport`."""


class Execution(Protocol):
    """As `EngineWiring.execute`."""

    async def __call__(
        self, container_id: str, argv: tuple[str, ...], timeout: float, keep: int = ...
    ) -> tuple[int, bytes]: ...


class Proxies:
    """The ambassadors of one host."""

    def __init__(
        self,
        host: str,
        dialer: NetDialer,
        inspect: Callable[[str], Awaitable[Inspection]],
        root: Callable[[], Awaitable[bool]],
        read: Callable[[str, str], Awaitable[bytes | None]],
        run: Execution,
    ) -> None:
        self._host = host
        self._dialer = dialer
        self._inspect = inspect
        self._root = root
        self._read = read
        self._run = run

    async def look(self, container_id: str) -> ProxyView:
        """See `Wiring.proxy`."""
        document = await self._running(container_id)
        why = "the login is not root there"
        if await self._root():
            try:
                return await self._by_sockets(number(mapping(document.get("State")).get("Pid")))
            except Unasked as unasked:
                why = str(unasked)
        return await self._by_page(container_id, document, why)

    async def _running(self, container_id: str) -> Mapping[str, object]:
        document = (await self._inspect(container_id)).document
        state = mapping(document.get("State"))
        if number(state.get("Pid")) <= 1 or state.get("Running") is not True:
            raise CapabilityMissing(self._host, "the ambassador does not run", next_step="start it")
        return document

    async def _by_sockets(self, pid: int) -> ProxyView:
        said, processes = await asyncio.gather(
            self._ask(pid, ADMIN_SOCKET, "show stat"), self._processes(pid)
        )
        stats = stat.rows(said)
        if not stats:
            raise Unasked("its socket does not answer as HAProxy does")
        old = stat.old_workers(processes)
        held = None if old is None else sum([await self._held(pid, worker) for worker in old])
        return ProxyView(revision=stat.revision(stats), servers=stat.servers(stats), old_sessions=held)

    async def _processes(self, pid: int) -> str:
        """What the master says of them; nothing where it cannot be asked, though its worker can."""
        try:
            return await self._ask(pid, MASTER_SOCKET, "show proc")
        except Unasked:
            return ""

    async def _held(self, pid: int, worker: int) -> int:
        return stat.carried(stat.rows(await self._ask(pid, MASTER_SOCKET, f"@!{worker} show stat")))

    async def _ask(self, pid: int, socket: str, command: str) -> str:
        """One command. Raises Unasked. A master that reloads is not there for a moment."""
        for pause in PAUSES if socket == MASTER_SOCKET else ():
            try:
                return await self._once(pid, socket, command)
            except Unasked:
                await asyncio.sleep(pause)
        return await self._once(pid, socket, command)

    async def _once(self, pid: int, socket: str, command: str) -> str:
        path = f"/proc/{pid}/root{socket}"
        answer = _Answer()
        channel: Channel | None = None
        try:
            async with asyncio.timeout(DEADLINE):
                channel = await self._dialer.open_socket(path, answer)
                channel.write(f"{command}\n".encode())
                # The master keeps a connection whose other side may have more to say.
                channel.write_eof()
                await answer.done
        except TimeoutError as late:
            raise Unasked(f"{path} does not answer within {DEADLINE:g} s") from late
        except ChannelRefused as refused:
            raise Unasked(f"{path}: {refused.reason or 'refused'}") from refused
        finally:
            answer.done.cancel()
            if channel is not None:
                channel.abort()
        return answer.text

    async def _by_page(self, container_id: str, document: Mapping[str, object], why: str) -> ProxyView:
        """`GET /;csv` at its address, from the host."""
        config = await self._config(container_id)
        port = stats_port(config)
        if not port:
            raise self._mute(f"{why}, and its configuration has no statistics page")
        faults: list[str] = []
        for address in addresses(document):
            try:
                stats = stat.rows(await self._page(address, port))
            except Unasked as unasked:
                faults.append(str(unasked))
                continue
            if stats:
                return ProxyView(revision=stat.revision(stats), servers=stat.servers(stats))
            faults.append(f"{address}:{port} is no statistics page")
        raise self._mute("; ".join([why, *faults]))

    async def _page(self, address: str, port: int) -> str:
        """Raises Unasked."""
        client = HttpClient(lambda reader: self._dialer.open_tcp(address, port, reader), requests=1)
        try:
            with translated(self._host, but=(TimeoutError, HttpFault, ChannelRefused)):
                answer = await client.get(PAGE, deadline=DEADLINE, limit=ANSWER_LIMIT)
        except TimeoutError as late:
            raise Unasked(f"{address}:{port} does not answer within {DEADLINE:g} s") from late
        except (HttpFault, ChannelRefused) as fault:
            words = fault.reason if isinstance(fault, ChannelRefused) else str(fault)
            raise Unasked(f"{address}:{port}: {words or 'refused'}") from fault
        finally:
            await client.aclose()
        return answer.body.decode(errors="replace")

    async def _config(self, container_id: str) -> str:
        data = await self._read(container_id, CONFIG)
        return "" if data is None else data.decode(errors="replace")

    def _mute(self, why: str) -> CapabilityMissing:
        return CapabilityMissing(
            self._host,
            sanitise(f"the ambassador cannot be asked: {why}", 500),
            next_step="log in as root, or allow AllowTcpForwarding",
        )

    async def admin(self, container_id: str, command: str) -> SafeText:
        """See `Wiring.admin`."""
        if "\n" in command or "\r" in command or not command.isascii():
            raise ValueError("one command is one line")
        pid = number(mapping((await self._running(container_id)).get("State")).get("Pid"))
        if not await self._root():
            raise self._mute("its administration socket is for root only, and the login is not root there")
        masters = command.startswith("@") or command in ("show proc", "reload")
        try:
            said = await self._ask(pid, MASTER_SOCKET if masters else ADMIN_SOCKET, command)
        except Unasked as unasked:
            raise self._mute(str(unasked)) from unasked
        return sanitise(said.strip(), ANSWER_LIMIT)

    async def cut_old(self, container_id: str) -> int:
        """See `Wiring.cut_old`."""
        document = await self._running(container_id)
        if await self._root():
            try:
                return await self._cut_by_sockets(number(mapping(document.get("State")).get("Pid")))
            except Unasked as unasked:
                why = str(unasked)
        else:
            why = "the login is not root there"
        return await self._cut_inside(container_id, why)

    async def _cut_by_sockets(self, pid: int) -> int:
        """Session by session: `shutdown sessions server` refuses where the backend has stopped."""
        workers = stat.old_workers(await self._ask(pid, MASTER_SOCKET, "show proc"))
        if workers is None:
            raise Unasked("its master does not tell its processes")
        cut = 0
        for worker in workers:
            cut += await self._held(pid, worker)
            keys = stat.session_keys(await self._ask(pid, MASTER_SOCKET, f"@!{worker} show sess"))
            for start in range(0, len(keys), SESSIONS_AT_ONCE):
                batch = keys[start : start + SESSIONS_AT_ONCE]
                await asyncio.gather(
                    *(self._ask(pid, MASTER_SOCKET, f"@!{worker} shutdown session {key}") for key in batch)
                )
        return cut

    async def _cut_inside(self, container_id: str, why: str) -> int:
        """By a shell of the image: count, then end the processes."""
        carried = stat.carried_ports(await self._config(container_id))
        argv = ("sh", "-c", IN_CONTAINER_WORKERS)
        said = await self._in_shell(container_id, argv, why)
        told = stat.told_workers(said.split("\n"), carried)
        if told is None:
            raise self._mute(f"{why}, and its shell does not tell its processes")
        workers, held = told
        if workers:
            await self._in_shell(container_id, ("kill", "-TERM", *map(str, workers)), why)
        return held

    async def _in_shell(self, container_id: str, argv: tuple[str, ...], why: str) -> str:
        command = argv if argv[0] == "sh" else ("sh", "-c", 'exec "$@"', "dockcon", *argv)
        try:
            code, said = await self._run(container_id, command, COMMAND_PATIENCE, keep=1 << 20)
        except (Conflict, NotFound):
            raise
        except EngineError as error:
            raise self._mute(f"{why}, and its image has no shell") from error
        if code in (126, 127):
            raise self._mute(f"{why}, and its image has no shell")
        return said.decode(errors="replace")


def addresses(document: Mapping[str, object]) -> tuple[str, ...]:
    """Where a container is reached from its own host: the default bridge first, which is never internal."""
    networks = mapping(mapping(document.get("NetworkSettings")).get("Networks"))
    names = sorted(networks, key=lambda name: name != "bridge")
    found = (raw_text(mapping(networks[name]).get("IPAddress")) for name in names)
    return tuple(address for address in found if address)
