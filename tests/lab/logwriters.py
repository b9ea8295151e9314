"""Containers that write numbered lines: what a reader of their logs must have got afterwards, to the line.

A line is `seq NAME RUN NUMBER xxxx`. RUN is the uptime at the start of the main process, so that no line of a
restarted or recreated container is ever like one before it. busybox awk writes half a million lines a second,
more than any engine takes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.lab.host import LabHost
from tests.lab.image import IMAGE

ROTATED = ("--log-opt", "max-size=100k", "--log-opt", "max-file=2")
ALWAYS = ("--restart=always", "--stop-timeout", "1")

_HEAD = """
BEGIN {
  getline up < "/proc/uptime"; split(up, part, " "); run = part[1]; sub(/\\./, "", run)
  pad = sprintf("%" width "s", ""); gsub(/ /, "x", pad)
  vast = sprintf("%40000s", ""); gsub(/ /, "x", vast)
}
function put() {
  line = "seq " name " " run " " (++n) " " ((long && n % long == 0) ? vast : pad)
  if (err && n % err == 0) print line > "/dev/stderr"; else print line
}
"""
_PACED = _HEAD + """{ for (i = 0; i < batch; i++) put(); fflush(); fflush("/dev/stderr") }"""
_FLAT_OUT = _HEAD + """BEGIN { while (!most || n < most) put() }"""

# `read -t` is built into the shell: no process is started per tick.
_TICKS = """
mkfifo /tmp/t 2>/dev/null; exec 3<>/tmp/t
ticks() { while :; do read -t 0.1 x <&3; echo; done; }
"""
_GO = "/tmp/go"
_LIVE_ON = "while :; do sleep 1; done"


@dataclass(frozen=True, slots=True)
class Writer:
    """One container that writes."""

    name: str
    rate: int = 20
    """Lines per second, a multiple of ten; 0: as fast as can be."""
    words: tuple[str, ...] = ALWAYS
    """For `docker run`."""
    most: int = 0
    """After so many lines it only lives on; 0: never. Only with `rate` 0."""
    width: int = 60
    """Letters after the number."""
    err: int = 5
    """Every so manieth line goes to stderr; 0: none."""
    long: int = 0
    """Every so manieth line has 40,000 letters, which an engine cuts into frames; 0: none."""
    held: bool = False
    """Whether it writes nothing before `let_go`. Only with `rate` 0."""

    def script(self) -> str:
        """What its shell runs; the shell ends at once when told to."""
        values = {
            "name": self.name,
            "width": self.width,
            "err": self.err,
            "long": self.long,
            "batch": max(1, self.rate // 10),
            "most": self.most,
        }
        awk = " ".join(("awk", *(f"-v {key}={value}" for key, value in values.items())))
        if self.rate:
            work = f"{_TICKS} ticks | {awk} '{_PACED}'"
        else:
            wait = f"until [ -e {_GO} ]; do sleep 0.1; done; " if self.held else ""
            work = f"{{ {wait}{awk} '{_FLAT_OUT}'; {_LIVE_ON}; }}"
        return f"trap 'exit 0' TERM; {work} & wait"


def start(host: LabHost, writer: Writer) -> str:
    """Start one; its full id."""
    words = ("run", "-d", "--name", writer.name, *writer.words)
    return host.docker(*words, IMAGE, "sh", "-c", writer.script())


def let_go(host: LabHost, writer: Writer) -> None:
    """One that is `held` may write."""
    host.docker("exec", writer.name, "touch", _GO)


def start_all(jobs: list[tuple[LabHost, Writer]]) -> dict[tuple[str, str], str]:
    """Start many; full ids by (host, name)."""
    with ThreadPoolExecutor(6) as pool:
        ids = list(pool.map(lambda job: start(*job), jobs))
    return {(host.name, writer.name): full for (host, writer), full in zip(jobs, ids, strict=True)}
