"""The probe against made-up cgroup trees, in every shell and awk of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import CapabilityMissing
from console.transport import probe as module
from console.transport.base import CgroupUsage
from console.transport.local import LocalDialer
from console.transport.probe import ShellProbe, Slow, read_sample, read_slow, usable_root
from console.transport.probe_script import SCRIPT
from console.transport.shell import HostShell

from .fake_engine import full_id

ONE, TWO, NONE = full_id(1), full_id(2), full_id(3)

TOOLS = [name for name in ("sh", "busybox", "bash", "gawk") if shutil.which(name)]
"""Which shell or awk to try in place of the machine's own."""


class Tree:
    """A made-up machine: mounts, our own group, and cgroups."""

    def __init__(self, path: Path, version: int, own: str = "/") -> None:
        self.path = path
        self.version = version
        self.root = path / "cgroup"
        self.root.mkdir()
        mounts = ["overlay / overlay rw 0 0"]
        if version == 2:
            mounts.append(f"cgroup2 {self.root} cgroup2 rw,nosuid 0 0")
        else:
            mounts.append(f"cgroup2 {path}/unified cgroup2 rw 0 0")
            mounts.append(f"cgroup {self.root} cgroup rw,cpu,cpuacct 0 0")
            mounts.append(f"cgroup {self.root} cgroup rw,memory 0 0")
        (path / "mounts").write_text("\n".join(mounts) + "\n")
        (path / "self").write_text(f"4:memory:{own}\n0::{own}\n")

    def add(self, place: str, *, limit: str = "") -> Path:
        group = self.root / place
        group.mkdir(parents=True)
        if self.version == 2:
            (group / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n")
            (group / "memory.current").write_text("1000\n")
            (group / "memory.max").write_text(f"{limit or 'max'}\n")
            (group / "memory.stat").write_text("anon 5\nfile 500\ninactive_file 300\nactive_file 1\n")
        else:
            (group / "cpuacct.usage").write_text("2500000000\n")
            (group / "memory.usage_in_bytes").write_text("1000\n")
            (group / "memory.limit_in_bytes").write_text(f"{limit or 9223372036854771712}\n")
            (group / "memory.stat").write_text("cache 5\ninactive_file 1\ntotal_inactive_file 300\n")
        return group

    @property
    def script(self) -> str:
        return SCRIPT.replace("/proc/mounts", f"{self.path}/mounts").replace(
            "/proc/self/cgroup", f"{self.path}/self"
        )


def arguments(tool: str, path: Path) -> tuple[str, ...]:
    """What starts the shell: with `busybox` every tool is busybox's."""
    search = "/usr/sbin:/usr/bin:/sbin:/bin"
    if tool in ("busybox", "gawk"):
        tools = path / "bin"
        tools.mkdir()
        names = ("awk",) if tool == "gawk" else ("awk", "df", "date", "find", "id", "nproc", "grep", "env")
        for name in names:
            (tools / name).symlink_to(shutil.which(tool) or "")
        search = str(tools) if tool == "busybox" else f"{tools}:{search}"
    start = {"busybox": ("/bin/busybox", "sh"), "bash": ("/bin/bash", "--posix")}.get(tool, ("/bin/sh",))
    if tool == "busybox":
        start = (shutil.which("busybox") or "", "sh")
    return ("exec", "env", "-i", f"PATH={search}", "LC_ALL=C", *start)


@asynccontextmanager
async def probe(tree: Tree, tool: str = "sh", root: str = "") -> AsyncIterator[ShellProbe]:
    shell = HostShell("app-1", LocalDialer(), tree.script, argv=arguments(tool, tree.path))
    one = ShellProbe("app-1", shell, root)
    try:
        yield one
    finally:
        await one.aclose()


USUAL = [
    (1, "docker/{}"),
    (1, "system.slice/docker-{}.scope"),
    (1, "machine.slice/libpod-{}.scope"),
    (1, "libpod_parent/libpod-{}"),
    (2, "docker/{}"),
    (2, "system.slice/docker-{}.scope"),
    (2, "machine.slice/libpod-{}.scope"),
    (2, "user.slice/user-{uid}.slice/user@{uid}.service/user.slice/docker-{}.scope"),
    (2, "user.slice/user-{uid}.slice/user@{uid}.service/user.slice/libpod-{}.scope"),
]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("version", "place"), USUAL)
async def test_the_usual_places(tmp_path: Path, tool: str, version: int, place: str) -> None:
    tree = Tree(tmp_path, version)
    tree.add(place.format(ONE, uid=os.getuid()))
    tree.add(place.format(TWO, uid=os.getuid()), limit="4096")
    async with probe(tree, tool) as one:
        sample = await one.sample([TWO, ONE, NONE])
        assert sample.usage == {ONE: CgroupUsage(2.5, 700, 0), TWO: CgroupUsage(2.5, 700, 4096)}
        assert sample.usage == (await one.sample([TWO, ONE, NONE])).usage
        assert set((await one.sample([ONE])).usage) == {ONE}
        assert (await one.sample([])).usage == {}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("version", [1, 2])
async def test_unusual_places_are_looked_for_once(tmp_path: Path, tool: str, version: int) -> None:
    tree = Tree(tmp_path, version)
    tree.add(f"docker/{ONE}")
    tree.add(f"shop.slice/libpod-conmon-{TWO}.scope")
    group = tree.add(f"shop.slice/shop-db.slice/docker-{TWO}.scope")
    shutil.copytree(group, group / f"nested-{TWO}")
    async with probe(tree, tool) as one:
        assert set((await one.sample([ONE, TWO, NONE])).usage) == {ONE}
        assert set((await one.sample([ONE, TWO, NONE])).usage) == {ONE, TWO}
        await one.sample([ONE, TWO, NONE])
        assert one._sought == {TWO: 1, NONE: module.SEEKS}
        await one.sample([ONE, TWO])
        assert one._sought == {TWO: 1}


