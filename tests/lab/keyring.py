"""Keys and known hosts of a lab."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tests.lab.machine import run


def make_key(path: Path, passphrase: str = "") -> Path:
    """An ed25519 key pair at `path`; kept when it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", path.name, "-f", path])
        os.chmod(path, 0o600)
    return path


def known_hosts_line(address: str, port: int, host_key: Path) -> str:
    kind, key, *_ = host_key.with_suffix(".pub").read_text().split()
    return f"{address if port == 22 else f'[{address}]:{port}'} {kind} {key}\n"


class Keyring:
    """`key` may log in everywhere as everyone; `known_hosts` knows every sshd of the lab."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "keys/id"
        self.authorized = folder / "authorized_keys"
        self.known_hosts = folder / "known_hosts"

    def make(self) -> None:
        make_key(self.key)
        self.authorized.write_text(self.key.with_suffix(".pub").read_text())

    def another(self, name: str, passphrase: str = "", *, may: bool = True) -> Path:
        """One more key, which may log in everywhere (or not)."""
        path = make_key(self.folder / "keys" / name, passphrase)
        line = path.with_suffix(".pub").read_text()
        if may and line not in self.authorized.read_text():
            with self.authorized.open("a") as file:
                file.write(line)
        return path

    def trust(self, line: str) -> None:
        """Add a line to the lab's known_hosts."""
        with self.known_hosts.open("a") as file:
            file.write(line)

    def own_known_hosts(self, name: str, lines: Iterable[str] = ()) -> Path:
        """A known_hosts file of a test's own, with just these lines."""
        path = self.folder / f"known_hosts.{name}"
        path.write_text("".join(lines))
        return path
