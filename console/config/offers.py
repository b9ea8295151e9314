"""What can be offered to somebody who has no hosts.yml yet."""

from __future__ import annotations

import glob
import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.config import fields
from console.config.paths import Homes
from console.config.schema import FleetConfig
from console.model.hosts import HostSpec

_MAX_INCLUDES = 64
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Offers:
    """Hosts that are there without a hosts.yml."""

    local: tuple[str, ...]
    """Paths of engine sockets on this machine."""
    ssh: tuple[str, ...]
    """Aliases of ~/.ssh/config, in its order."""


def find_offers(homes: Homes, environ: Mapping[str, str] | None = None) -> Offers:
    """Look for engines on this machine and for aliases of ~/.ssh/config. Connects to nothing."""
    env = os.environ if environ is None else environ
    candidates = []
    if env.get("DOCKER_HOST", "").startswith("unix:///"):
        candidates.append(env["DOCKER_HOST"].removeprefix("unix://"))
    candidates.append("/var/run/docker.sock")
    if runtime := env.get("XDG_RUNTIME_DIR"):
        candidates += [f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock"]
    return Offers(tuple(p for p in dict.fromkeys(candidates) if _is_socket(p)), ssh_aliases(homes.ssh_config))


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def offered_fleet(offers: Offers, *, local: bool, ssh: bool) -> FleetConfig:
    """A fleet of what was offered."""
    hosts = [HostSpec(name=n, local=p) for n, p in _local_names(offers.local)] if local else []
    if ssh:
        hosts += [HostSpec(name=alias, ssh=alias) for alias in offers.ssh]
    return FleetConfig(file=None, fleet="local" if local and not ssh else "ssh", hosts=tuple(hosts))


def _local_names(sockets: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, path in enumerate(sockets, 1):
        yield ("here" if number == 1 else f"here-{number}"), path


def ssh_aliases(config: Path) -> tuple[str, ...]:
    """Names on `Host` lines without wildcards, `Include`s followed, blocks for `User git` left out.

    Only those that can be a host's name here. A file that cannot be read has none.
    """
    found: dict[str, bool] = {}
    block: list[str] = []
    for keyword, values in _lines(config, config.parent, [0]):
        if keyword == "host":
            block = [v for v in values if fields.NAME.fullmatch(v) and len(v) <= 64]
            for alias in block:
                found.setdefault(alias, True)
        elif keyword == "match":
            block = []
        elif keyword == "user" and values == ["git"]:
            for alias in block:
                found[alias] = False
    return tuple(alias for alias, machine in found.items() if machine)


def _lines(file: Path, home: Path, count: list[int]) -> Iterator[tuple[str, list[str]]]:
    """Keyword (in lower case) and values of each line; `home` is where relative includes start."""
    count[0] += 1
    if count[0] > _MAX_INCLUDES:  # an include of itself
        return
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        found = re.match(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*\S)\s*$", line)
        if found is None:
            continue
        keyword, rest = found[1].lower(), found[2]
        try:
            values = shlex.split(rest, comments=True)
        except ValueError:  # a quote that is not closed
            values = rest.split()
        if keyword != "include":
            yield keyword, values
            continue
        for value in values:
            pattern = os.path.join(home, os.path.expanduser(value))
            for name in sorted(glob.glob(pattern)):
                yield from _lines(Path(name), home, count)
