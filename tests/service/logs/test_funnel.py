"""What waits where the lines of all sources meet."""

from __future__ import annotations

import pytest

from console.model.logs.lines import LogBlock, LogFrames
from console.service.logs.braid import Braid
from console.service.logs.funnel import CROWD, CROWD_BYTES, Funnel
from console.transport.clock import SystemClock
from tests.service.loops import virtual

READ = 1_000
"""Lines of one read."""


async def room() -> None:
    return None


def read(number: int, source: int, size: int) -> LogFrames:
    """The next lines of a source."""
    first = number * READ
    line = b"x" * (size - 1) + b"\n"
    return LogFrames([(first + at) * 2 + source for at in range(READ)], [1] * READ, [line] * READ)


@pytest.mark.parametrize("size", [100, 1_000])
@virtual
async def test_a_loop_that_is_late_holds_no_more_lines_for_it(size: int) -> None:
    given: list[LogBlock] = []
    funnel = Funnel(SystemClock(), given.extend, room, lambda: False, Braid(1.5, 1, 1, strict=False))
    for number in range(50):
        for source in (0, 1):
            funnel.lines(source, read(number, source, size))
            assert funnel.waiting <= CROWD + READ
            assert funnel.waiting * size <= CROWD_BYTES + READ * size
    funnel.flush()
    stamps = [stamp for block in given for stamp in block.stamps]
    assert stamps == list(range(100 * READ))


@virtual
async def test_who_can_be_held_back_is_not_hurried() -> None:
    given: list[LogBlock] = []
    funnel = Funnel(SystemClock(), given.extend, room, lambda: False, Braid(3.0, 1, 1, strict=True))
    for number in range(CROWD // READ):
        for source in (0, 1):
            funnel.lines(source, read(number, source, 100))
    assert not given
    assert funnel.waiting == 2 * CROWD
