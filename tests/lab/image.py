"""The lab's one image, made from this machine's own packages: there is no registry to pull from."""

from __future__ import annotations

import io
import os
import re
import tarfile
from pathlib import Path

from tests.lab.machine import program, run

IMAGE = "dockcon-lab:1"
BARE = "dockcon-lab-haproxy:1"
"""HAProxy and its libraries alone, as user 99: what an ambassador must get by with."""
_PROGRAMS = ("busybox", "socat", "haproxy")
_FOLDERS = ("proc", "sys", "dev", "etc", "tmp", "var", "var/run", "root", "usr/bin", "usr/sbin")


def libraries(path: str) -> set[str]:
    """What the loader would map for a program: full paths, the loader itself included."""
    return set(re.findall(r"(/\S+) \(0x", run(["ldd", path])))


def build(target: Path) -> None:
    """Write the image's root file system as a tar file (about 25 MB) unless it is there."""
    if target.exists():
        return
    files: dict[str, str] = {}
    for name in _PROGRAMS:
        path = os.path.realpath(program(name))
        files[path] = path
        files |= {library: os.path.realpath(library) for library in libraries(path)}
    # The resolver loads these by name at run time; ldd does not know of them.
    folder = os.path.dirname(next(p for p in files.values() if "/libc.so" in p))
    for name in ("libnss_dns.so.2", "libnss_files.so.2"):
        files[f"{folder}/{name}"] = os.path.realpath(f"{folder}/{name}")
    applets = run(["busybox", "--list"]).split()
    busybox = os.path.realpath(program("busybox"))
    partial = target.with_suffix(".part")
    with tarfile.open(partial, "w") as tar:
        for folder_name in _FOLDERS:
            entry = tarfile.TarInfo(folder_name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder_name == "tmp" else 0o755
            tar.addfile(entry)
        for link, goal in (
            ("bin", "usr/bin"),
            ("sbin", "usr/sbin"),
            ("lib", "usr/lib"),
            ("lib64", "usr/lib64"),
        ):
            _link(tar, link, goal)
        for name, source in sorted(files.items()):
            inside = name if name.startswith("/usr/") else f"/usr{name}"
            tar.add(source, arcname=inside.lstrip("/"), recursive=False)
        taken = {os.path.basename(name) for name in files}
        for applet in applets:
            if applet not in taken:
                _link(tar, f"usr/bin/{applet}", busybox)
        for name, text in (
            ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nhaproxy:x:99:99::/:/bin/false\n"),
            ("etc/group", "root:x:0:\nhaproxy:x:99:\n"),
            ("etc/nsswitch.conf", "hosts: files dns\n"),
        ):
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    partial.rename(target)


def _link(tar: tarfile.TarFile, name: str, goal: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, goal
    tar.addfile(entry)


def build_bare(source: Path, target: Path) -> None:
    """Write the image's file system again without a shell and without socat, unless it is there."""
    if target.exists():
        return
    partial = target.with_suffix(".part")
    with tarfile.open(source) as tar, tarfile.open(partial, "w") as bare:
        for entry in tar:
            own = entry.name.rpartition("/")[2]
            if own in ("busybox", "socat") or entry.linkname.endswith("/busybox"):
                continue
            bare.addfile(entry, tar.extractfile(entry) if entry.isreg() else None)
    partial.rename(target)
