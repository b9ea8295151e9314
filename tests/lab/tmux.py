"""A real terminal: a shell in a tmux server of our own, seen and typed at as a person would."""

from __future__ import annotations

import contextlib
import itertools
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from fcntl import ioctl
from pathlib import Path

from tests.lab.machine import LabError, descendants, pids, program, require, run, wait_for

PACKAGES = {"tmux": "tmux"}

PROMPT = "lab$"


class Terminal:
    """One pane of one tmux server, with a POSIX shell in it that leaves the terminal's settings alone."""

    def __init__(
        self, socket: Path, environment: Mapping[str, str], size: tuple[int, int] = (80, 24)
    ) -> None:
        """`size` is (columns, rows); `environment` is all that the shell gets to see."""
        require(PACKAGES)
        self.socket = socket
        self.size = (80, 24)
        self._asked = itertools.count()
        self._environment = {**environment, "TERM": "screen-256color"}

    def tmux(self, *words: str, check: bool = True) -> str:
        """Run a tmux command on our server. Raises LabError."""
        argv = ["tmux", "-u", "-S", self.socket, "-f", "/dev/null", *words]
        return run(argv, env=self._environment, check=check)

    def start(self, *command: str) -> None:
        """Open the terminal with a shell in it, or with `command` instead."""
        width, height = self.size
        # Programs may write the clipboard and rename the window: so that it is seen when one does.
        self.tmux(
            *("set-option", "-s", "set-clipboard", "on", ";"),
            *("set-option", "-g", "default-terminal", "screen-256color", ";"),
            *("set-option", "-g", "history-limit", "5000", ";"),
            *("set-option", "-g", "escape-time", "10", ";"),
            *("new-session", "-d", "-s", "lab", "-x", str(width), "-y", str(height)),
            *(command or ("/bin/sh",)),
        )
        if not command:
            # A shell of root takes no prompt from its environment.
            self.line(f"PS1='{PROMPT} '; clear")
            self.until(lambda lines: lines[0] == PROMPT, "the shell's prompt")
            self.tmux("clear-history", "-t", "lab")

    def close(self) -> None:
        """End the server and everything in it."""
        self.tmux("kill-server", check=False)

    # ---- what a person sees

    def screen(self) -> list[str]:
        """The lines of the screen, trailing blanks cut."""
        lines = self.tmux("capture-pane", "-p", "-t", "lab").split("\n")[:-1]
        return [line.rstrip() for line in lines]

    def everything(self) -> str:
        """Scrollback and screen."""
        return self.tmux("capture-pane", "-p", "-S", "-", "-t", "lab")

    def ask(self, what: str) -> str:
        """A format of tmux: `#{alternate_on}`."""
        return self.tmux("display-message", "-p", "-t", "lab", what).strip()

    def until(self, condition: Callable[[list[str]], object], what: str, limit: float = 30) -> list[str]:
        """Wait until the screen is as it should be; the failure shows it."""
        seen: list[list[str]] = [[]]

        def there() -> bool:
            seen[0] = self.screen()
            return bool(condition(seen[0]))

        try:
            wait_for(there, what, limit, every=0.1)
        except LabError as error:
            raise AssertionError(f"{error}\n" + "\n".join(seen[0])) from None
        return seen[0]

    def shows(self, *texts: str, limit: float = 30) -> list[str]:
        """Wait until all of these are on the screen."""
        return self.until(lambda lines: all(t in "\n".join(lines) for t in texts), f"{texts}", limit)

    def hides(self, text: str) -> list[str]:
        """Wait until this is not on the screen."""
        return self.until(lambda lines: text not in "\n".join(lines), f"{text} to be gone")

    def record(self, file: Path) -> None:
        """From now on write every byte that the program sends to its terminal."""
        self.tmux("pipe-pane", "-t", "lab", f"cat >> {file}")

    # ---- what a person does

    def keys(self, *keys: str) -> None:
        """Press keys, by their names in tmux: `j`, `Enter`, `Escape`."""
        self.tmux("send-keys", "-t", "lab", *keys)

    def line(self, text: str) -> None:
        """Type a line to the shell."""
        self.tmux("send-keys", "-t", "lab", "-l", text)
        self.keys("Enter")

    def says(self, command: str) -> str:
        """What a command of the shell prints."""
        end = f"end of {next(self._asked)}"
        self.line(f"clear; {command}; echo ''{end}")
        # The line as it was typed holds the words too, but does not begin with them.
        self.until(lambda lines: end in lines, f"{command} to end")
        return "\n".join(self.screen()).partition(f"\n{end}")[0]

    def resize(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.tmux("resize-window", "-t", "lab", "-x", str(width), "-y", str(height))

    def children(self) -> list[int]:
        """Processes below the shell."""
        return descendants(int(self.ask("#{pane_pid}")))

    @contextlib.contextmanager
    def client(self, width: int, height: int) -> Iterator[None]:
        """Somebody who attaches with a terminal of this size."""
        ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        process = subprocess.Popen(
            [program("tmux"), "-u", "-S", self.socket, "-f", "/dev/null", "attach-session", "-t", "lab"],
            env={**self._environment, "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        reader = threading.Thread(target=_drain, args=(ours,))
        reader.start()
        try:
            wait_for(lambda: f"{width}x{height}" in self._clients(), "the client to be attached")
            yield
        finally:
            process.terminate()
            process.wait()
            reader.join()
            os.close(ours)

    def _clients(self) -> str:
        return self.tmux("list-clients", "-F", "#{client_width}x#{client_height}")


def _drain(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # the other side is closed
        while os.read(descriptor, 65536):
            pass


def marked(mark: str) -> set[int]:
    """Processes that have this text in their environment, and so were started by whoever had it first."""
    found = set()
    for pid in pids():
        with contextlib.suppress(OSError):
            if mark.encode() in Path(f"/proc/{pid}/environ").read_bytes():
                found.add(pid)
    return found


def calm(lines: list[str]) -> list[str]:
    """The lines without what changes by itself: times, ages and figures."""
    return [re.sub(r" +", " ", re.sub(r"\d[\d.:]*(?:[%smhdwyBKMGT]|ms)*", "0", line)) for line in lines]
