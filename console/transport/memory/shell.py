"""The programs in a memory container: a small shell and what one looks around with."""

from __future__ import annotations

import posixpath
import re
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.model.inside import TerminalSize
from console.transport.memory.containers import MemoryContainer
from console.transport.memory.disk import Disk

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SHELLS = ("sh", "bash")


@dataclass(slots=True)
class Said:
    """What a program wrote, and its exit code."""

    out: str = ""
    err: str = ""
    code: int = 0
    exits: bool = False
    """Whether the shell that ran it ends."""
    sleeps: float = 0.0
    """Seconds it takes."""


class Tools:
    """What one looks around with in a container."""

    def __init__(
        self, container: MemoryContainer, disk: Disk, now: Callable[[], float], env: Sequence[str] = ()
    ) -> None:
        self._container = container
        self._disk = disk
        self._now = now
        self._env = (f"PATH={PATH}", f"HOSTNAME={container.id[:12]}", *container.env, *env)
        self.directory = "/"
        self.size = TerminalSize(80, 24)
        self.last = 0

    @staticmethod
    def _join(whole: Said, said: Said) -> None:
        whole.out += said.out
        whole.err += said.err
        whole.sleeps += said.sleeps
        whole.code, whole.exits = said.code, said.exits

    def _at(self, path: str) -> str:
        return posixpath.join(self.directory, path)

    def _do_echo(self, words: list[str]) -> Said:
        return Said(" ".join(words[1:] if words[:1] == ["-n"] else words) + "\n" * (words[:1] != ["-n"]))

    def _do_pwd(self, words: list[str]) -> Said:
        return Said(self.directory + "\n")

    def _do_cd(self, words: list[str]) -> Said:
        found = self._disk.find(self._at(words[0] if words else "/"))
        if found is None or found[1].data is not None:
            return Said(err=f"sh: cd: can't cd to {words[0]}\n", code=2)
        self.directory = found[0]
        return Said()

    def _do_ls(self, words: list[str]) -> Said:
        said = Said()
        for path in [word for word in words if not word.startswith("-")] or ["."]:
            found = self._disk.find(self._at(path))
            if found is None:
                self._join(said, Said(err=f"ls: {path}: No such file or directory\n", code=1))
            elif found[1].data is None:
                self._join(said, Said("".join(f"{name}\n" for name in self._disk.children(found[0]))))
            else:
                self._join(said, Said(f"{path}\n"))
        return said

    def _do_cat(self, words: list[str]) -> Said:
        said = Said()
        for path in words:
            found = self._disk.find(self._at(path))
            if found is None or found[1].data is None:
                self._join(said, Said(err=f"cat: can't open '{path}': No such file or directory\n", code=1))
            else:
                self._join(said, Said(found[1].data.decode("utf-8", "replace")))
        return said

    def _do_env(self, words: list[str]) -> Said:
        return Said("".join(f"{entry}\n" for entry in self._env))

    def _do_hostname(self, words: list[str]) -> Said:
        return Said(self._container.id[:12] + "\n")

    def _do_id(self, words: list[str]) -> Said:
        return Said("uid=0(root) gid=0(root) groups=0(root)\n")

    def _do_uname(self, words: list[str]) -> Said:
        return Said("Linux\n" if "-a" not in words else f"Linux {self._container.id[:12]} 6.1.0 x86_64\n")

    def _do_date(self, words: list[str]) -> Said:
        return Said(time.strftime("%a %b %e %H:%M:%S UTC %Y\n", time.gmtime(self._now())))

    def _do_ps(self, words: list[str]) -> Said:
        command = " ".join(self._container.command)
        return Said(f"PID   USER     COMMAND\n    1 root     {command}\n   42 root     sh\n")

    def _do_stty(self, words: list[str]) -> Said:
        return Said(f"{self.size.rows} {self.size.columns}\n" if words == ["size"] else "")

    def _do_sleep(self, words: list[str]) -> Said:
        seconds = words[0] if words else ""
        if not seconds.replace(".", "", 1).isdigit():
            return Said(err=f"sleep: invalid number '{seconds}'\n", code=1)
        return Said(sleeps=float(seconds))

    def _do_true(self, words: list[str]) -> Said:
        return Said()

    def _do_false(self, words: list[str]) -> Said:
        return Said(code=1)


class Programs(Tools):
    """Runs programs in one container, each to its end at once."""

    def has(self, name: str) -> bool:
        """Whether there is such a program."""
        name = posixpath.basename(name)
        if "distroless" in self._container.image:
            return False
        if name == "bash":
            return "alpine" not in self._container.image
        return name == "sh" or hasattr(self, f"_do_{name}")

    def script(self, text: str) -> Said:
        """What `sh -c` does: lines, `;`, `&&` and `||`."""
        whole = Said(code=self.last)
        for line in text.replace("\n", ";").split(";"):
            wanted, skip = True, False
            for word in re.split(r"(&&|\|\|)", line):
                if word in ("&&", "||"):
                    wanted, skip = (word == "&&") == (whole.code == 0), True
                elif word.strip() and (wanted or not skip):
                    self._join(whole, self._simple(word))
                if whole.exits:
                    return whole
        self.last = whole.code
        return whole

    def _simple(self, line: str) -> Said:
        line = line.replace("$?", str(self.last)).replace(">/dev/null", "").replace("2>&1", "")
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            return Said(err=f"sh: syntax error: {error}\n", code=2)
        return self.program(words) if words else Said()

    def program(self, argv: Sequence[str]) -> Said:
        """Run one program."""
        name = posixpath.basename(argv[0])
        if name in SHELLS and self.has(name):
            return self.script(argv[2]) if len(argv) > 2 and argv[1] == "-c" else Said()
        if not self.has(name):
            return Said(err=f"sh: {argv[0]}: not found\n", code=127)
        said: Said = getattr(self, f"_do_{name}")(list(argv[1:]))
        self.last = said.code
        return said

    def _do_exit(self, words: list[str]) -> Said:
        code = words[0] if words else str(self.last)
        return Said(code=int(code) % 256 if code.isdigit() else 2, exits=True)

    def _do_command(self, words: list[str]) -> Said:
        name = words[-1] if words else ""
        return Said(f"/bin/{name}\n") if self.has(name) else Said(code=127)
