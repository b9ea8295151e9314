"""The shipped fake: hosts, engines and faults in memory, behind the protocols of `transport.base`.

Used by the tests and by `--demo`; the same values as from a wire, on a clock that is handed in.
"""

from console.transport.memory.containers import Figures, MemoryContainer, Mount
from console.transport.memory.demo import DemoTransport, demo_fleet
from console.transport.memory.demo_mappings import demo_book
from console.transport.memory.host import Asked, Faults, Machine, MemoryHost
from console.transport.memory.link import MemoryFleet, MemoryTransport

__all__ = [
    "Asked",
    "DemoTransport",
    "Faults",
    "Figures",
    "Machine",
    "MemoryContainer",
    "MemoryFleet",
    "MemoryHost",
    "MemoryTransport",
    "Mount",
    "demo_book",
    "demo_fleet",
]
