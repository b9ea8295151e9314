"""From the first paint to the exit code: signals, a terminal that goes away, and closing everything."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

from console.service.handle import FleetHandle
from console.ui.driver import hung_up
from console.ui.terminal_app import TerminalApp

LOOK_EVERY = 1.0
"""Seconds between two looks at whether there still is a terminal."""

PATIENCE = 10.0
"""Seconds a hung-up console has to close its connections before the process ends hard."""


async def run_on_terminal(make: Callable[[], TerminalApp], handle: FleetHandle) -> int:
    """Run the app that `make` makes until it is left; close `handle` whatever happens; give the exit code."""
    try:
        return await _run(make())
    finally:
        await handle.aclose()


async def _run(app: TerminalApp) -> int:
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            app.hung_up = True
            _insist(128 + number)
        app.exit(return_code=128 + number)

    # They stay until the loop is closed: a signal must not cut short the closing of connections.
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    watcher = asyncio.create_task(_until_hung_up())
    watcher.add_done_callback(lambda task: None if task.cancelled() else end(signal.SIGHUP))
    try:
        await app.run_async()
    except OSError:
        # The terminal is gone; there is nobody to tell.
        if not hung_up():
            raise
        app.hung_up = True
    finally:
        watcher.cancel()
    return 128 + signal.SIGHUP if app.hung_up else app.return_code or 0


async def _until_hung_up() -> None:
    """Until the terminal is gone. SIGHUP reaches us only where the shell above us ends of it or passes it on;
    without it Textual would read the end of the file as fast as it can, for ever.
    """
    while not hung_up():  # noqa: ASYNC110  a terminal sets no event when it goes
        await asyncio.sleep(LOOK_EVERY)


def _insist(code: int) -> None:
    """Whatever may still wait for a terminal that is gone, after a while the process ends all the same."""
    timer = threading.Timer(PATIENCE, os._exit, (code,))
    timer.daemon = True
    timer.start()
