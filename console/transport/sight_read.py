"""What `sight_script` prints, as typed values. A line that is odd costs only itself."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from console.model.links.sight import Address, Counters, Flow, FlowState, Socket, SocketState

FULL_ID = re.compile(r"[0-9a-f]{64}\Z")
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_FLOW_STATES = {"E": FlowState.OPEN, "S": FlowState.OPENING, "C": FlowState.CLOSING}
_PROTOCOLS = {"t": "tcp", "u": "udp"}
_FILE_STATES = {
    "01": SocketState.OPEN,
    "02": SocketState.OPENING,
    "03": SocketState.OPENING,
    "0A": SocketState.LISTENING,
}
_SS_STATES = {
    "ESTAB": SocketState.OPEN,
    "SYN-SENT": SocketState.OPENING,
    "SYN-RECV": SocketState.OPENING,
    "LISTEN": SocketState.LISTENING,
}

Rows = dict[str, Flow]
"""Rows of connection tracking by what was printed of them: most are the same at the next look."""


@dataclass(slots=True)
class Reading:
    """One answer of `look`."""

    told: bool = False
    """Whether there was an awk."""
    root: bool = False
    big: bool = False
    """Whether the machine stores numbers with their largest byte first, as its socket files show."""
    rows: Rows = field(default_factory=dict)
    absent: str = ""
    """Why connection tracking was not read: `root`, `absent`."""
    said: str = ""
    """The first thing that came in place of rows; unsafe."""
    read: int = 0
    """Rows of connection tracking, of any protocol."""
    dropped: int = 0
    counters: dict[int, Counters] = field(default_factory=dict)
    sockets: dict[str, list[Socket]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    """Whose sockets could be read."""
    own: set[str] = field(default_factory=set)

    @property
    def flows(self) -> tuple[Flow, ...]:
        return tuple(self.rows.values())

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(self.own)


def read(lines: Sequence[str], before: Rows, begun: Reading | None = None) -> Reading:
    """The answer, or what comes after what was `begun`; `before` are the rows of the last one."""
    reading = begun or Reading()
    for line in lines:
        if line.startswith("f "):
            row = before.get(line) or flow(line)
            if row is not None:
                reading.rows[line] = row
        else:
            _other(reading, line.split(" "))
    return reading


def _other(reading: Reading, words: Sequence[str]) -> None:
    match words:
        case ["awk"]:
            reading.told = True
        case ["uid", uid, *order]:
            reading.root = uid == "0"
            reading.big = "256" in order
        case ["c", k, *values] if len(values) == 4 and _all_numbers(k, *values):
            reading.counters[int(k)] = Counters(*map(int, values))
        case ["x", seen, left] if _all_numbers(seen, left):
            reading.read, reading.dropped = int(seen), int(left)
        case ["n", why]:
            reading.absent = why
        case ["e", *said]:
            reading.said = reading.said or " ".join(said)
        case ["o", k]:
            reading.whole.add(k)
        # The digits of `b` are in order, not as socket files have them.
        case ["a" | "b", text]:
            reading.own |= {canonical(text) if words[0] == "a" else kernel_ip(text, big=True)} - {""}
        case ["s" | "d" | "q", k, *_]:
            _socket(reading, k, words)


def _socket(reading: Reading, k: str, words: Sequence[str]) -> None:
    match words:
        case ["s", _, local, remote, state] if state in _FILE_STATES:
            one, other = kernel_address(local, reading.big), kernel_address(remote, reading.big)
            if one and other:
                reading.sockets.setdefault(k, []).append(Socket(one, other, _FILE_STATES[state]))
        case ["d", _, state, local, remote, owner] if state in _SS_STATES:
            one, other = ss_address(local), ss_address(remote)
            if one and other:
                ident = owner if FULL_ID.match(owner) else ""
                found = Socket(one, other, _SS_STATES[state], ident)
                reading.sockets.setdefault(k, []).append(found)
        case ["q", rtt]:
            # The last socket's: its line comes right after.
            for last in list(reading.sockets)[-1:]:
                seconds = _milliseconds(rtt)
                if seconds is not None:
                    reading.sockets[last][-1] = reading.sockets[last][-1]._replace(rtt=seconds)


def flow(line: str) -> Flow | None:
    """`f tE SRC DST SPORT DPORT`, and the same of the answers where they are not simply the way back."""
    words = line.split(" ")
    if len(words) not in (6, 10) or len(words[1]) != 2:
        return None
    protocol, state = _PROTOCOLS.get(words[1][0]), _FLOW_STATES.get(words[1][1])
    ends = _ends(words[2:6])
    back = _ends(words[6:]) if len(words) == 10 else ends and ends[::-1]
    if protocol is None or state is None or ends is None or back is None:
        return None
    return Flow(ends[0], ends[1], back[0], back[1], state, protocol)


def _ends(words: Sequence[str]) -> tuple[Address, Address] | None:
    src, dst, sport, dport = words
    one, other = canonical(src), canonical(dst)
    first, second = _port(sport), _port(dport)
    if not one or not other or first is None or second is None:
        return None
    return Address(one, first), Address(other, second)


@functools.lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """An address as `Address` has it, without its zone; empty: it is none."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return _plain(found)


def _plain(found: IPv4Address | IPv6Address) -> str:
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def kernel_address(text: str, big: bool = False) -> Address | None:
    """`0100007F:1F90` of /proc/net/tcp, and the longer ones of tcp6."""
    ip, _, port = text.partition(":")
    found = kernel_ip(ip, big)
    if not found or len(port) != 4 or not _HEX.match(port):
        return None
    return Address(found, int(port, 16))


@functools.lru_cache(maxsize=8192)
def kernel_ip(digits: str, big: bool = False) -> str:
    """Words of 32 bits in the machine's order of bytes; empty: no address."""
    if len(digits) not in (8, 32) or not _HEX.match(digits):
        return ""
    raw = bytes.fromhex(digits)
    if not big:
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return _plain(ip_address(raw))


def ss_address(text: str) -> Address | None:
    """`10.0.0.1%eth0:80`, `[::ffff:10.0.0.1]:80`, `*:80` (any, of both families), `0.0.0.0:*`."""
    ip, _, port = text.rpartition(":")
    number = 0 if port == "*" else _port(port)
    bare = ip.replace("[", "").replace("]", "")
    found = "::" if bare == "*" else canonical(bare)
    return Address(found, number) if found and number is not None else None


def _port(word: str) -> int | None:
    if not (word.isascii() and word.isdigit() and len(word) <= 5):
        return None
    number = int(word)
    return number if number < 1 << 16 else None


def _all_numbers(*words: str) -> bool:
    return all(word.isascii() and word.isdigit() and len(word) <= 20 for word in words)


def _milliseconds(word: str) -> float | None:
    whole, _, part = word.partition(".")
    digits = whole + part
    return float(word) / 1000 if digits.isascii() and digits.isdigit() and len(word) < 16 else None
