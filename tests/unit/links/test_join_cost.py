"""What joining costs: a look is taken every two seconds, with a thousand rows and more."""

from __future__ import annotations

import sys
from types import FrameType

from console.model.containers import Port
from console.model.links.join import join
from tests.unit.links.kernels import Kernels


def calls(flows: int) -> int:
    """Function calls that it takes to join a number of rows, of 50 containers on two hosts."""
    kernels = Kernels({"app-1": "10.0.0.11", "db-1": "10.0.0.21"})
    consumers = [kernels.container(f"c{n}", "app-1", f"172.18.0.{n + 2}") for n in range(25)]
    servers = [
        kernels.container(f"d{n}", "db-1", f"172.18.0.{n + 2}", ports=[Port(5432, 15000 + n, "0.0.0.0")])
        for n in range(25)
    ]
    for number in range(flows // 2):
        kernels.published(consumers[number % 25], servers[number % 10], 5432)
    world, sights = kernels.world(), kernels.sights()
    count = 0

    def counted(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        seen = join(world, sights, {})
    finally:
        sys.setprofile(before)
    assert sum(one.open for one in seen) == flows // 2
    return count


def test_36_a_thousand_rows_cost_no_more_each_than_a_few() -> None:
    few, many = calls(250), calls(1000)
    assert many < 4 * few
    assert many < 1000 * 40
