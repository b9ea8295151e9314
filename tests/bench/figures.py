"""How a series of measurements is printed: median, spread, ratio to the baseline of the same run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def line(name: str, values: Sequence[float], unit: str, baseline: Sequence[float] | None = None) -> str:
    """`name  median 0.52 s  (0.49 .. 0.61, n=9)  1.04 x baseline`."""
    median = statistics.median(values)
    text = (
        f"{name:<44} median {median:8.3f} {unit}  ({min(values):.3f} .. {max(values):.3f}, n={len(values)})"
    )
    if baseline:
        text += f"  {median / statistics.median(baseline):5.2f} x baseline"
    return text
