"""Containers of many options, drawn by a seed, and the surroundings they need on a host."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.containers import SLEEP
from tests.lab.host import LabHost
from tests.lab.image import IMAGE

Words = tuple[str, ...]

QUICK = "trap 'exit 0' TERM; sleep 1000000 & wait"
"""Ends at once when told to, unlike a shell that waits for its sleep."""

BIND = "type=bind,src=/tmp,dst=/bound,bind-propagation=rslave"

ALL: Mapping[str, tuple[Words, ...]] = {
    "named": ((), ("-v", "given:/named"), ("-v", "given:/named:ro,nocopy")),
    "bind": ((), ("-v", "/tmp:/bound:ro"), ("--mount", BIND)),
    "anonymous": (
        (),
        ("-v", "/anon"),
        ("--mount", "type=volume,dst=/anon"),
        ("--mount", "type=volume,dst=/anon,readonly"),
        ("-v", "/anon", "-v", "/two"),
    ),
    "stated volume": ((), ("--mount", "type=volume,src=given2,dst=/stated,volume-label=a=b")),
    "tmpfs": (
        (),
        ("--tmpfs", "/scratch:size=1m,mode=700"),
        ("--mount", "type=tmpfs,dst=/scratch,tmpfs-size=65536"),
    ),
    "volumes-from": ((), ("--volumes-from", "provider"), ("--volumes-from", "provider:ro")),
    "ulimits": ((), ("--ulimit", "nofile=100:200"), ("--ulimit", "nproc=99", "--ulimit", "core=0")),
    "shm": ((), ("--shm-size", "8m")),
    "caps": ((), ("--cap-add", "NET_ADMIN", "--cap-drop", "CHOWN"), ("--cap-drop", "ALL")),
    "devices": ((), ("--device", "/dev/zero:/dev/nought:r"), ("--device-cgroup-rule", "c 1:3 mr")),
    "log": ((), ("--log-opt", "max-size=1m", "--log-opt", "max-file=3"), ("--log-driver", "none")),
    "health": (
        (),
        ("--health-cmd", "true", "--health-interval=1s", "--health-start-period=2s"),
        ("--no-healthcheck",),
    ),
    "user": ((), ("--user", "99:99"), ("--user", "haproxy")),
    "labels": ((), ("-l", "tier=web", "-l", "empty="), ("-l", 'odd=key="x"')),
    "env": ((), ("-e", "A=1", "-e", "EMPTY=", "-e", "EQ=a=b"), ("-e", "PATH=/usr/bin:/bin:/usr/sbin")),
    "restart": ((), ("--restart=always",), ("--restart=unless-stopped",), ("--restart=on-failure:3",)),
    "limits": (
        (),
        ("-m", "64m"),
        ("-m", "64m", "--memory-swap", "64m", "--cpus", "0.5"),
        ("--cpu-shares", "512", "--cpuset-cpus", "0", "--pids-limit", "50"),
        ("--cpu-period", "50000", "--cpu-quota", "25000", "--oom-score-adj", "100"),
    ),
    "init": ((), ("--init",)),
    "tty": ((), ("-t",), ("-i",), ("-t", "-i")),
    "read-only": ((), ("--read-only",)),
    "stop": ((), ("--stop-signal", "SIGINT", "--stop-timeout", "1"), ("--stop-timeout", "2")),
    "workdir": ((), ("-w", "/var")),
    "pid": ((), ("--pid", "host"), ("--pid", "container:provider")),
    "ipc": ((), ("--ipc", "host"), ("--ipc", "container:provider"), ("--ipc", "none")),
    "security": ((), ("--security-opt", "no-new-privileges"), ("--security-opt", "seccomp=unconfined")),
    "groups": ((), ("--group-add", "1234")),
    "uts": ((), ("--uts", "host")),
    "cgroup": ((), ("--cgroupns", "private"), ("--cgroup-parent", "/dockcon")),
    "runtime": ((), ("--runtime", "runc"), ("--isolation", "default")),
}  # fmt: skip
"""By topic: what may be said of any container; the first of each is nothing."""

NETWORKED: Mapping[str, tuple[Words, ...]] = {
    "ports": (
        (),
        ("-p", "8080:80"),
        ("-p", "127.0.0.1:8081:81/udp", "-p", "82"),
        ("-P", "--expose", "7000-7002"),
        ("--expose", "9000"),
    ),
    "hostname": ((), ("-h", "shop"), ("-h", "shop", "--domainname", "example.net")),
    "hosts": ((), ("--add-host", "db:10.9.9.9")),
    "dns": ((), ("--dns", "10.9.9.9", "--dns-search", "example.net", "--dns-option", "ndots:2")),
    "sysctls": ((), ("--sysctl", "net.ipv4.ip_unprivileged_port_start=0")),
}  # fmt: skip
"""What needs a network of its own."""

AL = ("--network-alias", "al", "--network-alias", "too")

PRIMARY: Mapping[str, Words] = {
    "default": (),
    "default, linked": ("--link", "provider:db"),
    "bridge": ("--network", "bridge"),
    "host": ("--network", "host"),
    "none": ("--network", "none"),
    "container": ("--network", "container:provider"),
    "own": ("--network", "one"),
    "own, fixed": ("--network", "one", "--ip", "10.210.1.77", *AL),
    "own, linked": ("--network", "one", "--link", "provider:db"),
}  # fmt: skip

FURTHER: tuple[Words, ...] = (
    ("two",),
    ("--alias", "b1", "--alias", "b2", "two"),
    ("--ip", "10.210.2.77", "two"),
    ("--alias", "c", "--ip", "10.210.3.77", "--link", "provider:there", "three"),
    ("--driver-opt", "dockcon.test=1", "three"),
)

COMMANDS: tuple[Words, ...] = (
    (IMAGE, "sh", "-c", QUICK),
    ("--entrypoint", "sh", IMAGE, "-c", QUICK),
    ("own:1",),
    ("own:1", "also"),
    ("--entrypoint", "", "own:1", "sh", "-c", QUICK),
    ("--entrypoint", "sh", "own:1", "-c", QUICK),
)
"""Image and command. `own:1` has all that an image can have."""

OWN_IMAGE = (
    f'ENTRYPOINT ["sh", "-c", "{QUICK}", "own"]',
    'CMD ["given"]',
    "ENV PATH=/usr/bin:/bin:/usr/sbin:/sbin",
    "ENV MODE=image",
    "LABEL tier=image",
    "VOLUME /anon",
    "VOLUME /of-image",
    "EXPOSE 7777",
    "WORKDIR /root",
    "HEALTHCHECK --interval=1s CMD true",
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One container: words for `docker run -d`, and further networks."""

    words: Words
    further: tuple[Words, ...]

    @property
    def text(self) -> str:
        """For a person who has to see what failed."""
        return " ".join(self.words) + "".join(f"; connect {' '.join(words)}" for words in self.further)


