"""`Wiring` of a memory host: its engine, the HAProxies that run in it, and the machine."""

from __future__ import annotations

from console.errors import CapabilityMissing, Conflict
from console.model.mappings.world import ProxyView
from console.model.text import SafeText, safe, sanitise
from console.transport.memory.engineside import EngineSide
from console.transport.memory.names import our_lines, resolve, set_line
from console.transport.memory.paths import Met, dial, listening
from console.transport.memory.proxies import Proxy
from console.transport.wiring import Ground, Reached
from console.transport.wiring_reach import late
from console.transport.wiring_words import host_name, ip_address, tcp_port


class MemoryWiring(EngineSide):
    """`Wiring`."""

    async def proxy(self, container_id: str) -> ProxyView:
        """Who is not root reads the page, which knows nothing of older workers."""
        proxy = self._proxy(container_id)
        view = proxy.view(self._host)
        await self._ssh()
        if self._host.root:
            return view
        return ProxyView(revision=view.revision, servers=view.servers, old_sessions=None)

    async def admin(self, container_id: str, command: str) -> SafeText:
        """`show proc`, `show info`, `set server B/S state ready|drain|maint`."""
        proxy = self._proxy(container_id)
        if not self._host.root:
            raise CapabilityMissing(
                self._host.name, "the login is not root there", next_step="log in as root"
            )
        said = proxy.administer(command)
        await self._ssh()
        return safe(said)

    async def cut_old(self, container_id: str) -> int:
        """By root, or a shell of the image."""
        proxy = self._proxy(container_id)
        if not self._host.root and not self._programs(proxy.container).has("sh"):
            raise CapabilityMissing(
                self._host.name, "the login is not root there, and its image has no shell"
            )
        async with self._deed("cut_old"):
            return proxy.cut()

    async def reach(self, address: str, port: int, timeout: float = 3.0) -> Reached:
        """From the host."""
        tcp_port(port)
        end = dial(self._host, None, address, port)
        await self._ssh()
        return await self._told(end.met, timeout, "")

    async def reach_from(self, container_id: str, name: str, port: int, timeout: float = 5.0) -> Reached:
        """From a container."""
        host_name(name), tcp_port(port)
        container = self._find(container_id)
        if not container.alive:
            raise Conflict(self._host.name, f"{container.name} does not run", status=409)
        if not self._host.root and not self._programs(container).has("sh"):
            raise CapabilityMissing(
                self._host.name,
                "that container cannot be looked from: the login is not root there, and its image has no "
                "python3, bash or nc",
                next_step="log in as root, or try it from the application",
            )
        found = resolve(self._host, container, name)
        await self._ssh()
        if not found:
            return Reached(False, sanitise(f"the name {name} is not known"))
        end = dial(self._host, container, found[0], port)
        return await self._told(end.met, timeout, f"{name} is {found[0]}: ")

    async def _told(self, met: Met, timeout: float, where: str) -> Reached:
        if met is Met.SILENT:
            await self._host.clock.sleep(timeout)
            return Reached(False, safe(f"{where}{late(timeout)}"))
        return Reached(met is Met.HELD, safe(f"{where}{met}"))

    async def ground(self) -> Ground:
        """Where the host has a shell."""
        await self._ssh()
        if self._host.faults.no_shell:
            return Ground()
        return Ground(root=self._host.root, listening=listening(self._host))

    async def hosts_lines(self, container_id: str) -> tuple[str, ...] | None:
        """Ours, without their mark."""
        found = our_lines(self._daemon.disk(self._find(container_id)))
        await self._ssh()
        return found

    async def set_hosts_line(self, container_id: str, name: str, ip: str) -> None:
        """By root, or a shell in the container."""
        host_name(name)
        container = self._find(container_id)
        disk = self._daemon.disk(container)
        if not self._host.root and not self._programs(container).has("sh"):
            raise CapabilityMissing(
                self._host.name,
                "the login is not root, and the container's own /etc/hosts cannot be written from inside: it "
                "has no shell",
                next_step="log in as root, or use an ambassador",
            )
        async with self._deed("set_hosts_line"):
            set_line(disk, name, ip_address(ip) if ip else "")

    def _proxy(self, container_id: str) -> Proxy:
        container = self._find(container_id)
        proxy = self._daemon.proxies.get(container.id)
        if proxy is None or not container.alive:
            raise CapabilityMissing(self._host.name, "the ambassador does not run", next_step="start it")
        return proxy
