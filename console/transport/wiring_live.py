"""`Wiring` of a real host: its engine, its ambassadors, and the machine itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from console.transport.wiring_engine import Asked, EngineWiring
from console.transport.wiring_ground import HostGround
from console.transport.wiring_proxy import Proxies

if TYPE_CHECKING:
    from console.model.mappings.world import ProxyView
    from console.model.text import SafeText
    from console.transport.channels import NetDialer
    from console.transport.wiring import Ground, Reached


class LiveWiring(EngineWiring):
    """Belongs to the network loop; its engine closes it."""

    def __init__(
        self, host: str, engine: Asked, get: Callable[[str], Awaitable[object]], dialer: NetDialer
    ) -> None:
        super().__init__(host, engine, get)
        self._ground = HostGround(host, dialer, engine.inspect, self.execute, self.read_file)
        self._proxies = Proxies(host, dialer, engine.inspect, self._ground.root, self.read_file, self.execute)

    async def proxy(self, container_id: str) -> ProxyView:
        """What the ambassador's HAProxy says of itself."""
        return await self._proxies.look(container_id)

    async def admin(self, container_id: str, command: str) -> SafeText:
        """One command for it."""
        return await self._proxies.admin(container_id, command)

    async def cut_old(self, container_id: str) -> int:
        """End what earlier configurations hold."""
        return await self._proxies.cut_old(container_id)

    async def reach(self, address: str, port: int, timeout: float = 3.0) -> Reached:
        """From the host."""
        return await self._ground.reach(address, port, timeout)

    async def reach_from(self, container_id: str, name: str, port: int, timeout: float = 5.0) -> Reached:
        """From a container."""
        return await self._ground.reach_from(container_id, name, port, timeout)

    async def ground(self) -> Ground:
        """What the host's shell tells."""
        return await self._ground.look()

    async def hosts_lines(self, container_id: str) -> tuple[str, ...] | None:
        """`127.0.0.1 db`, without the mark."""
        return await self._ground.hosts_lines(container_id)

    async def set_hosts_line(self, container_id: str, name: str, ip: str) -> None:
        """Write it, or take it away."""
        await self._ground.set_hosts_line(container_id, name, ip)

    async def aclose(self) -> None:
        """End the shell. Idempotent."""
        await self._ground.aclose()
