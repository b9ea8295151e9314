"""Network namespaces: one per host, and one that holds the bridge between them.

The bridge lives in a namespace of its own, so that nothing of this machine's firewall, forwarding or
bridge filter settings matters or is changed. The root namespace gets one veth with the subnet's `.1`.
"""

from __future__ import annotations

import ipaddress
import json
import os
import zlib
from pathlib import Path

from tests.lab.machine import LabError, run, wait_for

NAMESPACES = Path("/run/netns")


class Network:
    """The lab's own subnet, 10.77.x.0/24."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.octet = zlib.crc32(prefix.encode()) % 254 + 1
        self.switch = f"dcl-{prefix}-sw"
        self.uplink = f"dcl-{prefix}"

    @property
    def subnet(self) -> str:
        return f"10.77.{self.octet}.0/24"

    def address(self, number: int) -> str:
        return f"10.77.{self.octet}.{number}"

    def namespace(self, host: str) -> str:
        return f"dcl-{self.prefix}-{host}"

    def namespaces(self) -> list[str]:
        """Those of this prefix that exist, also of an earlier lab."""
        if not NAMESPACES.is_dir():
            return []
        return sorted(n for n in os.listdir(NAMESPACES) if n.startswith(f"dcl-{self.prefix}-"))

    def inodes(self) -> set[int]:
        """Inodes of those namespaces, to recognise processes by; 0 never is one."""
        return {(NAMESPACES / name).stat().st_ino for name in self.namespaces()}

    def refuse_if_in_use(self) -> None:
        """Raise LabError when something else on this machine has addresses or routes in our subnet."""
        ours = ipaddress.ip_network(self.subnet)
        for route in json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"]) or "[]"):
            destination = route.get("dst", "default")
            if destination == "default" or route.get("dev") == self.uplink:
                continue
            there = ipaddress.ip_network(destination, strict=False)
            if there.overlaps(ours) and there.prefixlen > 8:
                raise LabError(
                    f"the lab's subnet {ours} is in use on this machine ({destination} by "
                    f"{route.get('dev', 'a route')}); choose another prefix"
                )

    def up(self) -> None:
        """Make the bridge and our own way to it."""
        self.refuse_if_in_use()
        run(["ip", "netns", "add", self.switch])
        run(
            ["ip", "-b", "-"],
            stdin=f"link add {self.uplink} type veth peer name root netns {self.switch}\n"
            f"addr add {self.address(1)}/24 dev {self.uplink}\nlink set {self.uplink} up\n",
        )
        run(
            ["ip", "-n", self.switch, "-b", "-"],
            stdin="link set lo up\nlink add br0 type bridge\nlink set br0 up\nlink set root master br0 up\n",
        )

    def add_host(self, host: str, number: int) -> None:
        """A namespace for a host, on the bridge as `.number`."""
        space = self.namespace(host)
        run(["ip", "netns", "add", space])
        run(
            ["ip", "-n", self.switch, "-b", "-"],
            stdin=f"link add {host} type veth peer name eth0 netns {space}\nlink set {host} master br0 up\n",
        )
        run(
            ["ip", "-n", space, "-b", "-"],
            stdin=f"addr add {self.address(number)}/24 dev eth0\nlink set eth0 up\nlink set lo up\n"
            f"route add default via {self.address(1)}\n",
        )

    def add_behind(self, host: str, bastion: str, near: int, far: int) -> None:
        """A namespace that only `bastion` can reach: a veth between the two, no way past it."""
        inner, outer = self.namespace(host), self.namespace(bastion)
        run(["ip", "netns", "add", inner])
        run(
            ["ip", "-n", outer, "-b", "-"],
            stdin=f"link add {host} type veth peer name eth0 netns {inner}\n"
            f"addr add {self.address(near)}/30 dev {host}\nlink set {host} up\n",
        )
        run(
            ["ip", "-n", inner, "-b", "-"],
            stdin=f"addr add {self.address(far)}/30 dev eth0\nlink set eth0 up\nlink set lo up\n",
        )

    def set_link(self, host: str, *, up: bool) -> None:
        """Pull or plug the host's cable, at the bridge's end."""
        run(["ip", "-n", self.switch, "link", "set", host, "up" if up else "down"])

    def black_hole(self, number: int = 250) -> str:
        """An address that swallows every packet and answers none."""
        address = self.address(number)
        words = f"neigh replace {address} lladdr 02:00:00:00:00:01 dev {self.uplink} nud permanent"
        run(["ip", *words.split()])
        return address

    def down(self) -> None:
        """Delete every namespace and veth of this prefix; whoever lives there must be gone before."""
        run(["ip", "link", "del", self.uplink], check=False)
        for name in self.namespaces():
            run(["ip", "netns", "del", name], check=False)
        wait_for(
            lambda: not self.namespaces() and not Path(f"/sys/class/net/{self.uplink}").exists(),
            f"the namespaces of {self.prefix} to vanish",
        )
