"""Where files live. Nothing is created here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOSTS_FILE = "hosts.yml"


@dataclass(frozen=True, slots=True)
class Homes:
    """The directories of one user."""

    home: Path
    config: Path
    """hosts.yml (when there is none in the working directory), settings.yml, themes/."""
    state: Path
    """Log, audit, journal, remembered carriers."""

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Homes:
        """By `$XDG_CONFIG_HOME` and `$XDG_STATE_HOME`; as the standard asks, relative ones count as unset."""
        env = os.environ if environ is None else environ
        home = Path(env.get("HOME") or os.path.expanduser("~"))

        def xdg(variable: str, default: str) -> Path:
            stated = Path(env.get(variable, ""))
            return (stated if stated.is_absolute() else home / default) / "dockcon"

        return cls(home, xdg("XDG_CONFIG_HOME", ".config"), xdg("XDG_STATE_HOME", ".local/state"))

    @property
    def settings(self) -> Path:
        return self.config / "settings.yml"

    @property
    def themes(self) -> Path:
        return self.config / "themes"

    @property
    def log(self) -> Path:
        return self.state / "log"

    @property
    def ssh_config(self) -> Path:
        return self.home / ".ssh" / "config"


def find_hosts_file(homes: Homes, directory: Path) -> tuple[Path | None, tuple[Path, ...]]:
    """The hosts.yml to use, and every place that was looked at."""
    looked = (directory / HOSTS_FILE, homes.config / HOSTS_FILE)
    return next((p for p in looked if p.exists()), None), looked
