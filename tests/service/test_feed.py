"""Between the network loop and its reader."""

from __future__ import annotations

import threading

from console.model.events import EngineEvent
from console.model.hosts import HostSpec, HostState, HostStatus
from console.model.snapshot import HostSnapshot
from console.model.text import safe
from console.service.feed import Feed


def snapshot(host: str, revision: int) -> HostSnapshot:
    status = HostStatus(state=HostState.UP, since=0)
    return HostSnapshot(spec=HostSpec(name=host, address="x"), revision=revision, epoch=1, status=status)


def event(number: int) -> EngineEvent:
    return EngineEvent(
        host="h",
        time_ns=number,
        type=safe("container"),
        action=safe("start"),
        id="i",
        name=safe("n"),
        attributes={},
    )


def test_the_newest_snapshot_of_each_host_wins() -> None:
    feed = Feed()
    assert feed.take() is None
    for host, revision in (("a", 1), ("b", 1), ("a", 2), ("a", 3)):
        feed.snapshot(snapshot(host, revision))
    batch = feed.take()
    assert batch is not None
    assert {name: s.revision for name, s in batch.snapshots.items()} == {"a": 3, "b": 1}
    assert feed.take() is None
    assert {s.name: s.revision for s in feed.latest()} == {"a": 3, "b": 1}


def test_events_keep_their_order_and_what_does_not_fit_is_counted() -> None:
    feed = Feed(events=10)
    for number in range(25):
        feed.event(event(number))
    batch = feed.take()
    assert batch is not None
    assert [e.time_ns for e in batch.events] == list(range(15, 25))
    assert batch.dropped == 15
    feed.event(event(99))
    batch = feed.take()
    assert batch is not None
    assert (len(batch.events), batch.dropped) == (1, 0)


def test_nothing_is_lost_between_threads() -> None:
    feed = Feed(events=1_000_000)

    def write() -> None:
        for number in range(3000):
            feed.event(event(number))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen = 0
    while any(writer.is_alive() for writer in writers):
        if batch := feed.take():
            seen += len(batch.events)
    for writer in writers:
        writer.join()
    if batch := feed.take():
        seen += len(batch.events)
    assert seen == 12_000
