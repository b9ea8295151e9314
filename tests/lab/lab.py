"""The lab: several hosts, each with a network of its own, a real OpenSSH server and a real engine."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from console.model.hosts import HostSpec
from tests.lab import image, machine, owner, users
from tests.lab.engine import DockerEngine, Engine, PodmanEngine
from tests.lab.files import write_files
from tests.lab.host import LabHost
from tests.lab.keyring import Keyring
from tests.lab.machine import LabError
from tests.lab.network import Network
from tests.lab.sweep import leftovers, sweep

FIRST, PODMAN, NEAR, FAR = 11, 249, 253, 254
"""Last numbers of addresses: the first host, the Podman host, and the two ends behind a bastion."""
MOST = 200


class Lab:
    """Hosts h1, h2 ... in 10.77.x.0/24; a context manager.

    `prefix` (1 to 6 of a-z, 0-9) names everything of this lab; two labs of different prefixes run side by
    side, and a lab first clears away what a dead one of the same prefix left behind.
    """

    def __init__(self, prefix: str, hosts: int = 3) -> None:
        if not re.fullmatch(r"[a-z0-9]{1,6}", prefix):
            raise LabError(f"prefix {prefix!r}: 1 to 6 small letters or digits")
        if not 1 <= hosts <= MOST:
            raise LabError(f"{hosts} hosts: 1 to {MOST}")
        self.prefix = prefix
        self.folder = Path(os.environ.get("DOCKCON_LAB_DIR", "/tmp")) / f"dcl-{prefix}"
        self.network = Network(prefix)
        self.names = [f"h{n}" for n in range(1, hosts + 1)]
        self.hosts: dict[str, LabHost] = {}
        self.keys = Keyring(self.folder)
        self.image = self.folder / "image.tar"
        self.group = f"dcl-{prefix}"

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def __getitem__(self, name: str) -> LabHost:
        return self.hosts[name]

    @property
    def hosts_yml(self) -> Path:
        return self.folder / "hosts.yml"

    # ---- life

    def up(self) -> None:
        """Start everything. Raises LabError, and leaves nothing behind then."""
        machine.require()
        self._take_over()
        self.network.refuse_if_in_use()
        try:
            self._prepare()
            with ThreadPoolExecutor(8) as pool:
                built = pool.submit(image.build, self.image)
                for number, name in enumerate(self.names, FIRST):
                    self._add(name, number, DockerEngine)
                for host in self.hosts.values():
                    host.engine.start(wait=False)
                for host in self.hosts.values():
                    host.sshd.start()
                built.result()
                list(pool.map(self._ready, self.hosts.values()))
            write_files(self.folder, f"lab-{self.prefix}", self.keys, self.hosts.values())
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End everything and delete every trace."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(LabHost.down, self.hosts.values()))
        self.hosts.clear()
        sweep(self.network, self.folder)

    def leave(self) -> None:
        """Let it run on after this process; `sweep` ends it."""
        owner.claim(self.folder, stays=True)
        for host in self.hosts.values():
            host.leave()

    def mend(self) -> None:
        """Undo what tests did: cables in, servers and engines up, no containers."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(LabHost.mend, self.hosts.values()))

    def leftovers(self) -> list[str]:
        return leftovers(self.network, self.folder)

    def _take_over(self) -> None:
        """Clear what an earlier lab of this prefix left, unless it is alive."""
        owner.refuse_if_alive(self.folder, self.network)
        sweep(self.network, self.folder)

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o755)
        owner.claim(self.folder, stays=False)
        users.add_group(self.group)
        self.network.up()
        self.keys.make()

    def _add(self, name: str, number: int, kind: type[Engine]) -> LabHost:
        self.network.add_host(name, number)
        space, folder = self.network.namespace(name), self.folder / name
        engine = DockerEngine(space, folder, self.group) if kind is DockerEngine else kind(space, folder)
        host = LabHost(self, name, self.network.address(number), space, engine)
        self.hosts[name] = host
        return host

    def _ready(self, host: LabHost) -> None:
        host.engine.wait_up()
        host.engine.load_image(self.image)

    # ---- more than the three hosts

    def podman(self) -> LabHost:
        """The host `pod` with Podman instead of dockerd; started at the first call, which installs it."""
        if "pod" not in self.hosts:
            machine.require(machine.PODMAN_PACKAGES)
            host = self._add("pod", PODMAN, PodmanEngine)
            host.engine.start()
            host.sshd.start()
            host.engine.load_image(self.image)
            write_files(self.folder, f"lab-{self.prefix}", self.keys, self.hosts.values())
        return self.hosts["pod"]

    def behind(self, bastion: str = "h1") -> LabHost:
        """The host `inner`, which only `bastion` can reach; it shares the bastion's engine."""
        if "inner" not in self.hosts:
            self.network.add_behind("inner", bastion, NEAR, FAR)
            host = LabHost(
                self,
                "inner",
                self.network.address(FAR),
                self.network.namespace("inner"),
                self.hosts[bastion].engine,
                jump=self.hosts[bastion],
            )
            host.sshd.start()
            self.hosts["inner"] = host
            write_files(self.folder, f"lab-{self.prefix}", self.keys, self.hosts.values())
        return self.hosts["inner"]

    def black_hole(self) -> str:
        """An address that answers nothing at all."""
        return self.network.black_hole()

    def user(self, name: str, *, docker: bool, password: str = "") -> str:
        """The login `dcl-PREFIX-name`, made at the first call; `docker`: may open the engines' sockets."""
        login = f"{self.group}-{name}"
        home = self.folder / "home" / name
        if not home.exists():
            home.parent.mkdir(mode=0o755, exist_ok=True)
            users.add_user(login, home, (self.group,) if docker else (), password)
        return login

    def specs(self) -> tuple[HostSpec, ...]:
        """h1, h2 ... as hosts.yml has them."""
        return tuple(self.hosts[name].spec() for name in self.names)
