"""The judge of the tests of logs on real hosts: what it does not find, those tests cannot."""

from __future__ import annotations

import pytest

from tests.lab.logcheck import Gap, compare
from tests.lab.logtruth import Line, nanoseconds, records, whole

WRITTEN = [Line("c", 1 + n % 2, 100 + n, b"line %d" % n) for n in range(10)]


def test_all_of_it_is_good() -> None:
    report = compare(WRITTEN, WRITTEN, [], ())
    assert report.good
    assert report.right == 10


@pytest.mark.parametrize("number", range(10))
def test_one_that_is_missing_must_be_in_a_gap_of_its_container(number: int) -> None:
    arrived = WRITTEN[:number] + WRITTEN[number + 1 :]
    gap = Gap("c", 100 + number, 100 + number, "")
    assert compare(WRITTEN, arrived, [], ()).missing == [WRITTEN[number]]
    assert compare(WRITTEN, arrived, [gap], ["c"]).good
    assert compare(WRITTEN, arrived, [gap], ["c"]).excused == 1
    assert not compare(WRITTEN, arrived, [gap._replace(container="d")], ["c", "d"]).good
    assert not compare(WRITTEN, arrived, [Gap("c", 101 + number, 200, "")], ["c"]).good


def test_what_came_twice_changed_or_out_of_order_is_found() -> None:
    assert compare(WRITTEN, [*WRITTEN, WRITTEN[9]], [], ()).twice == [WRITTEN[9]]
    changed = WRITTEN[3]._replace(ns=999)
    report = compare(WRITTEN, [*WRITTEN[:3], changed, *WRITTEN[4:]], [], ())
    assert (report.unknown, report.missing) == ([changed], [WRITTEN[3]])
    assert compare(WRITTEN, [*WRITTEN[2:], *WRITTEN[:2]], [], ()).disordered == WRITTEN[:2]
    # The two streams are stamped by two threads of the engine: between them there is no order.
    assert compare(WRITTEN, [WRITTEN[1], WRITTEN[0], *WRITTEN[2:]], [], ()).good


def test_a_gap_where_none_can_be_is_found() -> None:
    assert compare(WRITTEN, WRITTEN, [Gap("c", 0, 1, "")], ["d"]).needless


def test_a_gap_that_is_wider_than_what_is_missing_is_found() -> None:
    arrived = WRITTEN[:3] + WRITTEN[5:]
    between = Gap("c", 102, 105, "rotated")
    assert compare(WRITTEN, arrived, [between], ["c"]).good
    assert compare(WRITTEN, arrived, [between._replace(to_ns=106)], ["c"]).wide == [WRITTEN[5]]
    assert compare(WRITTEN, arrived, [between._replace(to_ns=106, why="cannot be ruled out")], ["c"]).good


def test_the_engines_file_is_read_as_lines() -> None:
    text = (
        b'{"log":"lo","stream":"stdout","time":"2026-11-23T15:29:55.97Z"}\n'
        b'{"log":"other\\r\\n","stream":"stderr","time":"2026-11-23T15:29:56Z"}\n'
        b'{"log":"ng\\n","stream":"stdout","time":"2026-11-23T15:29:55.97Z"}\n'
        b'{"log":"cut","stream":"stdout","time":"2026-11-23T15:29:57.000000001Z"}\n'
        b'{"log":"next\\n","stream":"stdout","time":"2026-11-23T15:29:58Z"}\n'
        b'{"log":"ha'
    )
    at = nanoseconds("2026-11-23T15:29:55Z")
    assert list(whole(list(records(text, "c")))) == [
        Line("c", 2, at + 1_000_000_000, b"other"),
        Line("c", 1, at + 970_000_000, b"long"),
        Line("c", 1, at + 2_000_000_001, b"cut"),
        Line("c", 1, at + 3_000_000_000, b"next"),
    ]
