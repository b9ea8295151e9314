"""Login users of the lab: system users with the lab's prefix, removed at the end."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import pwd
from collections.abc import Iterator
from pathlib import Path

from tests.lab.machine import run

_LOCK = Path("/run/dockcon-lab.lock")


@contextlib.contextmanager
def machine_lock() -> Iterator[None]:
    """One at a time, of all labs on this machine (`useradd` fails when two of it meet)."""
    with _LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def add_group(name: str) -> None:
    with machine_lock():
        run(["groupadd", "-f", "--system", name])


def add_user(name: str, home: Path, groups: tuple[str, ...] = (), password: str = "") -> None:
    """A user who may log in by key (and by `password` where given), with a home of its own."""
    home.mkdir(mode=0o755, parents=True)
    more = ["-G", ",".join(groups)] if groups else []
    with machine_lock():
        # `*` is no password; the default `!` would be a locked account, which sshd refuses without PAM.
        run(["useradd", "--system", "-M", "-d", home, "-s", "/bin/sh", "-p", "*", *more, name])
        if password:
            run(["chpasswd"], stdin=f"{name}:{password}\n")
    entry = pwd.getpwnam(name)
    run(["chown", f"{entry.pw_uid}:{entry.pw_gid}", home])


def remove_all(start: str) -> None:
    """Remove every user and group whose name is `start` or begins with `start-`."""

    def ours(name: str) -> bool:
        return name == start or name.startswith(f"{start}-")

    with machine_lock():
        for user in [entry.pw_name for entry in pwd.getpwall() if ours(entry.pw_name)]:
            run(["userdel", "-f", user], check=False)
        for group in [entry.gr_name for entry in grp.getgrall() if ours(entry.gr_name)]:
            run(["groupdel", group], check=False)
