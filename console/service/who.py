"""Who is at this terminal: the login of this process, and in tmux everyone attached."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import subprocess
from collections.abc import Iterable

from console.model.audit import Actor
from console.model.text import sanitise

PATIENCE = 2.0
"""Seconds tmux has for its answer."""


def login() -> str:
    """The account this process runs as; by number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


async def attached() -> list[str]:
    """The users of all clients of the tmux session we are in; empty outside tmux, or where it cannot tell."""
    socket = os.environ.get("TMUX")
    if not socket:
        return []
    command = ("tmux", "list-clients", "-F", "#{client_user}")
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return []
    try:
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        return []
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return [sanitise(line, 32) for line in out.decode("utf-8", "replace").split()]


def together(own: str, others: Iterable[str]) -> str:
    """`ops, dba`: this process's account first, each once."""
    return ", ".join(dict.fromkeys((own, *others)))


class Who:
    """The actor of this process, and who was attached when somebody last looked."""

    def __init__(self) -> None:
        self.account = login()
        self.attached: tuple[str, ...] = ()

    async def look(self) -> str:
        """Look who is attached now; return all of them as one text."""
        self.attached = tuple(await attached())
        return together(self.account, self.attached)

    def actor(self) -> Actor:
        """Who acts, for the audit."""
        return Actor(uid=os.getuid(), login=self.account, attached=self.attached)
