"""What is known of one host at one time: frozen, so that it can cross threads and be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.model.containers import Container, Usage
from console.model.hosts import EngineFacts, HostLoad, HostSpec, HostState, HostStatus
from console.model.stock.things import Stock
from console.model.text import SafeText


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSnapshot:
    """Published by the host's supervisor whenever something changed. Times are seconds of the Unix epoch."""

    spec: HostSpec
    revision: int
    """Grows with every snapshot of this host."""
    epoch: int
    """Grows with every connection; what arrives from an older epoch is dropped."""
    status: HostStatus
    facts: EngineFacts | None = None
    load: HostLoad | None = None
    capabilities: Mapping[str, SafeText] = field(default_factory=dict)
    """What works besides the engine (`shell`, `probe`): name -> empty when it works, else why not."""
    containers: Mapping[str, Container] = field(default_factory=dict)
    """By full id. Kept from before while the host is not up: see `fresh`."""
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """By full id, running containers only."""
    starts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By full id: times of the starts seen in the last ten minutes."""
    ooms: Mapping[str, float] = field(default_factory=dict)
    """By full id: when the engine last said it killed a process for memory, in the last hour. The flag of
    the container itself is gone as soon as it runs again."""
    stopped: frozenset[str] = frozenset()
    """Ids whose last end an operator asked for (a stop or kill event came before the die)."""
    heard: float | None = None
    """When the host last sent anything."""
    listed: float | None = None
    """When the table last equalled the engine's own list."""
    rtt: float | None = None
    """Seconds of the last round trip to the engine or shell."""
    dropped: int = 0
    """Events lost to a gap or a full queue; the table was listed again after each."""
    stock: Stock | None = None
    """Images, volumes and networks; None until somebody has looked at them."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def fresh(self) -> bool:
        """Whether the table is what the engine says now; else a `running` in it is shown as unknown."""
        return self.status.state is HostState.UP and self.listed is not None
