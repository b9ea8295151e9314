"""Noting a host key that the operator has accepted in a known_hosts file, beside others who do the same."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import time
from collections.abc import Sequence

import asyncssh

from console.transport.hostkeys import KnownFile

PATIENCE = 5.0
"""Seconds to wait for somebody else's lock on the file."""


def note(paths: Sequence[str], name: str, key: asyncssh.SSHKey, *, hash_name: bool = False) -> str:
    """Append `key` for `name` to the first of `paths` that can be written; return that path.

    The file is made (0600, its directory 0700) where it is missing. The name is hashed where the file's
    other names are, or `hash_name` asks for it. Blocks: call it in a thread. Raises OSError, of the first
    file, when none can be written.
    """
    first: OSError | None = None
    for path in paths:
        try:
            _append(path, name, key, hash_name)
        except OSError as exc:
            first = first or exc
        else:
            return path
    raise first or FileNotFoundError("no known_hosts file is configured")


def _append(path: str, name: str, key: asyncssh.SSHKey, hash_name: bool) -> None:
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    with open(path, "ab+", buffering=0, opener=_private) as file:
        _lock(file.fileno())
        file.seek(0)
        text = file.readall().decode(errors="replace")
        known, *_ = KnownFile.parse(path, text).hosts.match(name, "", None)
        if key.public_data in [one.public_data for one in known]:
            return
        hashed = hash_name or any(line.startswith("|1|") for line in text.splitlines())
        line = f"{hashed_name(name) if hashed else name} {key.export_public_key().decode().strip()}\n"
        if text and not text.endswith("\n"):
            line = "\n" + line
        file.write(line.encode())  # one write: O_APPEND keeps it whole whoever else writes


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _lock(fd: int) -> None:
    """Lock the file; closing it unlocks. Raises OSError where somebody holds it too long."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def hashed_name(name: str) -> str:
    """`|1|salt|hash`, as `ssh-keygen -H` writes it."""
    salt = os.urandom(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
