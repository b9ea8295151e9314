"""The shop's logs: several containers on two hosts, as they are written in real life."""

from __future__ import annotations

import json

from console.model.logs.lines import NoteKind, Stream
from console.service.tap import SourceState
from tests.ui.logs.tap import MS, NOON_NS, FakeDesk, FakeTap, Written, note, source, view

LOST, BACK = NOON_NS + 120 * MS, NOON_NS + 2400 * MS

WEB = source(0, "web")
WORKER = source(1, "shop-worker-1", "app-2")
DB = source(2, "postgres", "db-1")
CACHE = source(3, "cache", "app-2")


def structured(level: str, message: str, **pairs: object) -> str:
    return json.dumps({"time": "2024-06-01T12:00:00Z", "level": level, "msg": message, **pairs})


def shop_lines() -> list[Written]:
    """Half a minute of it."""
    lines: list[Written] = []
    for turn in range(12):
        second = f"12:00:0{turn % 10}"
        lines += [
            (0, Stream.OUT, f'10.0.0.{turn + 7} - - "GET /cart/{turn} HTTP/1.1" 200 {512 + turn * 37}'),
            (1, Stream.OUT, structured("info", "job done", job=f"mail-{turn}", took_ms=12 + turn)),
            (2, Stream.ERR, f"2024-06-01 {second}.11 UTC [71] LOG:  checkpoint starting: time"),
            (3, Stream.OUT, f"1:M 01 Jun 2024 {second}.000 * 100 changes in 300 seconds. Saving..."),
        ]
    return [*lines, *trouble()]


def told(kind: NoteKind, text: str, of: int, **more: int) -> Written:
    """A note in the midst of it."""
    return note(kind, text, of, NOON_NS + 400 * MS, **more)


def trouble() -> list[Written]:
    """And then the host of the database is lost for a while."""
    return [
        (0, Stream.ERR, "ERROR GET /cart 500 upstream db:5432 refused"),
        (1, Stream.OUT, structured("warn", "queue is slow", queue="low", waiting=124, oldest_s=31.5)),
        (2, Stream.ERR, "2024-06-01 12:00:09.30 UTC [99] FATAL:  sorry, too many clients already"),
        told(NoteKind.LOST, "db-1 is not reached; lines are fetched when it is back", 2),
        (1, Stream.ERR, structured("error", "could not connect", host="db", port=5432, attempt=3)),
        (0, Stream.OUT, "DEBUG pool: 3 idle, 2 busy, 0 waiting"),
        told(NoteKind.GAP, "the log was rotated or truncated meanwhile", 2, from_ns=LOST, to_ns=BACK),
        (2, Stream.ERR, "2024-06-01 12:00:12.40 UTC [1] LOG:  database system is ready to accept"),
        told(NoteKind.BACK, "db-1 is back after 2.3 s; nothing is missing but what is noted above", 2),
        (0, Stream.OUT, "\u6f22\u5b57 caf\u00e9 a wide line " + "with a long tail " * 14),
        told(NoteKind.ENDED, "cache stopped with exit code 0", 3),
        (1, Stream.OUT, structured("info", "job done", job="mail-12", took_ms=19, queue="high")),
        (0, Stream.OUT, '10.0.0.9 - - "POST /order HTTP/1.1" 201 88'),
    ]


def fill(tap: FakeTap) -> None:
    """All of it at once."""
    tap.feed(*shop_lines())


def shop_desk() -> FakeDesk:
    """Four containers on three hosts; one stopped, one host waiting."""
    return FakeDesk(
        view(WEB),
        view(WORKER),
        view(DB, SourceState.WAITING),
        view(CACHE, SourceState.STOPPED),
        fill=fill,
    )
