"""What reaches a shell for mappings, and what is read of shells and of HAProxy."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import CapabilityMissing, UsageError
from console.transport import wiring_stat as stat
from console.transport.shell import question
from console.transport.wiring_engine import Frames, archive, extract, gateway_of, network_view
from console.transport.wiring_ground import listening, ours
from console.transport.wiring_reach import refusal, verdict
from console.transport.wiring_script import IN_CONTAINER_LINE, SCRIPT
from console.transport.wiring_words import host_name, ip_address, octets, own_file, tcp_port

FRAME = 'ask() { "$@"; }\n'


def shell(*words: object, script: str = SCRIPT, shell: str = "/bin/sh") -> str:
    """What a function of the script prints."""
    line = question(str(words[0]), [w for w in words[1:] if isinstance(w, int | str)])
    done = subprocess.run([shell], input=f"{script}\n{line}\n", capture_output=True, text=True, check=False)
    return done.stdout


@given(st.text(max_size=40))
def test_a_name_is_a_name_or_refused(text: str) -> None:
    try:
        name = host_name(text)
    except UsageError:
        return
    assert name == text
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    assert not name.startswith("-")


@pytest.mark.parametrize(
    "bad", ["", "-x", "a b", "a;b", "$(id)", "a\n", "é", "x" * 300, "a/b", "db.", "`id`"]
)
def test_bad_names(bad: str) -> None:
    with pytest.raises(UsageError):
        host_name(bad)


@pytest.mark.parametrize("bad", ["", "1.2.3", "db", "1.2.3.4;id", "::g", "1.2.3.4\n"])
def test_bad_addresses(bad: str) -> None:
    with pytest.raises(UsageError):
        ip_address(bad)


@pytest.mark.parametrize("bad", [0, -1, 65536, True])
def test_bad_ports(bad: int) -> None:
    with pytest.raises(UsageError):
        tcp_port(bad)


@pytest.mark.parametrize(
    "bad", [None, "", "hosts", "/a b", "/a/../../etc/hosts", "/a$(id)", "/a\n", "/'x'", 7]
)
def test_a_path_of_an_engine_that_is_none(bad: object) -> None:
    with pytest.raises(CapabilityMissing):
        own_file("h", {"HostsPath": bad}, "HostsPath")
    good = "/var/lib/docker/containers/abc/hosts"
    assert own_file("h", {"HostsPath": good}, "HostsPath") == good


@given(
    st.lists(
        st.text(
            st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="%"),
            min_size=1,
            max_size=20,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_words_arrive_as_they_were(words: list[str]) -> None:
    """Also those that would mean something to a shell, which none of ours may contain anyway."""
    each = r'''eval "printf '%s|' \\"\\$W$n\\""'''.replace(r"\\", "\\")
    show = f'show() {{ split "$@"; n=1; while [ $n -lt $i ]; do {each}; n=$((n+1)); done; }}'
    said = shell("show", *octets(*words), script=f"{SCRIPT}\n{show}")
    # A command substitution drops newlines at the end; spaces stay.
    assert said == "".join(f"{word}|" for word in words)


@pytest.mark.parametrize("how", ["host", "container"])
def test_a_hosts_line_in_place(how: str, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    before = (
        "127.0.0.1\tlocalhost\n10.0.0.9 db\n# a comment with \\n and %s and $x\n"
        "10.0.0.8 db.x # dockcon\n172.17.0.2\tweb"
    )
    hosts.write_text(before)
    inode = hosts.stat().st_ino

    def write(name: str, ip: str) -> None:
        if how == "host":
            assert shell("line", *octets(str(hosts), name, ip)) == "written\n"
        else:
            subprocess.run(["sh", "-c", IN_CONTAINER_LINE, "dockcon", str(hosts), name, ip], check=True)

    write("db", "127.0.0.1")
    assert hosts.read_text() == f"127.0.0.1 db # dockcon\n{before}\n"
    write("db", "10.1.2.3")
    assert hosts.read_text() == f"10.1.2.3 db # dockcon\n{before}\n"
    assert shell("lines", *octets(str(hosts))).splitlines() == [
        "h 10.1.2.3 db # dockcon",
        "h 10.0.0.8 db.x # dockcon",
        "read",
    ]
    write("db", "")
    assert hosts.read_text() == f"{before}\n"
    assert hosts.stat().st_ino == inode
    assert ours("10.1.2.3 db # dockcon") == "10.1.2.3 db"


def test_a_hosts_file_that_is_a_link_is_not_written(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine\n")
    (tmp_path / "hosts").symlink_to(other)
    assert shell("line", *octets(str(tmp_path / "hosts"), "db", "127.0.0.1")) == ""
    assert other.read_text() == "mine\n"


def test_the_ground_of_this_machine() -> None:
    lines = shell("ground").splitlines()
    assert lines[0].startswith("uid ")
    assert "table" in lines
    assert listening(["l 0100007F:1F90", "l 00000000000000000000000000000000:0016", "x 00:0001"]) == {
        8080,
        22,
    }


VERDICTS = [
    (
        ["addr 172.18.0.3", "us 412", "held", "rc 0", "entered 0"],
        (True, "db is 172.18.0.3: connected in 0.4 ms"),
    ),
    (["addr 172.18.0.3", "us 12000", "data", "rc 0"], (True, "db is 172.18.0.3: connected in 12.0 ms")),
    (
        ["addr 172.18.0.3", "us 412", "closed", "rc 0"],
        (False, "db is 172.18.0.3: connected and closed at once"),
    ),
    (["unknown"], (False, "the name db is not known")),
    (["slow"], (False, "no answer for the name db within 3 s")),
    (["addr 1.2.3.4", "bash: connect: Connection refused", "rc 1"], (False, "db is 1.2.3.4: refused")),
    (["addr 1.2.3.4", "bash: connect: No route to host", "rc 1"], (False, "db is 1.2.3.4: no route to it")),
    (["addr 1.2.3.4", "rc 124"], (False, "db is 1.2.3.4: no answer within 3 s")),
    (["nc: bad address 'db'", "rc 1"], (False, "the name db is not known")),
    (["bash: db: Temporary failure in name resolution", "rc 1"], (False, "the name db is not known")),
    (["rc 0"], (True, "connected")),
    (["lacking mount", "entered 0"], None),
    (["nsenter: cannot open /proc/9/ns/net: No such file or directory", "entered 1"], None),
    ([], None),
]


@pytest.mark.parametrize(("lines", "expected"), VERDICTS)
def test_verdicts(lines: list[str], expected: tuple[bool, str] | None) -> None:
    found = verdict(lines, "db", 3)
    assert (None if found is None else (found.ok, found.how)) == expected


def test_refusals_are_told_apart() -> None:
    assert refusal("Connection refused") == "refused"
    assert refusal("No route to host") == "no route to it"
    assert refusal("Name or service not known") == "the name is not known"
    assert refusal("open failed") is None


STAT_26 = """\
# pxname,svname,scur,status,weight,type,check_status,addr,
on_5432,FRONTEND,4,OPEN,,0,,,
to_5432,postgres.db-1,3,UP,10,2,* L4OK,10.0.0.21:5432,
to_5432,standby.db-2,1,DOWN 1/2,1,2,L4CON,10.0.0.22:5432,
to_5432,BACKEND,4,UP,11,1,,,
dockcon_stats,FRONTEND,1,OPEN,,0,,,
dockcon_rev_7_0123456789ab01234567,BACKEND,0,UP,0,1,,,
"""


def test_statistics_are_read_by_the_names_of_their_columns() -> None:
    plain = stat.rows(STAT_26)
    # Another version: other columns, in another order.
    lines = [line.rstrip(",").split(",") for line in STAT_26.strip().replace("# ", "").split("\n")]
    width = max(map(len, lines))
    turned = [",".join([cells[0], "", *(cells + [""] * width)[width - 1 : 0 : -1]]) for cells in lines]
    turned[0] = turned[0].replace("pxname,,", "pxname,eint,")
    for rows in (plain, stat.rows("\n".join(["# " + turned[0], *turned[1:]]))):
        one, two = stat.servers(rows)
        assert (one.backend, one.server, one.address) == ("to_5432", "postgres.db-1", "10.0.0.21:5432")
        assert (one.status, one.check, one.sessions, one.weight) == ("UP", "L4OK", 3, 10)
        assert (two.status, two.check) == ("DOWN 1/2", "L4CON")
        assert stat.revision(rows) == "7-0123456789ab01234567"
        assert stat.carried(rows) == 4
    assert stat.rows("<html>") == () == stat.rows("")
    assert stat.revision(stat.rows("# pxname,svname\nother,BACKEND")) == ""


PROC_24 = """\
#<PID>          <type>          <relative PID>  <reloads>       <uptime>        <version>
1               master          0               2               0d00h06m20s     2.4.22
# workers
26              worker          1               0               0d00h00m02s     2.4.22
# old workers
16              worker          [was: 1]        1               0d00h00m31s     2.4.22
9               worker          [was: 1]        2               0d00h06m20s     2.4.22
# programs

