"""`logs` as a stream: through losses, into pipes that nobody reads, until somebody ends it."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import json
import os
import signal
import termios
import threading
import time
from array import array
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.cli import logs
from console.cli.arguments import parse
from console.cli.output import Output
from console.cli.writer import Sink, Writer
from console.errors import HostUnreachable
from console.model.logs.lines import LogFrames
from console.transport.memory import MemoryContainer, MemoryFleet
from console.transport.memory.logfile import MOST_FRAMES, Reading
from tests.cli.conftest import setup_of, until
from tests.cli.test_logs import told
from tests.cli.test_main import dockcon


class Reader:
    """The other end of a run of the verb: reads when it is told to."""

    def __init__(self) -> None:
        self._out_end, out = os.pipe()
        self._err_end, err = os.pipe()
        self.out, self.err = os.fdopen(out, "w"), os.fdopen(err, "w")
        self.read: list[bytes] = []
        self.said: list[bytes] = []
        self._threads = [threading.Thread(target=self._take, args=(self._err_end, self.said))]
        self._threads[0].start()

    def start(self) -> None:
        """Begin to read."""
        self._threads.append(threading.Thread(target=self._take, args=(self._out_end, self.read)))
        self._threads[-1].start()

    def close(self) -> None:
        for stream in (self.out, self.err):
            stream.close()
        for thread in self._threads:
            thread.join()
        for end in (self._out_end, self._err_end):
            os.close(end)

    @property
    def lines(self) -> list[str]:
        return b"".join(self.read).decode().splitlines()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in b"".join(self.read).split(b"\n")[:-1]]

    @property
    def notes(self) -> str:
        return b"".join(self.said).decode()

    @staticmethod
    def _take(end: int, into: list[bytes]) -> None:
        while data := os.read(end, 1 << 16):
            into.append(data)


def verb_of(fleet: MemoryFleet, reader: Reader, *argv: str) -> Coroutine[None, None, int]:
    """A run of the verb with that reader."""
    output = Output(reader.err, reader.err, color=False)
    verb = logs.verb_of(parse(["logs", *argv]), setup_of(fleet), output)
    return verb.run(Writer(Sink(reader.out), Sink(reader.err)))


@asynccontextmanager
async def running(fleet: MemoryFleet, *argv: str, reads: bool = True) -> AsyncIterator[Reader]:
    """`dockcon logs ...` while the body runs; then it is interrupted, and nothing of it is left."""
    reader = Reader()
    if reads:
        reader.start()
    task = asyncio.create_task(verb_of(fleet, reader, *argv))
    try:
        yield reader
    finally:
        task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        if not reads:
            reader.start()
        reader.close()
    assert isinstance(outcome, asyncio.CancelledError), outcome
    assert not any(host.links or host.daemon.logs.following for host in fleet.hosts.values())


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"n%d\n" % number for number in range(first, last))


def labelled(ref: str, first: int, last: int) -> list[str]:
    return [f"{ref} | n{number}" for number in range(first, last)]


async def test_nothing_is_lost_or_told_twice_when_a_host_goes_and_comes(fleet: MemoryFleet) -> None:
    a = fleet["a"]
    web = a.daemon.find("web")
    a.daemon.write(web, numbered(0, 50))
    async with running(fleet, "-f", "web@a") as reader:
        await until(lambda: reader.lines == labelled("web@a", 0, 50))
        a.faults.refuse = HostUnreachable("a", "no route to host")
        a.cut("cable pulled")
        a.daemon.write(web, numbered(50, 100))
        await until(lambda: "a is not reached" in reader.notes)
        a.faults.refuse = None
        await until(lambda: "nothing is missing" in reader.notes)
        a.daemon.write(web, numbered(100, 120))
        await until(lambda: len(reader.lines) >= 120)
        assert reader.lines == labelled("web@a", 0, 120)
    assert fleet["b"].connects == 0


async def test_what_is_made_later_joins_and_what_is_made_anew_goes_on(fleet: MemoryFleet) -> None:
    daemon = fleet["a"].daemon
    async with running(fleet, "-f", "--json", "w*", "db") as reader:
        daemon.write(daemon.find("web"), b"first\n")
        await until(lambda: reader.rows)
        late = daemon.create("web-2", "nginx:1.28")
        daemon.start(late)
        daemon.write(late, b"hello\n")
        await until(lambda: "hello" in [row["message"] for row in reader.rows])
        database = fleet["b"].daemon
        database.remove(database.find("db"))
        again = database.create("db", "postgres:17")
        database.start(again)
        database.write(again, b"ready\n")
        await until(lambda: "ready" in [row["message"] for row in reader.rows])
    found = {row["message"]: row for row in reader.rows if "stream" in row}
    assert found["hello"]["container"]["image"] == {"name": "nginx", "tag": ["1.28"]}
    assert found["ready"]["container"]["id"] == again.id
    kinds = [row["dockcon"]["note"]["kind"] for row in reader.rows if "dockcon" in row]
    assert "gone" in kinds
    assert "started" in kinds


async def test_what_does_not_match_yet_is_waited_for(fleet: MemoryFleet) -> None:
    daemon = fleet["a"].daemon
    async with running(fleet, "-f", "label:job=nightly") as reader:
        await until(lambda: "nothing matches so far; waiting" in reader.notes)
        late = daemon.create("nightly", "x", labels={"job": "nightly"})
        daemon.start(late)
        daemon.write(late, b"done\n")
        await until(lambda: reader.lines == ["nightly@a | done"])


async def test_a_container_of_a_host_that_is_away_is_waited_for(fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route to host")
    fleet["b"].daemon.write(fleet["b"].daemon.find("db"), b"ready\n")
    async with running(fleet, "-f", "db@b") as reader:
        await until(lambda: "nothing matches so far" in reader.notes)
        fleet["b"].faults.refuse = None
        await until(lambda: reader.lines == ["db@b | ready"])


async def test_a_gap_is_said_where_it_is(fleet: MemoryFleet) -> None:
    a = fleet["a"]
    web = a.daemon.find("web")
    a.daemon.write(web, numbered(0, 10))
    async with running(fleet, "-f", "--json", "web@a") as reader:
        await until(lambda: len(reader.rows) >= 10)
        a.faults.refuse = HostUnreachable("a", "no route to host")
        a.cut("cable pulled")
        a.daemon.write(web, numbered(10, 20))
        a.daemon.log(web).truncate()
        a.daemon.write(web, numbered(20, 30))
        a.faults.refuse = None
        await until(lambda: any(row["message"] == "n29" for row in reader.rows))
    kinds = [row["event"]["action"] if "event" in row else row["message"] for row in reader.rows]
    gap = next(row for row in reader.rows if "gap" in row.get("dockcon", {}))
    assert set(gap["dockcon"]["gap"]) == {"from", "to", "reason"}
    assert gap["dockcon"]["gap"]["from"] == reader.rows[9]["@timestamp"]
    assert (gap["host"]["name"], gap["container"]["name"]) == ("a", "web")
    assert kinds.index("n9") < kinds.index("gap") < kinds.index("n20")
    assert "n15" not in kinds


def tall(fleet: MemoryFleet, lines: int) -> MemoryContainer:
    return told(
        fleet, "a", "web", *((number * 1000, 1, b"%07d " % number + b"x" * 90) for number in range(lines))
    )


async def test_a_reader_who_does_not_read_holds_back_the_engine(
    fleet: MemoryFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = 250_000
    tall(fleet, lines)
    taken: list[int] = []
    take = Reading.take

    def counting(reading: Reading, most: int = MOST_FRAMES) -> LogFrames:
        frames = take(reading, most)
        taken.append(len(frames))
        return frames

    monkeypatch.setattr(Reading, "take", counting)
    async with running(fleet, "-f", "web@a", reads=False) as reader:
        before = -1
        async with asyncio.timeout(30):
            while before != sum(taken) or not before:
                before = sum(taken)
                await asyncio.sleep(0.5)
        # 25 MB there are; what the pipe, the writer and the stream hold is some 40 % of it at most.
        assert before < lines // 2
        reader.start()
        await until(lambda: sum(map(len, reader.read)) >= lines * 107)
        assert [int(line[8:15]) for line in reader.lines] == list(range(lines))


async def test_the_end_of_a_finite_run_waits_for_its_reader(fleet: MemoryFleet) -> None:
    tall(fleet, 20_000)
    reader = Reader()
    verb = logs.verb_of(
        parse(["logs", "web@a"]), setup_of(fleet), Output(reader.err, reader.err, color=False)
    )
    task = asyncio.create_task(verb.run(Writer(Sink(reader.out), Sink(reader.err))))
    done, _ = await asyncio.wait({task}, timeout=1)
    assert not done
    reader.start()
    assert await task == 0
    reader.close()
    assert len(reader.lines) == 20_000


@pytest.mark.parametrize("argv", [["-f", "*"], ["-f", "--json", "*"], ["*"], ["-f", "migrate"]])
def test_a_closed_pipe_ends_it_at_once(argv: list[str]) -> None:
    """Also where nothing more is written: the log of `migrate` is of last week."""
    process = dockcon("--demo", "logs", *argv)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 0
    assert [line for line in process.stderr if not line.startswith("dockcon: ")] == []
    process.stderr.close()


@pytest.mark.parametrize("reads", [True, False])
def test_ctrl_c_is_quiet_also_while_nobody_reads(reads: bool) -> None:
    # A job in the background of a shell inherits an ignored SIGINT.
    default = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = dockcon("--demo", "logs", "-f", "-n", "5000", "*", preexec_fn=default)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    if not reads:
        # Everything it could write it has written when a pipe of 64 KiB is full.
        until_full(process.stdout.fileno())
    os.kill(process.pid, signal.SIGINT)
    if not reads:
        assert process.wait(30) == 130
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if not line.startswith("dockcon: ")] == []


def until_full(pipe: int) -> None:
    """Wait until nothing more is written to a pipe that nobody reads."""
    before, now = -1, 0
    deadline = time.monotonic() + 30
    while now != before or not now:
        assert time.monotonic() < deadline
        time.sleep(0.3)
        size = array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, size)
        before, now = now, size[0]
