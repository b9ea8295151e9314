"""What the lab needs of the machine it runs on: packages, processes, mounts. Linux and root only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

PACKAGES = {
    "dockerd": "docker.io",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "busybox": "busybox",
    "socat": "socat",
    "haproxy": "haproxy",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "useradd": "passwd",
}
PODMAN_PACKAGES = {"podman": "podman", "runc": "runc", "conmon": "conmon", "netavark": "netavark"}
_ELSEWHERE = {"netavark": "/usr/lib/podman/netavark"}
_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
_POLICY = Path("/usr/sbin/policy-rc.d")


class LabError(Exception):
    """The lab cannot do what was asked; the text says why and what to do."""


def wanted() -> bool:
    """Whether somebody said that this machine may be used for real hosts."""
    return bool(os.environ.get("CI") or os.environ.get("DOCKCON_LAB"))


def program(name: str) -> str:
    """The full path of a program. Raises LabError when it is missing."""
    path = shutil.which(name, path=_PATH) or (
        _ELSEWHERE[name] if os.path.exists(_ELSEWHERE.get(name, "")) else None
    )
    if path is None:
        raise LabError(f"{name} is not installed")
    return path


def require(packages: dict[str, str] = PACKAGES) -> None:
    """Make sure that we are root and that every program is there; install what is missing.

    Packages are installed only where `CI` or `DOCKCON_LAB` is set. No service is started by it: a second
    Docker Engine in the root namespace would set the FORWARD policy to DROP.
    """
    if os.geteuid() != 0:
        raise LabError("the lab makes network namespaces and needs root: run it with `sudo -E`")
    missing = sorted({pack for name, pack in packages.items() if not _present(name)})
    if not missing:
        return
    if not wanted():
        raise LabError(f"not installed: {' '.join(missing)}; set DOCKCON_LAB=1 to let the lab install them")
    made = not _POLICY.exists()
    if made:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PATH": _PATH}
        run(["apt-get", "update", "-qq"], timeout=300, env=env)
        run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing], timeout=900, env=env)
    finally:
        if made:
            _POLICY.unlink()
    absent = [name for name in packages if not _present(name)]
    if absent:
        raise LabError(f"still missing after installing {' '.join(missing)}: {' '.join(absent)}")


def _present(name: str) -> bool:
    try:
        program(name)
    except LabError:
        return False
    return True


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float = 60,
    check: bool = True,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
) -> str:
    """Run a command to its end and return its output. Raises LabError with what it said."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            [program(words[0]) if "/" not in words[0] else words[0], *words[1:]],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=env,
        )
    except subprocess.TimeoutExpired as exc:
        raise LabError(f"no end after {timeout:.0f} s: {' '.join(words)}") from exc
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise LabError(f"exit {done.returncode}: {' '.join(words)}: {said}")
    return done.stdout


def wait_for(condition: Callable[[], object], what: str, limit: float = 30, every: float = 0.02) -> None:
    """Wait until `condition()` is true. Raises LabError after `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"waited {limit:.0f} s in vain for: {what}")
        time.sleep(every)


# ---- processes


def pids() -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)


def _read(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_text(errors="replace")
    except OSError:
        return ""


def stat(pid: int) -> tuple[int, int, str] | None:
    """(parent, start time in ticks, state letter) of a process; None when there is none."""
    text = _read(pid, "stat")
    if not text:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), int(fields[19]), fields[0]


def alive(pid: int, started: int | None = None) -> bool:
    """Whether a process runs (a zombie does not), and is the one that started then."""
    found = stat(pid)
    return found is not None and found[2] not in "ZX" and started in (None, found[1])


def name_of(pid: int) -> str:
    return _read(pid, "comm").strip()


def descendants(pid: int) -> list[int]:
    """Children, their children and so on."""
    parents: dict[int, list[int]] = {}
    for other in pids():
        found = stat(other)
        if found is not None:
            parents.setdefault(found[0], []).append(other)
    todo, seen = [pid], []
    while todo:
        below = parents.get(todo.pop(), [])
        seen += below
        todo += below
    return seen


def namespace_of(pid: int) -> int:
    """The inode of the network namespace a process lives in; 0 when it is gone."""
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


def belongs(pid: int, folder: str, namespaces: Iterable[int]) -> bool:
    """Whether a process is part of a lab: it lives in one of its namespaces, names the lab's folder on
    its command line, or is a container whose root lies in that folder.
    """
    if namespace_of(pid) in namespaces:
        return True
    if f"{folder}/" in _read(pid, "cmdline") and name_of(pid).startswith(("containerd", "docker", "conmon")):
        return True
    for line in _read(pid, "mountinfo").splitlines():
        if line.split(" ", 5)[4] == "/":
            return f"{folder}/" in line
    return False


def signal_all(some: Iterable[int], number: int) -> None:
    for pid in some:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def freeze(some: Iterable[int]) -> None:
    """SIGSTOP, and wait until every thread has stopped."""

    def still(pid: int) -> bool:
        states = [_read(pid, f"task/{t}/stat") for t in os.listdir(f"/proc/{pid}/task")]
        return all(text.rpartition(")")[2].split()[:1] in ([], ["T"]) for text in states)

    chosen = list(some)
    signal_all(chosen, signal.SIGSTOP)
    wait_for(lambda: all(still(pid) for pid in chosen if alive(pid)), f"{chosen} to stop", every=0.005)


class Process:
    """A process that we started: it survives us when the lab is to stay, and is reaped by us when not."""

    def __init__(self, argv: Sequence[str | Path], log: Path, *, env: dict[str, str] | None = None) -> None:
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
                env=env,
            )
        self.pid = self._popen.pid
        self.log = log

    def running(self) -> bool:
        return self._popen.poll() is None

    def stop(self, number: int = signal.SIGTERM, limit: float = 20) -> None:
        """Send a signal and wait for the end; SIGKILL when that takes too long."""
        if self.running():
            self._popen.send_signal(number)
        try:
            self._popen.wait(limit)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait(limit)

    def leave(self) -> None:
        """Let it run on after us."""
        self._popen.returncode = 0  # or else the interpreter warns at exit that it still runs

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


# ---- mounts


def mounts_under(folder: str) -> list[str]:
    """Mount points below a folder, the innermost first."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        point = line.split(" ")[1].encode().decode("unicode_escape")
        if point.startswith(f"{folder}/"):
            found.append(point)
    return found[::-1]


def unmount_under(folder: str) -> None:
    for point in mounts_under(folder):
        run(["umount", "-l", point], check=False)
