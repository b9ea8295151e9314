"""Readers of single values: each returns what it read, or None after reporting what is wrong."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from console.config.durations import parse_duration
from console.config.yamldoc import Entry, Value, nearest, quote

E = TypeVar("E", bound=StrEnum)

NAME = re.compile(r"[A-Za-z0-9._-]+")
"""Names of hosts and fleets: they stand in file names, labels and commands."""

SOCKET_PATH_MAX = 107
"""Bytes in the path of a Unix socket on Linux."""

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_SIZE = re.compile(r"(\d+)\s*(?:([kKmMgG])(?:i?[bB])?|[bB])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UNSAFE_USER = re.compile(r"^-|[\s'\"`;&<>|(){}\\:/,]")
_HOST_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")

_MEANT = {
    "host": "address", "hostname": "address", "ip": "address", "url": "address", "alias": "ssh",
    "key": "identity", "identityfile": "identity", "identity_file": "identity", "keyfile": "identity",
    "proxyjump": "jump", "proxy_jump": "jump", "bastion": "jump", "via": "jump", "gateway": "jump",
    "socket": "engine", "docker": "engine", "tags": "labels", "username": "user", "login": "user",
    "off": "disabled", "enabled": "disabled", "timezone": "time_zone", "tz": "time_zone", "keys": "keymap",
    "ports": "port", "endpoint": "to", "endpoints": "to", "target": "to", "targets": "to", "consumer": "for",
    "consumers": "for", "from": "for", "type": "via", "mode": "via", "tls": "secure",
}  # fmt: skip
"""Words other tools use for the same thing."""


def section(value: Value, known: Iterable[str]) -> dict[str, Value]:
    """The values of a mapping by key; keys that are not `known` are reported and left out."""
    valid = tuple(known)
    found: dict[str, Value] = {}
    for key, entry in (value.entries() or {}).items():
        if key in valid:
            found[key] = entry.value
        else:
            entry.problem(_unknown(entry, valid))
    return found


def _unknown(entry: Entry, valid: tuple[str, ...]) -> str:
    meant = _MEANT.get(entry.key.casefold(), "")
    if meant in valid:
        return f"no such key; did you mean `{meant}`?"
    from console.model.secrets import secret_name  # slow to load, and most files have no problems

    if secret_name(entry.key):
        return (
            "no password or other secret stands in any file of dockcon: use a key or an agent, "
            "or answer when the console asks"
        )
    return f"no such key; {nearest(entry.key, valid) or 'there are ' + ', '.join(valid)}"


def boolean(value: Value) -> bool | None:
    """`true` or `false` in any spelling of YAML 1.1."""
    text = value.text()
    if text is None:
        return None
    if text.casefold() in _TRUE | _FALSE:
        return text.casefold() in _TRUE
    value.problem(f"{quote(text)} is neither true nor false")
    return None


def integer(value: Value, low: int, high: int) -> int | None:
    """A whole number from `low` to `high`, quoted or not."""
    text = value.text()
    if text is None:
        return None
    if re.fullmatch(r"0|[1-9][0-9]{0,17}", text) and low <= int(text) <= high:
        return int(text)
    value.problem(f"{quote(text)} is not a whole number from {low} to {high}")
    return None


def choice(value: Value, words: type[E]) -> E | None:
    """One of a few words."""
    text = value.text()
    if text is None:
        return None
    try:
        return words(text.casefold())
    except ValueError:
        not_one_of(value, text, [word.value for word in words])
        return None


def not_one_of(value: Value, text: str, valid: Sequence[str]) -> None:
    """Report that `text` is none of the few words that are possible."""
    value.problem(f"{quote(text)} is none of {', '.join(valid)}; {nearest(text, valid)}".removesuffix("; "))


def duration(value: Value, low: float, high: float) -> float | None:
    """Seconds, from `10s`, `500ms`, `2m`, `1h`."""
    text = value.text()
    if text is None:
        return None
    seconds = parse_duration(text)
    if seconds is None:
        hint = f"; did you mean `{text}s`?" if text.isdecimal() else ""
        value.problem(f"{quote(text)} is no duration such as 10s, 500ms, 2m or 1h{hint}")
    elif low <= seconds <= high:
        return seconds
    else:
        value.problem(f"{quote(text)} is not between {low:g}s and {high:g}s")
    return None


def size(value: Value, low: int, high: int) -> int | None:
    """Bytes, from `64MB`, `512k`; a thousand is 1024."""
    text = value.text()
    if text is None:
        return None
    found = _SIZE.fullmatch(text)
    if found is None or len(found[1]) > 12:
        value.problem(f"{quote(text)} is no size such as 64MB or 512kB")
        return None
    number = int(found[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[(found[2] or "").casefold()]
    if not low <= number <= high:
        value.problem(f"{quote(text)} is not between {low} and {high} bytes")
        return None
    return number


def path(value: Value, base: Path) -> Path | None:
    """A path of this machine: `~` expanded, relative to the directory of the file it stands in."""
    text = value.text()
    if text is None:
        return None
    expanded = os.path.expanduser(text)
    if not text or expanded.startswith("~"):
        value.problem(f"{quote(text)}: no such home directory" if text else "an empty path")
        return None
    return base / expanded


def paths(value: Value, base: Path) -> tuple[str, ...] | None:
    """One path or a list of them."""
    read = [path(item, base) for item in value.items()]
    return tuple(str(p) for p in read if p is not None) if all(p is not None for p in read) else None


def name(value: Value) -> str | None:
    """A name of letters, digits and `. _ -`."""
    text = value.text()
    if text is not None and (NAME.fullmatch(text) is None or text in (".", "..") or len(text) > 64):
        value.problem(f"{quote(text)}: a name has letters, digits and . _ - only, at most 64")
        return None
    return text


def user(value: Value) -> str | None:
    """A login name."""
    text = value.text()
    if text is not None and not is_user(text):
        value.problem(f"{quote(text)} is no login name")
        return None
    return text


def is_user(text: str) -> bool:
    """Whether `text` can be a login name: never something that a command could take for an option."""
    return bool(text) and not _UNSAFE_USER.search(text)


def address(value: Value) -> str | None:
    """A host name or an IP address."""
    text = value.text()
    if text is None or is_address(text):
        return text
    if _SCHEME.match(text):
        hint = "no URL, only the name or the IP address"
    elif "@" in text:
        hint = "the login name has a key of its own: `user`"
    elif re.fullmatch(r"[^:]+:\d+|\[.*\]:\d+", text):
        hint = "the port has a key of its own: `port`"
    else:
        hint = "expected a host name or an IP address"
    value.problem(f"{quote(text)}: {hint}")
    return None


def ip(value: Value) -> str | None:
    """An IP address."""
    text = value.text()
    if text is None or is_ip(text):
        return text
    value.problem(f"{quote(text)}: expected an IP address")
    return None


def is_address(text: str) -> bool:
    """Whether `text` can be dialled: never something that a command could take for an option."""
    return (len(text) <= 253 and _HOST_NAME.fullmatch(text) is not None) or is_ip(text)


def is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def alias(value: Value) -> str | None:
    """An alias of ~/.ssh/config."""
    text = value.text()
    if text is None or is_alias(text):
        return text
    value.problem(f"{quote(text)} cannot be an alias of ~/.ssh/config")
    return None


def is_alias(text: str) -> bool:
    return bool(text) and not text.startswith("-") and not re.search(r"[\s'\"`;&<>|(){}\\*?!,@/]", text)


def unix_socket(value: Value, text: str) -> str | None:
    """The path of `unix:///path`; any other scheme is refused: there is nothing to fall back to."""
    if text.startswith("/"):
        value.problem(f"{quote(text)}: did you mean `unix://{text}`?")
        return None
    if not text.startswith("unix://"):
        scheme = _SCHEME.match(text)
        value.problem(f"{quote(scheme[0] if scheme else text)} is not supported here: only unix:///path is")
        return None
    found = text.removeprefix("unix://")
    if not found.startswith("/") or found.endswith("/"):
        value.problem(f"{quote(text)}: unix:// wants the absolute path of a socket, three slashes in all")
        return None
    if len(found.encode()) > SOCKET_PATH_MAX:
        value.problem(f"a socket's path has at most {SOCKET_PATH_MAX} bytes")
        return None
    return found
