"""Textual's driver of the terminal, which survives the terminal."""

from __future__ import annotations

import os

from textual.drivers.linux_driver import LinuxDriver


def hung_up() -> bool:
    """Whether the terminal we read is gone: closed, disconnected, its server ended."""
    return not os.isatty(0)


class ConsoleDriver(LinuxDriver):
    """Textual writes through a thread that dies of its first failed write; a little later its queue is full,
    and whoever writes then waits for ever. So nothing is written to a terminal that is gone.
    """

    lent = False
    """Somebody else has the terminal: what is painted meanwhile is painted again when it is back."""

    def write(self, data: str) -> None:
        """Write, while there is a terminal and it is ours."""
        if not (self.lent or hung_up()):
            super().write(data)

    def close(self) -> None:
        """Wait until everything is written, while there is a terminal; the thread ends with the process."""
        if not hung_up():
            super().close()
