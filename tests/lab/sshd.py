"""One real OpenSSH server of the lab."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

from tests.lab.engine import inside
from tests.lab.keyring import known_hosts_line
from tests.lab.machine import LabError, Process, descendants, freeze, name_of, program, signal_all, wait_for


class Sshd:
    """An sshd in a network namespace, on one port, with options of its own.

    `options` are those of sshd_config(5) and win over the lab's: `AllowStreamLocalForwarding="no"`.
    """

    def __init__(
        self,
        namespace: str,
        address: str,
        port: int,
        *,
        host_key: Path,
        authorized_keys: Path,
        docker_host: str,
        log: Path,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.namespace = namespace
        self.address = address
        self.port = port
        self.host_key = host_key
        self.log = log
        self._options = {
            "Port": str(port),
            "ListenAddress": "0.0.0.0",
            "AuthorizedKeysFile": str(authorized_keys),
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "yes",
            "UseDNS": "no",
            "PrintMotd": "no",
            "SetEnv": f"DOCKER_HOST={docker_host}",
            "Subsystem": "sftp internal-sftp",
            **(options or {}),
        }
        self._process: Process | None = None

    def start(self) -> None:
        """Start and return when it listens."""
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's own, made by its service elsewhere
        words = [program("sshd"), "-D", "-e", "-f", "/dev/null", "-h", str(self.host_key)]
        for name, value in self._options.items():
            words += ["-o", f"{name}={value}"]
        self.log.write_text("")
        process = Process([*inside(self.namespace), *words], self.log)
        wait_for(
            lambda: "Server listening on" in self.log.read_text() or not process.running(),
            f"sshd on {self.address}:{self.port}",
            every=0.005,
        )
        if not process.running():
            raise LabError(f"sshd on {self.address}:{self.port} ended at once:\n{process.tail()}")
        self._process = process

    def running(self) -> bool:
        return self._process is not None and self._process.running()

    def sessions(self) -> list[int]:
        """Processes that serve a connection: not the listener, nor what the clients run."""
        if self._process is None:
            return []
        return [pid for pid in descendants(self._process.pid) if name_of(pid).startswith("sshd")]

    def kill_sessions(self) -> int:
        """SIGKILL them; new connections are still accepted. Returns how many there were."""
        found = self.sessions()
        signal_all(found, signal.SIGKILL)
        return len(found)

    def freeze_sessions(self) -> None:
        """SIGSTOP them: connected, and silent."""
        freeze(self.sessions())

    def thaw_sessions(self) -> None:
        signal_all(self.sessions(), signal.SIGCONT)

    def stop(self) -> None:
        """End the listener and every connection."""
        self.kill_sessions()
        if self._process is not None:
            self._process.stop()
            self._process = None

    def leave(self) -> None:
        if self._process is not None:
            self._process.leave()

    def known_as(self) -> str:
        """The line for a known_hosts file."""
        return known_hosts_line(self.address, self.port, self.host_key)
