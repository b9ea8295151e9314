"""The files of a memory container: enough to look around in, to copy out and to copy in."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from console.model.inside import PathStat
from console.transport.memory.containers import MemoryContainer

_DIRECTORY, _LINK = 1 << 31, 1 << 27


@dataclass(slots=True)
class Node:
    """A file, a directory (`data` is None) or a symbolic link."""

    data: bytes | None = b""
    link: str = ""
    mode: int = 0o644
    mtime: float = 0.0


class Disk:
    """A small tree. Paths are absolute."""

    def __init__(self, container: MemoryContainer) -> None:
        self._now = container.created
        self.nodes: dict[str, Node] = {}
        for path in ("/", "/bin", "/etc", "/tmp", "/var", "/var/log", "/app"):
            self.nodes[path] = Node(None, mode=0o755, mtime=self._now)
        settings = "".join(f"{entry}\n" for entry in container.env if entry.startswith("MODE="))
        addresses = "".join(f"{at}\t{container.name}\n" for at in container.networks.values())
        for path, text in {
            "/etc/hostname": f"{container.id[:12]}\n",
            "/etc/hosts": f"127.0.0.1\tlocalhost\n{addresses}",
            "/etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
            "/app/settings.env": settings,
            "/app/README": f"{container.image}\n",
        }.items():
            self.nodes[path] = Node(text.encode(), mtime=self._now)

    def find(self, path: str, *, follow: bool = True) -> tuple[str, Node] | None:
        """The path as it is and what is there; None where there is nothing."""
        path = self.resolved(path)
        for _ in range(16):
            node = self.nodes.get(path)
            if node is None or not (node.link and follow):
                return None if node is None else (path, node)
            path = self.resolved(posixpath.join(posixpath.dirname(path), node.link))
        return None

    @staticmethod
    def resolved(path: str) -> str:
        """Without `.` and `..`."""
        return posixpath.normpath("/" + path.lstrip("/"))

    def children(self, path: str) -> list[str]:
        """Names in a directory, sorted."""
        return sorted(
            posixpath.basename(each) for each in self.nodes if each != "/" and posixpath.dirname(each) == path
        )

    def stat(self, path: str) -> PathStat | None:
        """As the engine's HEAD says."""
        found = self.find(path, follow=False)
        if found is None:
            return None
        where, node = found
        kind = _LINK if node.link else _DIRECTORY if node.data is None else 0
        target = self.resolved(posixpath.join(posixpath.dirname(where), node.link)) if node.link else ""
        return PathStat(
            name=posixpath.basename(where) or "/",
            size=len(node.data or b""),
            mode=kind | node.mode,
            link=target,
        )

    def archive(self, path: str) -> bytes | None:
        """As the engine's GET gives; None where there is nothing."""
        found = self.find(path, follow=False)
        if found is None:
            return None
        top, _ = found
        base = posixpath.basename(top)
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as tar:
            for each in sorted(self.nodes):
                if each == top or each.startswith(top.rstrip("/") + "/"):
                    tar.addfile(*self._member(each, posixpath.join(base, each[len(top) :].lstrip("/"))))
        return written.getvalue()

    def _member(self, path: str, name: str) -> tuple[tarfile.TarInfo, io.BytesIO | None]:
        node = self.nodes[path]
        member = tarfile.TarInfo(name.rstrip("/") or "/")
        member.mode, member.mtime = node.mode, int(node.mtime)
        if node.link:
            member.type, member.linkname = tarfile.SYMTYPE, node.link
        elif node.data is None:
            member.type = tarfile.DIRTYPE
        else:
            member.size = len(node.data)
            return member, io.BytesIO(node.data)
        return member, None

    def unpack(self, directory: str, archive: bytes) -> None:
        """As the engine's PUT does. Raises tarfile.TarError for what is no archive."""
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r|") as tar:
            for member in tar:
                path = self.resolved(posixpath.join(directory, member.name.lstrip("/")))
                for above in self._above(path):
                    self.nodes.setdefault(above, Node(None, mode=0o755, mtime=self._now))
                node = Node(mode=member.mode & 0o777, mtime=member.mtime)
                if member.issym():
                    node.link = member.linkname
                elif member.isdir():
                    node.data = None
                else:
                    file = tar.extractfile(member)
                    node.data = file.read() if file is not None else b""
                self.nodes[path] = node

    @staticmethod
    def _above(path: str) -> Iterator[str]:
        while path != "/":
            path = posixpath.dirname(path)
            yield path
