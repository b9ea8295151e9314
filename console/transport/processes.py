"""Ending processes of ours together with what they have started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

PATIENCE = 1.0
"""Seconds between one signal and the next."""


async def end(process: asyncio.subprocess.Process, *, ask: bool = True) -> None:
    """Stop a process that was started with `start_new_session`, and its group: SIGTERM if `ask`, SIGKILL.

    Returns when it has gone. Never raises; nothing happens when it has ended by itself.
    """
    for sign in (signal.SIGTERM, signal.SIGKILL) if ask else (signal.SIGKILL,):
        # Once the leader has been waited for, its number may belong to somebody else.
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), PATIENCE)
