"""One real engine of the lab: dockerd (or Podman's Docker API) in its host's network namespace."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.image import IMAGE
from tests.lab.machine import (
    LabError,
    Process,
    descendants,
    freeze,
    name_of,
    program,
    run,
    signal_all,
    wait_for,
)
from tests.lab.network import NAMESPACES


def inside(namespace: str) -> list[str]:
    """The words before a command that is to run in a namespace.

    Not `ip netns exec`: that mounts /sys anew, which hides the cgroups from the engine.
    """
    return [program("nsenter"), f"--net={NAMESPACES / namespace}"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `docker ps -a --no-trunc`: the truth that dockcon's table is compared with."""

    id: str
    name: str
    image: str
    state: str
    status: str
    labels: str
    ports: str


class _UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """What every engine of the lab can do; how it is started is the subclasses' matter."""

    def __init__(self, namespace: str, folder: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self.socket = folder / "docker.sock"
        if len(str(folder / "exec/containerd/containerd.sock.ttrpc")) > 107:
            raise LabError(f"{folder} is too long for a Unix socket; choose a shorter folder")
        self.process: Process | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def before_start(self) -> None:
        """Put away what a killed engine left in its own way."""

    def start(self, *, wait: bool = True) -> None:
        """Start the engine; with `wait` return when it answers. Raises LabError with the end of its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.before_start()
        environment = {**_environment(), "CONTAINERS_CONF": f"{self.folder}/containers.conf"}
        words = [*inside(self.namespace), *self.command()]
        self.process = Process(words, self.folder / "engine.log", env=environment)
        if wait:
            self.wait_up()

    def wait_up(self) -> None:
        def answers_or_died() -> bool:
            return self.answers() or self.process is None or not self.process.running()

        wait_for(answers_or_died, f"the engine of {self.namespace}", every=0.01)
        if self.process is None or not self.process.running():
            tail = self.process.tail() if self.process else "it was never started"
            raise LabError(f"the engine of {self.namespace} ended at once:\n{tail}")

    def running(self) -> bool:
        return self.process is not None and self.process.running()

    def answers(self) -> bool:
        """One GET /_ping on the socket."""
        connection = _UnixHTTP(str(self.socket))
        try:
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def get(self, path: str) -> object:
        """The parsed answer of one GET, straight from the socket."""
        connection = _UnixHTTP(str(self.socket))
        with contextlib.closing(connection):
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())

    def stop(self) -> None:
        """SIGTERM, and wait until it is gone: the containers are stopped by it."""
        if self.process is not None:
            self.process.stop()
            self.process = None

    def kill(self) -> None:
        """SIGKILL the engine and what it supervises itself with; its containers live on."""
        if self.process is None:
            return
        helpers = [p for p in descendants(self.process.pid) if name_of(p) == "containerd"]
        signal_all(helpers, signal.SIGKILL)
        self.process.stop(signal.SIGKILL)
        self.process = None

    def freeze(self) -> None:
        """SIGSTOP the engine: it accepts connections and never answers."""
        if self.process is not None:
            freeze([self.process.pid])

    def thaw(self) -> None:
        if self.process is not None:
            signal_all([self.process.pid], signal.SIGCONT)

    def docker(self, *words: str | Path, check: bool = True, timeout: float = 60) -> str:
        """Run the docker command line against this engine's own socket."""
        env = _environment()
        return run(
            ["docker", "-H", f"unix://{self.socket}", *words], check=check, timeout=timeout, env=env
        ).strip()

    def ps_a(self) -> dict[str, Row]:
        """The truth: every container by full id."""
        rows = {}
        for line in self.docker("ps", "-a", "--no-trunc", "--format", "{{json .}}").splitlines():
            row = json.loads(line)
            rows[row["ID"]] = Row(
                id=row["ID"],
                name=row["Names"],
                image=row["Image"],
                state=row["State"],
                status=row["Status"],
                labels=row["Labels"],
                ports=row["Ports"],
            )
        return rows

    def inspect(self, container: str) -> dict[str, object]:
        found = json.loads(self.docker("inspect", "--type", "container", container))
        document: dict[str, object] = found[0]
        return document

    def clear(self) -> None:
        """Remove every container."""
        for last in (False, False, True):
            ids = self.docker("ps", "-aq").split()
            # Podman refuses to remove a container that ends just while it is being stopped for that.
            if not ids or self.docker("rm", "-f", "-v", *ids, check=last, timeout=180).split() == ids:
                return

    def load_image(self, tar: Path) -> None:
        """Import the lab's image, unless the engine has it."""
        if not self.docker("images", "-q", IMAGE):
            self.docker("import", tar, IMAGE, timeout=120)


class DockerEngine(Engine):
    """dockerd with everything of it below its folder, and access for one group."""

    def __init__(self, namespace: str, folder: Path, group: str = "root", extra: Sequence[str] = ()) -> None:
        super().__init__(namespace, folder)
        self.group = group
        self.extra = tuple(extra)

    def command(self) -> list[str]:
        return [
            program("dockerd"),
            *("-H", f"unix://{self.socket}"),
            *("--data-root", f"{self.folder}/data"),
            *("--exec-root", f"{self.folder}/exec"),
            *("--pidfile", f"{self.folder}/pid"),
            *("--config-file", f"{self.folder}/daemon.json"),
            *("--group", self.group),
            *self.extra,
        ]

    def before_start(self) -> None:
        (self.folder / "daemon.json").write_text("{}\n")
        # A SIGKILLed dockerd leaves both; with them the next one dies of "timeout waiting for containerd".
        for left in (self.folder / "pid", self.folder / "exec/containerd/containerd.pid"):
            left.unlink(missing_ok=True)

    def container_ids(self) -> list[str]:
        """From the data root, so that it works on a dead engine."""
        return container_ids(self.folder)


class PodmanEngine(Engine):
    """Podman's Docker API."""

    def command(self) -> list[str]:
        return [
            *(program("podman"), "--root", f"{self.folder}/data", "--runroot", f"{self.folder}/run"),
            *("--tmpdir", f"{self.folder}/tmp", "--network-config-dir", f"{self.folder}/net"),
            *("--cgroup-manager=cgroupfs", "--events-backend=file"),
            *("--runtime", program("runc")),  # crun refuses cgroups in hybrid mode
            *("system", "service", "--time=0", f"unix://{self.socket}"),
        ]

    def before_start(self) -> None:
        (self.folder / "net").mkdir(exist_ok=True)
        # Podman asks for 1,048,576 of each, which root without CAP_SYS_RESOURCE may not give itself. The
        # Docker API of 4.3 takes the soft limit for the hard one and the other way round: hence both equal.
        (self.folder / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        )


def container_ids(folder: Path) -> list[str]:
    """Full ids of an engine's containers, from its folder."""
    try:
        return sorted(os.listdir(folder / "data/containers"))
    except FileNotFoundError:
        return []


def _environment() -> dict[str, str]:
    """Ours without what would point the docker command line elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