async def test_docker_in_docker_is_below_our_own_group(tmp_path: Path) -> None:
    tree = Tree(tmp_path, 1, own="/docker/outer")
    tree.add(f"docker/outer/docker/{ONE}")
    async with probe(tree) as one:
        assert set((await one.sample([ONE])).usage) == {ONE}


async def test_a_container_that_ends_between_two_samples(tmp_path: Path) -> None:
    tree = Tree(tmp_path, 2)
    tree.add(f"docker/{ONE}")
    group = tree.add(f"docker/{TWO}")
    async with probe(tree) as one:
        assert set((await one.sample([ONE, TWO])).usage) == {ONE, TWO}
        shutil.rmtree(group)
        assert set((await one.sample([ONE, TWO])).usage) == {ONE}


@pytest.mark.parametrize("tool", TOOLS)
async def test_the_machine_itself(tmp_path: Path, tool: str) -> None:
    async with probe(Tree(tmp_path, 2), tool, root=str(tmp_path)) as one:
        sample = await one.sample([])
    stat = os.statvfs(tmp_path)
    load = sample.load
    assert load.cpus == len(os.sched_getaffinity(0))
    assert load.memory_total == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < load.memory_used < load.memory_total
    assert abs(load.disk_used - (stat.f_blocks - stat.f_bfree) * stat.f_frsize) < 1 << 30
    assert abs(load.disk_total - load.disk_used - stat.f_bavail * stat.f_frsize) < 1 << 30
    assert load.load1 >= 0
    # busybox knows no fraction of a second.
    assert load.skew is not None
    assert abs(load.skew) < 30
    assert sample.monotonic > 0
    assert 0 <= sample.rtt < 30


@pytest.mark.parametrize("name", ['it\'s $(touch x) `y` "z" *', "\\n\\053 %s", "-e", "naïve"])
@pytest.mark.parametrize("tool", TOOLS)
async def test_the_data_root_is_never_read_as_shell(tmp_path: Path, tool: str, name: str) -> None:
    root = tmp_path / name
    root.mkdir()
    async with probe(Tree(tmp_path, 2), tool, root=str(root)) as one:
        assert (await one.sample([])).load.disk_total > 0
    (tmp_path / "other").mkdir()
    async with probe(Tree(tmp_path / "other", 2), root=f"{root}-not-there") as one:
        assert (await one.sample([])).load.disk_total == 0
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("root", ["", "relative", "/a\nb", "/a\0b", "/" + "a" * 1024])
def test_a_root_that_is_no_path_is_not_asked_for(root: str) -> None:
    assert not usable_root(root)


async def test_a_shell_that_died_is_opened_anew_with_all_it_knew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.transport.shell.REOPEN_AFTER", 0.0)
    tree = Tree(tmp_path, 1)
    tree.add(f"docker/{ONE}")
    async with probe(tree, root=str(tmp_path)) as one:
        before = await one.sample([ONE])
        pipe = one._shell._pipe
        assert pipe is not None
        assert pipe.channel is not None
        pipe.channel.abort()
        await pipe.gone.wait()
        after = await one.sample([ONE])
    assert before.usage == after.usage
    assert after.load.disk_total > 0


async def test_what_changes_slowly_is_not_read_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_EVERY", 3)
    async with probe(Tree(tmp_path, 2), root=str(tmp_path)) as one:
        seen = [(await one.sample([])).load.skew for _ in range(4)]
    assert seen[0] == seen[1] == seen[2]
    assert seen[3] != seen[2]


async def test_a_machine_that_is_not_linux(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SCRIPT", SCRIPT.replace("/proc/loadavg", f"{tmp_path}/none"))
        with pytest.raises(CapabilityMissing, match="/proc/loadavg"):
            await ShellProbe.open("app-1", LocalDialer())


WORDS = st.sampled_from(["h", "c1", "c2", "0", "1", "99", "", "max", "-5", "1.5", "x", "9" * 40, "2.5.5"])
LINES = st.lists(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=20), max_size=8)


@given(LINES)
def test_no_answer_crashes_the_reader(lines: list[str]) -> None:
    try:
        reading = read_sample("app-1", lines, [ONE, TWO])
    except CapabilityMissing:
        return
    assert set(reading.usage) <= {ONE, TWO}
    assert all(use.memory_bytes >= 0 for use in reading.usage.values())


@given(st.lists(st.builds("{} {}".format, st.sampled_from(["date", "cpus", "disk"]), st.text(max_size=30))))
def test_no_slow_answer_crashes_the_reader(lines: list[str]) -> None:
    slow = read_slow(lines, 1.0, Slow())
    assert slow.cpus >= 0
    assert slow.disk_used <= slow.disk_total


@pytest.mark.parametrize("said", ["1700000000.250000000", "1700000000.25", "1700000000.%N", "1700000000."])
def test_clocks_with_and_without_a_fraction(said: str) -> None:
    slow = read_slow([f"date {said}", "cpus 4", "disk 10 30"], 1_700_000_000.0, Slow())
    assert slow.skew in (0.25, 0.0)
    assert (slow.cpus, slow.disk_used, slow.disk_total) == (4, 10240, 40960)
