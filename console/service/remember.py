"""What is remembered of hosts from one run to the next, shared with other consoles of the same user."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

log = logging.getLogger(__name__)

VERSION = 1

LOCK_PATIENCE = 3.0
"""Seconds to wait for another console that is writing; then this change is not kept."""

Entries = dict[str, dict[str, Any]]


class Memory(Protocol):
    """What a supervisor wants to know again next time. No method blocks."""

    def carrier(self, host: str) -> str:
        """The carrier that worked last time, or empty."""
        ...

    def keep_carrier(self, host: str, carrier: str) -> None:
        """Remember the carrier that works."""
        ...

    def is_off(self, host: str) -> bool:
        """Whether the operator took this host out."""
        ...

    def keep_off(self, host: str, off: bool) -> None:
        """Remember that the operator took it out or back in."""
        ...

    def close(self) -> None:
        """Wait until everything is written."""
        ...


class Forgetful:
    """Remembers as long as it lives: for the demo, for tests, and where nothing can be written."""

    def __init__(self) -> None:
        self._entries: Entries = {}

    def carrier(self, host: str) -> str:
        """The carrier that worked last time, or empty."""
        found = self._entries.get(host, {}).get("carrier", "")
        return found if isinstance(found, str) else ""

    def keep_carrier(self, host: str, carrier: str) -> None:
        """Remember the carrier that works."""
        if carrier != self.carrier(host):
            self._keep(host, "carrier", carrier)

    def is_off(self, host: str) -> bool:
        """Whether the operator took this host out."""
        return self._entries.get(host, {}).get("off") is True

    def keep_off(self, host: str, off: bool) -> None:
        """Remember that the operator took it out or back in."""
        if off != self.is_off(host):
            self._keep(host, "off", off)

    def close(self) -> None:
        """Nothing is written."""

    def _keep(self, host: str, key: str, value: str | bool) -> None:
        self._entries.setdefault(host, {})[key] = value


class HostsFile(Forgetful):
    """`hosts.json` in the state directory. Only what changed here is written, so that two consoles
    do not undo each other; written by a thread of its own, since a lock may have to be waited for.
    """

    def __init__(self, path: Path, fleet: str) -> None:
        """Reads the file; one that cannot be understood counts as empty."""
        super().__init__()
        self._path = path
        self._fleet = fleet
        self._entries = {host: dict(entry) for host, entry in _fleet_of(_read(path), fleet).items()}
        self._changes: Entries = {}
        self._lock = threading.Lock()
        self._writer: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Wait until everything is written."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.shutdown(wait=True)

    def _keep(self, host: str, key: str, value: str | bool) -> None:
        super()._keep(host, key, value)
        with self._lock:
            self._changes.setdefault(host, {})[key] = value
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="dockcon-remember")
        self._writer.submit(self._write)

    def _write(self) -> None:
        with self._lock:
            changes, self._changes = self._changes, {}
        if not changes:
            return
        try:
            merge(self._path, lambda document: _merged(document, self._fleet, changes))
        except OSError as error:
            log.warning("%s: not remembered: %s", self._path, error)


def merge(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Read, change and replace a JSON file under a lock. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path.with_name(path.name + ".lock")):
        text = json.dumps(change(_read(path)), indent=1, sort_keys=True) + "\n"
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # A file of its own: the one with the content is replaced, and a lock on it would go with the old one.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        give_up = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s: ignored: %s", path, error)
        return {}
    if not isinstance(document, dict) or document.get("version") != VERSION:
        log.warning("%s: ignored: not a file of this version", path)
        return {}
    return document


def _fleet_of(document: Mapping[str, Any], fleet: str) -> Entries:
    fleets = document.get("fleets")
    entries = fleets.get(fleet) if isinstance(fleets, dict) else None
    if not isinstance(entries, dict):
        return {}
    return {host: entry for host, entry in entries.items() if isinstance(entry, dict)}


def _merged(document: dict[str, Any], fleet: str, changes: Entries) -> dict[str, Any]:
    fleets = document.get("fleets")
    fleets = dict(fleets) if isinstance(fleets, dict) else {}
    entries = _fleet_of(document, fleet)
    for host, change in changes.items():
        entries[host] = {**entries.get(host, {}), **change}
    fleets[fleet] = entries
    return {"version": VERSION, "fleets": fleets}
