"""The log file of a verb."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.config.paths import Homes
from console.errors import UsageError
from console.service.logfile import LogFile


@contextmanager
def logging_to(stated: Path | None, homes: Homes) -> Iterator[None]:
    """Log to the stated file, else to the usual one. Only a stated one that cannot be written is an error:
    a verb also works where there is no home to write to.
    """
    try:
        log = LogFile(stated or homes.log)
    except UsageError:
        if stated is not None:
            raise
        with _nowhere():
            yield
        return
    with log:
        yield


@contextmanager
def _nowhere() -> Iterator[None]:
    """Throw away what is logged, so that it does not end on the terminal."""
    before, logging.lastResort = logging.lastResort, None
    try:
        yield
    finally:
        logging.lastResort = before
