"""What engines forget or share: newlines of long lines, stamps of several lines."""

from __future__ import annotations

from console.model.logs.lines import LogFrames, Stream
from console.model.logs.onestream import FULL_PARTS
from console.model.logs.resume import Resume

PART = max(FULL_PARTS)


def frames(*payloads: bytes, stamp: int = 5_000_000_000) -> LogFrames:
    return LogFrames([stamp] * len(payloads), [Stream.OUT] * len(payloads), list(payloads))


def opened() -> Resume:
    resume = Resume()
    resume.begin()
    return resume


def test_a_long_line_whose_newline_is_forgotten_is_given_out_after_a_while() -> None:
    resume = opened()
    assert not len(resume.take(frames(b"x" * PART, b"end"), 0.0).lines)
    assert not len(resume.settle(0.5).lines)
    assert resume.settle(1.0).lines.payloads == [b"x" * PART + b"end\n"]
    assert not len(resume.settle(1.5).lines)
    after = resume.take(frames(b"next\n", stamp=6_000_000_000), 2.0)
    assert after.lines.payloads == [b"next\n"]
    assert resume.lines == 2


def test_a_line_that_goes_on_is_waited_for() -> None:
    resume = opened()
    resume.take(frames(b"x" * PART), 0.0)
    for tick in range(20):
        assert not len(resume.settle(tick / 2).lines)
    assert resume.take(frames(b"end\n"), 10.0).lines.payloads == [b"x" * PART + b"end\n"]


def test_what_came_meanwhile_puts_it_off() -> None:
    resume = opened()
    resume.take(frames(b"x" * PART, b"y"), 0.0)
    resume.settle(0.5)
    resume.take(frames(b"z"), 0.6)
    assert not len(resume.settle(1.0).lines)
    assert resume.settle(1.5).lines.payloads == [b"x" * PART + b"yz\n"]


def test_a_line_cut_by_a_loss_keeps_its_beginning() -> None:
    """Nothing is given out while a new answer has not come to where the old one broke."""
    resume = opened()
    resume.take(frames(b"a\n", stamp=4_000_000_000), 0.0)
    resume.take(frames(b"x" * PART, b"part"), 0.0)
    resume.begin()
    assert not len(resume.settle(0.5).lines)
    assert not len(resume.settle(1.0).lines)


def test_equal_lines_of_one_second_are_all_given_out_where_stamps_are_shared() -> None:
    resume = opened()
    resume.share_stamps()
    resume.take(frames(b"same\n"), 0.0)
    assert resume.take(frames(b"same\n", b"same\n"), 0.1).lines.payloads == [b"same\n"] * 2
    resume.begin()
    again = resume.take(frames(b"same\n", b"same\n", b"same\n", b"same\n"), 0.2)
    assert again.lines.payloads == [b"same\n"]
    assert again.repeats == 3
