"""The parts of the log service that decide: which asks, what is proven, how far behind, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import HostUnreachable
from console.model.containers import Container, ContainerState
from console.model.events import EngineEvent
from console.model.logs.lines import LogBlock, LogFrames, NoteKind, block_of
from console.model.logs.resume import Resume
from console.model.text import safe
from console.service.logs.asking import Asker
from console.service.logs.follows import Follows, Turnstile
from console.service.logs.history import Window, last_of, newest, proofs, steps
from console.service.logs.host import HostAccess, HostSide, Reached
from console.service.logs.jobs import Jobs
from console.service.logs.lag import Lag
from console.service.logs.life import Life
from console.service.logs.notes import block_with, gap, nothing_why
from console.service.logs.outbox import Caps, Outbox, StreamState
from console.service.logs.proof import Proof, Verdict
from console.transport.base import LogAsk
from console.transport.clock import SystemClock
from tests.service.loops import until, virtual

SECOND = 1_000_000_000


def frames(*stamps: int, stream: int = 1) -> LogFrames:
    return LogFrames(list(stamps), [stream] * len(stamps), [b"%d\n" % stamp for stamp in stamps])


def block(*stamps: int) -> LogBlock:
    return block_of(stamps, [4] * len(stamps), [b"%d\n" % stamp for stamp in stamps])


def tails(window: Window, most: int | None) -> list[int | None]:
    return [step.ask.tail for step in steps(window, most)]


def test_asks_for_the_past_grow_only_where_it_is_not_known_how_much_a_window_holds() -> None:
    assert tails(Window(tail=200), 10_000) == [200]
    assert tails(Window(tail=20_000), 10_000) == [10_000]
    assert tails(Window(since_ns=5), 10_000) == [500, 8000, 10_000]
    assert tails(Window(since_ns=5), 1_000) == [500, 1000]
    assert tails(Window(since_ns=5), None) == [500, 8000, None]
    assert tails(Window(), None) == [None]
    # An engine counts a tail from the end of the log, whatever `until` says.
    assert tails(Window(tail=10, since_ns=5, until_ns=9), 1000) == [None]
    assert list(proofs(200_000)) == [1000, 30_000, 200_000]
    assert list(proofs(800)) == [800]
    assert list(proofs(None)) == [1000, 30_000, None]


def test_the_end_of_a_log_is_known_by_the_whole_of_its_newest_lines() -> None:
    ends = newest(LogFrames([1, 2, 3, 3], [1, 2, 1, 1], [b"a\n", b"b\n", b"c", b"d\n"]), 4)
    assert ends is not None
    assert ends.payloads == [b"b\n", b"c", b"d\n"]
    # The first part of the newest line may be missing: ask for more.
    assert newest(frames(3, 3, 3), 3) is None
    assert newest(frames(3, 3, 3), 8) is not None
    assert newest(LogFrames(), 8) == LogFrames()


@given(st.lists(st.integers(1, 5), max_size=20), st.integers(1, 30))
def test_the_last_frames_of_parts_are_the_last_of_all(sizes: list[int], tail: int) -> None:
    stamps = iter(range(100))
    parts = [frames(*(next(stamps) for _ in range(size))) for size in sizes]
    everything = [stamp for part in parts for stamp in part.stamps]
    assert [stamp for part in last_of(parts, tail) for stamp in part.stamps] == everything[-tail:]


def known(*stamps: int) -> Resume:
    resume = Resume()
    resume.begin()
    resume.take(frames(*stamps), 0.0)
    resume.begin()
    return resume


@pytest.mark.parametrize(
    ("answer", "largest", "verdict"),
    [
        ([20, 30, 40], False, Verdict.PROVEN),
        ([30], False, Verdict.PROVEN),
        ([10, 20], False, Verdict.OPEN),
        ([40, 50], False, Verdict.SHORT),
        ([40, 50], True, Verdict.GAP),
        # The newest is not where it was: somebody emptied the file it stood in.
        ([10, 20, 40], False, Verdict.GAP),
    ],
)
def test_only_the_newest_line_proves_that_nothing_is_missing(
    answer: list[int], largest: bool, verdict: Verdict
) -> None:
    proof = Proof(known(10, 20, 30), cut=True, largest=largest)
    assert proof.look(frames(*answer)) is verdict


def test_a_log_of_which_nothing_is_known_needs_no_proof() -> None:
    assert Proof(Resume(), cut=False, largest=False).look(frames(5)) is Verdict.PROVEN


def test_a_reader_that_falls_behind_by_half_a_file_is_in_doubt_until_it_catches_up() -> None:
    lag = Lag(1_000_000, opened_ns=0)

    def saw(at: float, behind: float, size: int = 10_000) -> object:
        ns = int(at * SECOND)
        return lag.saw(LogFrames([ns], [1], [b"x" * size]), ns + int(behind * SECOND))

    for tenth in range(20):  # 100 kB a second
        assert saw(tenth / 10, 0.1) is None
    assert saw(2.0, 4.0) is None
    assert saw(2.1, 6.0) is None
    assert saw(3.0, 7.0) is None
    doubt = saw(8.0, 2.0)
    assert doubt is not None
    assert (doubt.from_ns, doubt.to_ns) == (2 * SECOND, 8 * SECOND)  # type: ignore[attr-defined]
    assert "cannot be ruled out" in doubt.why  # type: ignore[attr-defined]
    assert saw(9.0, 0.1) is None
    assert lag.over(10 * SECOND) is None


def test_the_past_that_a_follow_begins_with_is_no_lag() -> None:
    lag = Lag(1_000, opened_ns=1000 * SECOND)
    for second in range(900, 1000):
        assert lag.saw(frames(second * SECOND), 1000 * SECOND) is None
    assert lag.over(1000 * SECOND) is None


def test_an_outbox_drops_the_oldest_and_counts_them() -> None:
    box = Outbox(Caps(10, 1 << 20))
    assert box.take() is None
    box.put([block(*range(start, start + 4)) for start in range(0, 20, 4)])
    update = box.take()
    assert update is not None
    assert update.dropped == 12
    note = update.blocks[0].line(0).note
    assert note is not None
    assert (note.kind, note.lines, note.from_ns, note.to_ns) == (NoteKind.DROPPED, 12, 0, 11)
    assert [list(each.stamps) for each in update.blocks[1:]] == [[12, 13, 14, 15], [16, 17, 18, 19]]
    assert box.take() is None
    box.put([block(*range(20, 24))])
    update = box.take()
    assert update is not None
    assert len(update.blocks) == 1
    assert update.dropped == 12


def test_an_outbox_counts_bytes_too_and_keeps_one_block_whatever_its_size() -> None:
    box = Outbox(Caps(1_000_000, 1000))
    box.put([block_of([1], [4], [b"x" * 5000 + b"\n"])])
    update = box.take()
    assert update is not None
    assert len(update.blocks) == 1
    box.put([block_of([n], [4], [b"x" * 500 + b"\n"]) for n in range(5)])
    update = box.take()
    assert update is not None
    assert update.dropped == 4
    # Lines are counted, not notes.
    box.put([block_with(gap(0, 1, 2, "lost")), block_of([9], [4], [b"x" * 5000 + b"\n"])])
    update = box.take()
    assert update is not None
    assert update.dropped == 4
    assert not box.frozen_full
    box.put([block_of([9], [4], [b"x\n"])])
    assert box.frozen_full


def test_what_is_shown_is_news_once() -> None:
    box = Outbox(Caps())
    box.show(StreamState(loading=True))
    update = box.take()
    assert update is not None
    assert update.loading
    assert box.take() is None


def test_why_there_is_nothing_is_said_in_words_an_operator_can_act_on() -> None:
    assert "recreate the container" in nothing_why("none", "")
    assert "cache-disabled" in nothing_why("splunk", "configured logging driver does not support reading")
    assert "unexpected EOF" in nothing_why("json-file", "unexpected EOF")


def test_a_carrier_that_refuses_makes_follows_give_up_and_leaves_room_for_asks() -> None:
    follows = Follows(64)
    gave_up: list[int] = []
    held = [follows.take(1, lambda n=n: gave_up.append(n)) for n in range(6)]
    opened = [follows.open() for _ in held]
    for each in opened:
        each.__enter__()
    follows.refused()
    assert gave_up == [4, 5]
    for follow in held[4:]:
        assert follow
        follows.release(follow)
    assert follows.take(1, lambda: None) is None
    assert follows.asks.limit == 2
    # Another connection may carry more.
    assert follows.take(2, lambda: None) is not None
    assert follows.asks.limit == 8


@virtual
async def test_a_turnstile_lets_so_many_in_and_survives_who_gives_up() -> None:
    gate = Turnstile(3)
    inside, most = 0, 0

    async def visit(seconds: float) -> None:
        nonlocal inside, most
        async with gate.passed():
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(seconds)
            finally:
                inside -= 1

    tasks = [asyncio.create_task(visit(1 + n % 3)) for n in range(30)]
    await asyncio.sleep(0.5)
    for task in tasks[1:20:2]:
        task.cancel()
    await until(lambda: all(task.done() for task in tasks))
    assert most == 3
    assert inside == 0
    assert sum(not task.cancelled() for task in tasks) == 20


class Endless:
    """An engine whose answers never end."""

    @asynccontextmanager
    async def logs(self, container_id: str, ask: LogAsk) -> AsyncIterator[AsyncIterator[LogFrames]]:
        async with aclosing(self._frames()) as stream:
            yield stream

    async def _frames(self) -> AsyncGenerator[LogFrames, None]:
        stamp = 0
        while True:
            stamp += 1
            yield frames(stamp)


async def test_what_comes_by_an_older_connection_is_not_used() -> None:
    engine = Endless()
    now = Reached(engine, 1)  # type: ignore[arg-type]  # has what is asked of it
    access = HostAccess(name="a", reach=lambda: now, follows=Follows())
    asker = Asker("c", HostSide(access, SystemClock(), lambda note: None))
    got = 0

    async def read(asked_by: Reached) -> None:
        nonlocal got, now
        async with asker.asked(asked_by, LogAsk(), through=False) as stream:
            async for _ in stream:
                got += 1
                if got == 3:
                    now = Reached(engine, 2)  # type: ignore[arg-type]  # as above

    with pytest.raises(HostUnreachable):
        await read(now)
    assert got == 3


@virtual
async def test_a_job_waits_for_the_one_before_it_of_the_same_name() -> None:
    jobs = Jobs()
    told: list[str] = []

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(5)
            told.append("first ended")

    async def next_one() -> None:
        told.append("second began")

    jobs.begin("a", "first", slow_to_end)
    await asyncio.sleep(1)
    jobs.halt()
    jobs.begin("a", "second", next_one)
    await asyncio.sleep(20)
    assert told == ["first ended", "second began"]
    jobs.begin("a", "third", slow_to_end)
    await asyncio.sleep(1)
    await jobs.aclose()
    assert told[2:] == ["first ended"]


def test_whether_a_container_runs_is_known_by_the_newest_that_was_told() -> None:
    row = Container(host="a", id="c", name=safe("c"), image=safe("i"), state=ContainerState.RUNNING)
    life = Life(row)

    def told(action: str, second: float, **attributes: str) -> None:
        life.event(
            EngineEvent(
                host="a",
                time_ns=int(second * SECOND),
                type=safe("container"),
                action=safe(action),
                id="c",
                name=safe("c"),
                attributes={key: safe(value) for key, value in attributes.items()},
                container_id="c",
            )
        )

    # An engine tells the past again; until an inspect says what is past, it changes nothing.
    told("die", 50.0, exitCode="9")
    assert life.running
    life.inspected(replace(row, started=100.0, finished=90.0))
    assert (life.started_ns, life.died_ns, life.exit_code) == (100 * SECOND, 90 * SECOND, None)
    told("start", 60.0)
    told("start", 100.1)
    told("die", 90.1, exitCode="1")
    assert (life.running, life.started_ns, life.end) == (True, 100 * SECOND, "stopped")
    told("die", 200.0, exitCode="137")
    assert (life.running, life.end) == (False, "stopped, exit code 137")
    told("start", 210.0)
    assert (life.running, life.started_ns) == (True, 210 * SECOND)
    life.listed(replace(row, state=ContainerState.EXITED))
    assert not life.running
    told("destroy", 300.0)
    told("destroy", 400.0)
    assert life.removed_ns == 300 * SECOND