"""
PROC_26 = (
    PROC_24.replace("<relative PID>  ", "")
    .replace("[was: 1]        ", "")
    .replace("0               2  ", "2 [failed: 0]  ")
)


@pytest.mark.parametrize("said", [PROC_24, PROC_26])
def test_old_workers(said: str) -> None:
    assert stat.old_workers(said) == (16, 9)
    assert stat.old_workers(said.partition("# old")[0]) == ()
    assert stat.old_workers("Permission denied") is None


def test_sessions_to_cut_are_those_of_consumers() -> None:
    said = (
        "0x55d0c8: proto=tcpv4 src=172.18.0.5:40000 fe=on_5432 be=to_5432 srv=x ts=00\n"
        "0x55d0d9: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00\n"
        "0x55d0ea: proto=sockpair src=unix:1 fe=MASTER be=<NONE>\n"
        "0x55d0fb: proto=tcpv4 src=172.17.0.1:3 fe=dockcon_stats be=<NONE>\n"
    )
    assert stat.session_keys(said) == ("0x55d0c8",)


def test_workers_as_a_shell_tells_them() -> None:
    lines = ["child 16 900", "fd 16 socket:[11]", "fd 16 socket:[12]", "child 26 1000", "fd 26 socket:[21]"]
    lines += ["tcp 040012AC:1538 11", "tcp 040012AC:20D4 12", "tcp 040012AC:1538 21", "told"]
    assert stat.told_workers(lines, [5432]) == ((16,), 1)
    assert stat.told_workers(lines[:-1], [5432]) is None
    assert stat.told_workers(["child 8 1", "told"], [5432]) == ((), 0)


def test_ports_that_are_carried() -> None:
    text = (
        "frontend on_5672\n    bind *:5672\n\nfrontend b\n  mode tcp\n  bind 10.0.0.1:20000\n"
        "frontend dockcon_stats\n    bind *:8404\nbackend x\n    server a 10.0.0.1:99\n"
    )
    assert stat.carried_ports(text) == (5672, 20000)


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=60)), max_size=8),
    st.integers(1, 70),
    st.integers(1, 40),
)
def test_frames_of_a_command_in_any_pieces(frames: list[tuple[int, bytes]], keep: int, step: int) -> None:
    stream = b"".join(bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for kind, data in frames)
    reader = Frames(keep)
    for at in range(0, len(stream), step):
        reader.feed(stream[at : at + step])
    assert reader.kept == b"".join(data for _, data in frames)[-keep:]


@given(st.binary(max_size=2000), st.integers(1, 3000))
def test_a_file_there_and_back(data: bytes, limit: int) -> None:
    assert extract(archive("haproxy.cfg", data, 0o600), limit) == data[:limit]


def test_archives_that_are_no_file() -> None:
    assert extract(b"", 10) is None
    assert extract(b"x" * 2000, 10) is None
    assert extract(archive("a/b/haproxy.cfg", b"x", 0o600), 10) is None  # begins with a directory


def test_a_folder_with_its_mode() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive("run/dockcon", None, 0o1777))) as tar:
        assert [(e.name, e.isdir(), e.mode) for e in tar] == [
            ("run", True, 0o755),
            ("run/dockcon", True, 0o1777),
        ]


def test_networks_as_engines_list_them() -> None:
    assert network_view({"Name": ""}) is None
    bridge = {
        "Id": "1",
        "Name": "bridge",
        "Driver": "bridge",
        "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]},
    }
    view = network_view(bridge)
    assert view is not None
    assert (view.gateways, view.subnets, view.internal) == (("172.17.0.1",), ("172.17.0.0/16",), False)
    assert (
        gateway_of({"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.254"}, {"Driver": "bridge"}) == "10.9.0.254"
    )
    assert gateway_of({"Subnet": "10.9.0.0/24"}, {"Driver": "overlay"}) == ""
    assert gateway_of({"Subnet": "nonsense"}, {"Driver": "bridge"}) == ""
    made = network_view({"Name": "x", "Internal": True, "Labels": {"dockcon.mapping": "db"}, "IPAM": None})
    assert made is not None
    assert made.internal
    assert made.labels == {"dockcon.mapping": "db"}
