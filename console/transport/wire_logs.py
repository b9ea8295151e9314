"""From an inspect to how a container's log is kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.model.logs.setup import LogSetup
from console.transport.wire_text import mapping, raw_text, text

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([kmgtp]?)i?b?\Z", re.IGNORECASE | re.ASCII)
_UNITS = " kmgtp"

LOCAL_SIZE = 20 << 20
LOCAL_FILES = 5
"""What Docker's `local` driver does unless told otherwise."""

_READ_ITSELF = ("json-file", "local", "journald", "k8s-file", "none", "")
"""Drivers whose log the engine reads; beside any other Docker keeps a copy by `local` (dual logging)."""


def log_setup(document: Mapping[str, object]) -> LogSetup:
    """From the answer of `GET /containers/{id}/json`."""
    config = mapping(mapping(document.get("HostConfig")).get("LogConfig"))
    driver = text(config.get("Type"), 64).lower()
    options = mapping(config.get("Config"))
    prefix = "" if driver in _READ_ITSELF else "cache-"
    like_local = bool(prefix) or driver == "local"
    size = size_of(raw_text(options.get(f"{prefix}max-size")))
    if size is None and like_local:
        size = LOCAL_SIZE
    if size is None:
        size = size_of(raw_text(config.get("Size")))  # Podman
    files = raw_text(options.get(f"{prefix}max-file"))
    return LogSetup(
        tty=mapping(document.get("Config")).get("Tty") is True,
        driver=driver,
        max_size=size or None,
        max_files=_count(files) or (LOCAL_FILES if like_local else 1),
    )


def size_of(said: str) -> int | None:
    """`10m`, `1.5GiB`, `20000`: in bytes, units of 1024. None where it cannot be read or is negative."""
    found = _SIZE.match(said.strip())
    if found is None:
        return None
    return int(float(found[1]) * 1024 ** _UNITS.index(found[2].lower() or " "))


def _count(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0
