"""How an engine keeps a container's log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSetup:
    """How an engine keeps one container's log, from its inspect."""

    tty: bool = False
    """With a terminal: one stream, no frames."""
    driver: str = ""
    """`json-file`, `local`, `journald`, `none`, `syslog` ...; empty where the engine does not say."""
    max_size: int | None = None
    """Bytes after which the log is rotated; None: never."""
    max_files: int = 1
