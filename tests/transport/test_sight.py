"""Looking at a host's connections: reading the answer, and the script in every shell of this machine."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.hosts import ObserveMode
from console.model.links.sight import Address, Counters, Flow, FlowState, HostSight, Socket, SocketState
from console.transport.local import LocalDialer
from console.transport.shell import HostShell
from console.transport.sight import SightAsk
from console.transport.sight_live import LiveSight, spent
from console.transport.sight_read import flow, kernel_address, read, ss_address
from console.transport.sight_script import CLOSING, ROWS, SCRIPT

from .fake_engine import full_id

ONE = full_id(1)
TOOLS = [name for name in ("sh", "busybox", "bash", "gawk") if shutil.which(name)]

NAT = "f tE 172.18.0.2 10.0.0.12 40000 5432 10.0.0.12 10.0.0.11 5432 40000"
TABLE = """\
ipv4     2 tcp      6 431999 ESTABLISHED src=172.18.0.2 dst=10.0.0.12 sport=40000 dport=5432 src=10.0.0.12 \
dst=10.0.0.11 sport=5432 dport=40000 [ASSURED] mark=0 zone=0 use=2
ipv4     2 tcp      6 100 SYN_SENT src=172.18.0.3 dst=10.0.0.9 sport=1 dport=2 packets=3 bytes=180 \
[UNREPLIED] src=10.0.0.9 dst=172.18.0.3 sport=2 dport=1 packets=0 bytes=0 mark=0 use=1
ipv6     10 tcp      6 9 TIME_WAIT src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00::3 sport=7 dport=80 \
src=fd00:0000:0000:0000:0000:0000:0000:0003 dst=fd00::2 sport=80 dport=7 [ASSURED] mark=0 zone=0 use=2
ipv4     2 udp      17 20 src=172.18.0.2 dst=1.1.1.1 sport=5 dport=53 [UNREPLIED] src=1.1.1.1 dst=10.0.0.11 \
sport=53 dport=5 mark=0 use=2
ipv4     2 unknown  2 584 src=172.17.0.1 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=172.17.0.1 mark=0 use=2
ipv4     2 tcp      6 nonsense
"""


def tracked(*words: tuple[str, int]) -> list[Address]:
    return [Address(*word) for word in words]


def arguments(tool: str, path: Path) -> tuple[str, ...]:
    search = "/usr/sbin:/usr/bin:/sbin:/bin"
    if tool in ("busybox", "gawk"):
        tools = path / "bin"
        tools.mkdir()
        for name in ("awk",) if tool == "gawk" else ("awk", "cat", "env", "id", "ip", "od"):
            (tools / name).symlink_to(shutil.which(tool) or "")
        search = str(tools) if tool == "busybox" else f"{tools}:{search}"
    starts = {"busybox": (shutil.which("busybox") or "", "sh"), "bash": ("/bin/bash", "--posix")}
    return ("exec", "env", "-i", f"PATH={search}", "LC_ALL=C", *starts.get(tool, ("/bin/sh",)))


@asynccontextmanager
async def sight(
    tmp_path: Path, tool: str = "sh", table: str = TABLE, uid: int = 0
) -> AsyncIterator[LiveSight]:
    """This machine, with a connection tracking of our own, as somebody."""
    (tmp_path / "table").write_text(table)
    script = SCRIPT.replace("/proc/net/nf_conntrack", f"{tmp_path}/table").replace("U=$(id -u)", f"U={uid}")
    script = script.replace("sudo -n ", f"{tmp_path}/sudo -n ")
    dialer = LocalDialer()
    one = LiveSight("app-1", dialer, HostShell("app-1", dialer, script, argv=arguments(tool, tmp_path)))
    try:
        yield one
    finally:
        await one.aclose()


@pytest.mark.parametrize("tool", TOOLS)
async def test_flows_are_read_in_every_shell_and_awk(tmp_path: Path, tool: str) -> None:
    async with sight(tmp_path, tool) as one:
        found = await one.look(SightAsk())
        assert found == await _same(one, found)
    a, b, c = tracked(("172.18.0.2", 40000), ("10.0.0.12", 5432), ("10.0.0.11", 40000))
    d, e = tracked(("172.18.0.3", 1), ("10.0.0.9", 2))
    f, g = tracked(("fd00::2", 7), ("fd00::3", 80))
    h, i, j = tracked(("172.18.0.2", 5), ("1.1.1.1", 53), ("10.0.0.11", 5))
    assert found.flows == (
        Flow(a, b, b, c, FlowState.OPEN),
        Flow(d, e, e, d, FlowState.OPENING),
        # Addresses are compared as they are printed: these differ, so the way back is told, too.
        Flow(f, g, g, f, FlowState.CLOSING),
        Flow(h, i, i, j, FlowState.OPENING, "udp"),
    )
    assert (found.blind, found.dropped) == ("", 0)
    assert "127.0.0.1" in found.addresses


async def _same(one: LiveSight, found: HostSight) -> HostSight:
    """A second look, with what may differ as in the first."""
    again = await one.look(SightAsk())
    return HostSight(
        host=again.host, at=found.at, flows=again.flows, addresses=again.addresses, cost=found.cost
    )


@pytest.mark.parametrize("tool", TOOLS)
async def test_counters_and_sockets_of_a_process(tmp_path: Path, tool: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            async with sight(tmp_path, tool, uid=1000) as one:
                ids = {ONE: os.getpid(), full_id(2): 4194303}
                found = await one.look(SightAsk(pids=ids, sockets=(ONE,), host_sockets=True))
    assert set(found.counters) == {ONE}
    assert found.counters[ONE].established >= 2
    assert found.counters[ONE].opened >= 1
    listening = Socket(Address("127.0.0.1", port), Address("0.0.0.0", 0), SocketState.LISTENING)
    for sockets in (found.sockets[ONE], found.sockets[""]):
        assert listening in sockets
        assert any(s.remote == Address("127.0.0.1", port) and s.state is SocketState.OPEN for s in sockets)
    assert (found.flows, found.blind) == (None, "no root")


async def test_33_the_ways_of_observing(tmp_path: Path) -> None:
    async with sight(tmp_path) as one:
        off = await one.look(SightAsk(mode=ObserveMode.OFF))
        assert (off.flows, off.blind) == (None, "observe: off")
        (tmp_path / "table").unlink()
        none = await one.look(SightAsk())
        assert (none.flows, none.blind) == (None, "no connection tracking in this kernel")
        (tmp_path / "table").write_text("")
        empty = await one.look(SightAsk())
        assert empty.flows is None
        assert "no rows" in empty.blind


async def test_33_sudo_is_asked_for_exactly_one_command_and_not_again_where_it_refuses(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    sudo = tmp_path / "sudo"
    sudo.write_text(
        f'#!/bin/sh\necho "$*" >>{told}\nif [ -e {tmp_path}/no ]; then echo "sudo: a password is '
        'required" >&2; exit 1; fi\nshift; exec "$@"\n'
    )
    sudo.chmod(0o755)
    async with sight(tmp_path, uid=1000) as one:
        found = await one.look(SightAsk(mode=ObserveMode.SUDO))
        assert found.flows is not None
        assert len(found.flows) == 4
        (tmp_path / "no").touch()
        for _ in range(2):
            refused = await one.look(SightAsk(mode=ObserveMode.SUDO))
            assert (refused.flows, refused.blind) == (None, "sudo: a password is required")
    assert told.read_text().splitlines() == [f"-n cat {tmp_path}/table"] * 2


async def test_a_huge_table_is_cut_and_the_rest_counted(tmp_path: Path) -> None:
    row = (
        "ipv4 2 tcp 6 9 {} src=10.1.0.{} dst=10.2.0.1 sport={} dport=80 "
        "src=10.2.0.1 dst=10.1.0.{} sport=80 dport={}\n"
    )
    closing = "".join(row.format("TIME_WAIT", n % 250, n, n % 250, n) for n in range(CLOSING + 500))
    is_open = "".join(row.format("ESTABLISHED", n % 250, n, n % 250, n) for n in range(ROWS))
    async with sight(tmp_path, table=closing + is_open) as one:
        found = await one.look(SightAsk())
    assert found.flows is not None
    assert len(found.flows) == ROWS
    assert found.dropped >= 500
    assert sum(row.state is FlowState.CLOSING for row in found.flows) == CLOSING


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F:1F90", Address("127.0.0.1", 8080)),
        ("0000000000000000FFFF00000200A8C0:0050", Address("192.168.0.2", 80)),
        ("00000000000000000000000001000000:0016", Address("::1", 22)),
        ("01007F:1F90", None),
        ("zz00007F:1F90", None),
        ("0100007F", None),
    ],
)
def test_35_addresses_as_the_kernel_writes_them(text: str, address: Address | None) -> None:
    assert kernel_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1%eth0:80", Address("10.0.0.1", 80)),
        ("[::ffff:10.0.0.1]:80", Address("10.0.0.1", 80)),
        ("[fe80::1]%eth0:22", Address("fe80::1", 22)),
        ("*:80", Address("::", 80)),
        ("0.0.0.0:*", Address("0.0.0.0", 0)),
        ("10.0.0.1:http", None),
        ("", None),
    ],
)
def test_35_addresses_as_ss_writes_them(text: str, address: Address | None) -> None:
    assert ss_address(text) == address


def test_a_machine_with_the_largest_byte_first() -> None:
    assert kernel_address("7F000001:0050", big=True) == Address("127.0.0.1", 80)


def test_sockets_of_ss_with_owner_and_round_trip() -> None:
    lines = [
        "awk",
        f"d h ESTAB [::ffff:10.0.0.1]:80 10.0.0.2:9 {ONE}",
        "d 0 ESTAB 10.0.0.1:1 10.0.0.2:9 ",
        "q 0.5",
    ]
    found = read(lines, {}).sockets
    ends = (Address("10.0.0.1", 80), Address("10.0.0.2", 9))
    assert found["h"] == [Socket(*ends, SocketState.OPEN, ONE)]
    assert found["0"][0].rtt == pytest.approx(0.0005)


def test_counters_are_those_of_the_kernel() -> None:
    assert read(["c 3 1 2 3 4", "c x 1 2 3 4", "c 4 1 2"], {}).counters == {3: Counters(1, 2, 3, 4)}


def test_cpu_seconds_as_shells_print_them() -> None:
    assert spent(["0m0.010000s 0m0.020000s", "1m0.5s 0m1.00s"]) == pytest.approx(61.53)
    assert spent(["times: not found"]) is None


WORDS = st.lists(
    st.one_of(st.text(max_size=12), st.sampled_from([*NAT.split(" "), "s", "d", "q", "c", "x", "b"]))
)


@given(st.lists(WORDS.map(" ".join), max_size=8))
def test_garbage_costs_only_itself(lines: list[str]) -> None:
    whole = read([*lines, NAT], {})
    assert flow(NAT) in whole.flows