def draw(dice: random.Random, primary: str = "") -> Drawn:
    """A container with about a third of the topics said."""
    primary = primary or dice.choice(list(PRIMARY))
    topics = dict(ALL)
    alone = primary in ("host", "none", "container")
    if not alone:
        topics |= NETWORKED
    elif primary != "container":
        topics |= {"hostname": NETWORKED["hostname"]}
    said = {topic: dice.choice(ways[1:]) for topic, ways in topics.items() if dice.random() < 0.35}
    words = [word for way in said.values() for word in way]
    further: list[Words] = []
    if not alone:
        for network in dice.sample(("two", "three"), dice.randrange(3)):
            further.append(dice.choice([way for way in FURTHER if way[-1] == network]))
    return Drawn((*PRIMARY[primary], *words, *dice.choice(COMMANDS)), tuple(further))


@contextlib.contextmanager
def surroundings(host: LabHost) -> Iterator[None]:
    """Networks `one`, `two`, `three`, volumes, a container `provider`, and the image `own:1`."""
    for number, name in enumerate(("one", "two", "three"), 1):
        host.docker("network", "create", "--subnet", f"10.210.{number}.0/24", name)
    host.docker("volume", "create", "given")
    # In `one` so that links can mean it; its /from is what --volumes-from brings.
    host.docker(
        *(
            "run",
            "-d",
            "--name",
            "provider",
            "--stop-timeout",
            "1",
            "--ipc",
            "shareable",
            "--network",
            "bridge",
        ),
        *("-v", "/from", IMAGE, "sh", "-c", SLEEP),
    )
    for name in ("one", "two", "three"):
        host.docker("network", "connect", name, "provider")
    make_image(host, "own:1", *OWN_IMAGE)
    try:
        yield
    finally:
        host.engine.clear()
        host.docker("image", "rm", "-f", "own:1")
        host.docker("network", "rm", "one", "two", "three")
        host.docker("volume", "prune", "-f", "-a", check=False)


def make_image(host: LabHost, name: str, *changes: str) -> str:
    """An image that is the lab's own but for some instructions; its id."""
    container = host.docker("create", IMAGE, "true")
    words = [word for change in changes for word in ("--change", change)]
    try:
        return host.docker("commit", *words, container, name)
    finally:
        host.docker("rm", container)


def make_foreign_image(host: LabHost, name: str, of: str, architecture: str, folder: Path) -> None:
    """The image `of` under another name, saying that it is for another architecture."""
    saved, changed = folder / "saved.tar", folder / "foreign.tar"
    host.docker("save", "-o", saved, of)
    with tarfile.open(saved) as old, tarfile.open(changed, "w") as new:
        for member in old:
            data = read.read() if (read := old.extractfile(member)) is not None else b""
            if member.name == "manifest.json":
                (manifest,) = json.loads(data)
                data = json.dumps([manifest | {"RepoTags": [name]}]).encode()
            elif member.name.endswith(".json") and "rootfs" in (document := json.loads(data)):
                data = json.dumps(document | {"architecture": architecture}).encode()
            elif member.name == "repositories":
                continue
            member.size = len(data)
            new.addfile(member, io.BytesIO(data) if data else None)
    host.docker("load", "-i", changed)
