"""One host of the lab: what a test may do to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.model.hosts import EngineChoice, EngineKind, HostSpec
from tests.lab.engine import Engine, Row
from tests.lab.keyring import make_key
from tests.lab.machine import LabError, wait_for
from tests.lab.sshd import Sshd

if TYPE_CHECKING:
    from tests.lab.lab import Lab


class LabHost:
    """A machine with its own network, sshd and engine. Every method blocks until its effect is there."""

    def __init__(
        self,
        lab: Lab,
        name: str,
        address: str,
        namespace: str,
        engine: Engine,
        jump: LabHost | None = None,
    ) -> None:
        self.lab = lab
        self.name = name
        self.address = address
        self.namespace = namespace
        self.engine = engine
        self.jump = jump
        self.folder = lab.folder / name
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.host_key = make_key(self.folder / "host_key")
        self._ports = iter(range(2200, 2300))
        self.sshd = self._sshd(22, {})

    def _sshd(self, port: int, options: dict[str, str]) -> Sshd:
        return Sshd(
            self.namespace,
            self.address,
            port,
            host_key=self.host_key,
            authorized_keys=self.lab.keys.authorized,
            docker_host=f"unix://{self.engine.socket}",
            log=self.folder / f"sshd-{port}.log",
            options=options,
        )

    # ---- what dockcon is told

    def spec(self, *, engine: str = "unix", **changes: Any) -> HostSpec:
        """This host as hosts.yml would state it; `changes` are fields of HostSpec.

        `engine`: `unix` (this engine's socket), `auto`, `dial-stdio` or `sudo`.
        """
        kind = EngineKind(engine)
        values: dict[str, Any] = {
            "name": self.name,
            "address": self.address,
            "user": "root",
            "identity": (str(self.lab.keys.key),),
            "known_hosts": (str(self.lab.keys.known_hosts),),
            "engine": EngineChoice(kind, str(self.engine.socket) if kind is EngineKind.UNIX else ""),
            "jump": (self.jump.spec(engine="auto"),) if self.jump else (),
        }
        return HostSpec(**{**values, **changes})

    @contextlib.contextmanager
    def extra_sshd(self, **options: str) -> Iterator[Sshd]:
        """A second sshd on this host with options of sshd_config(5); use `spec(port=sshd.port)`."""
        sshd = self._sshd(next(self._ports), options)
        sshd.start()
        try:
            self.lab.keys.trust(sshd.known_as())
            yield sshd
        finally:
            sshd.stop()

    # ---- the truth

    def docker(self, *words: str | Path, check: bool = True, timeout: float = 60) -> str:
        """Run the docker command line on this host's engine, past SSH."""
        return self.engine.docker(*words, check=check, timeout=timeout)

    def ps_a(self) -> dict[str, Row]:
        return self.engine.ps_a()

    def wait_for(self, container: str, *conditions: str, limit: float = 30) -> None:
        """Wait until `docker inspect` shows the state (`running`, `exited` ...) or health (`healthy` ...)."""

        def there() -> bool:
            state: Any = self.engine.inspect(container)["State"]
            return {state["Status"], state.get("Health", {}).get("Status")} >= set(conditions)

        wait_for(there, f"{container}@{self.name} to be {' and '.join(conditions)}", limit, every=0.1)

    # ---- faults

    def kill_sshd_children(self) -> int:
        """SIGKILL every SSH connection of this host; new ones are accepted. Returns how many processes."""
        killed = self.sshd.kill_sessions()
        if not killed:
            raise LabError(f"nobody is connected to {self.name}")
        return killed

    def stop_sshd(self) -> None:
        self.sshd.stop()

    def start_sshd(self) -> None:
        self.sshd.start()

    def stop_dockerd(self) -> None:
        self.engine.stop()

    def kill_dockerd(self) -> None:
        self.engine.kill()

    def start_dockerd(self) -> None:
        self.engine.start()

    def link_down(self) -> None:
        self.lab.network.set_link(self.name, up=False)

    def link_up(self) -> None:
        self.lab.network.set_link(self.name, up=True)

    def mend(self) -> None:
        """Undo every fault, and remove every container."""
        if self.jump is None:
            self.link_up()
        self.sshd.thaw_sessions()
        if not self.sshd.running():
            self.sshd.start()
        self.engine.thaw()
        if self.jump is None:
            if not self.engine.running():
                self.engine.start()
            self.engine.clear()

    # ---- the end

    def down(self) -> None:
        """End what runs here, politely; `sweep` takes care of what would not go."""
        self.sshd.stop()
        if self.jump is not None:
            return
        with contextlib.suppress(LabError):
            self.engine.clear()
        self.engine.stop()

    def leave(self) -> None:
        self.sshd.leave()
        if self.engine.process is not None:
            self.engine.process.leave()
