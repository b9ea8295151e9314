"""A program in a pseudo-terminal, and when which text of it reached the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Screen:
    """One run. Times are seconds from the start of the process."""

    pid: int
    master: int
    started: float
    output: bytearray = field(default_factory=bytearray)

    @classmethod
    def start(cls, argv: Sequence[str], size: tuple[int, int] = (200, 50), **env: str) -> Screen:
        """Start `argv` on a terminal of (columns, rows)."""
        started = time.monotonic()
        pid, master = pty.fork()
        if pid == 0:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **env})
            os.execvp(argv[0], list(argv))
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        return cls(pid, master, started)

    def pump(self, seconds: float) -> bytes:
        """Read what comes within `seconds`; return as soon as something came."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return b""
        try:
            chunk = os.read(self.master, 65536)
        except OSError:
            # Linux reports the end of a pseudo-terminal as EIO.
            return b""
        self.output += chunk
        return chunk

    def wait_for(self, needles: Sequence[str], limit: float = 30.0) -> dict[str, float]:
        """When each text was first written, in seconds from the start; raises TimeoutError at `limit`."""
        seen: dict[str, float] = {}
        wanted = {needle: needle.encode() for needle in needles}
        deadline = self.started + limit
        while wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not on the screen after {limit} s: {sorted(wanted)}")
            if self.pump(0.2):
                now = time.monotonic() - self.started
                for needle in [n for n, raw in wanted.items() if raw in self.output]:
                    seen[needle] = now
                    del wanted[needle]
        return seen

    def press(self, keys: str) -> float:
        """Type; return the monotonic time at which it was typed."""
        now = time.monotonic()
        os.write(self.master, keys.encode())
        return now

    def stop(self) -> int:
        """Ask the program to end, then see to it; return its wait status."""
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.master)
                return status
            self.pump(0.05)
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return status


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far, from /proc/PID/stat (proc(5))."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """Resident memory of one process, from /proc/PID/status."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0
