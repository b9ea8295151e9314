"""Small graphs of the last minutes, in braille dots (or ASCII), with figures and axis in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from console.model.units import span_words
from console.ui.cells import Cell, Glyphs, width_of
from console.ui.lines import Line

WINDOW = 600.0
"""Seconds a graph shows."""

HOLD = 15.0
"""Seconds for which a sample stands where no newer one is; a longer silence is a gap in the graph."""

LABEL = 4
"""Cells of the labels at the left at least, so that graphs below each other line up."""

# Bits of the braille block (U+2800) from the bottom dot up, left and right column of a cell.
_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_ASCII = " .:|"

Sample = tuple[float, float]
"""(time in seconds of the epoch, value)."""


def ceiling(value: float, steps: Sequence[float] = (1, 2, 3, 4, 5, 6, 8, 10)) -> float:
    """The next round figure at or above `value`; 1 for nothing."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((s * power for s in steps if s * power >= value * 0.999999), 10 * power)


def ceiling_bytes(value: float) -> float:
    """The next power of two at or above `value`, one MiB at least."""
    return float(2 ** max(20, math.ceil(math.log2(max(value, 1)))))


def columns(samples: Sequence[Sample], now: float, count: int, window: float = WINDOW) -> list[float | None]:
    """The highest value in each of `count` equal slices of time, the last ending now; None in gaps."""
    step = window / count
    slots: list[float | None] = [None] * count
    seen: list[float | None] = [None] * count
    for at, value in samples:
        position = int((at - (now - window)) // step)
        if position == count and at <= now + HOLD:
            position = count - 1
        if 0 <= position < count and math.isfinite(value):
            slots[position] = value if slots[position] is None else max(value, slots[position] or 0.0)
            seen[position] = value
    held: float | None = None
    age = 0.0
    for position in range(count):
        if seen[position] is not None:
            held, age = seen[position], 0.0
        else:
            age += step
            if held is not None and age <= HOLD:
                slots[position] = held
    return slots


def _dots(value: float | None, top: float, levels: int) -> int:
    """How many dots high a value is; one at least for anything measured above nothing."""
    if value is None or value <= 0:
        return 0
    return max(1, min(levels, round(value / top * levels)))


def area(
    samples: Sequence[Sample], *, now: float, width: int, height: int, top: float, glyphs: Glyphs
) -> list[str]:
    """Rows of an area graph, the highest first; `top` is the value at the upper edge."""
    if glyphs.plain:
        per_row = len(_ASCII) - 1
        heights = [_dots(v, top, per_row * height) for v in columns(samples, now, width)]
        return [
            "".join(_ASCII[max(0, min(per_row, h - per_row * row))] for h in heights)
            for row in reversed(range(height))
        ]
    heights = [_dots(v, top, 4 * height) for v in columns(samples, now, 2 * width)]
    rows = []
    for row in reversed(range(height)):
        signs = []
        for left, right in zip(heights[::2], heights[1::2], strict=True):
            bits = sum(_LEFT[: max(0, min(4, left - 4 * row))])
            bits |= sum(_RIGHT[: max(0, min(4, right - 4 * row))])
            signs.append(chr(0x2800 + bits) if bits else " ")
        rows.append("".join(signs))
    return rows


def chart(
    title: str,
    samples: Sequence[Sample],
    write: Callable[[float], str],
    *,
    now: float,
    width: int,
    height: int,
    top: float,
    glyphs: Glyphs,
) -> list[Line]:
    """A graph with what it shows, the figure now and the highest, and both axes in words."""
    recent = [(at, value) for at, value in samples if at >= now - WINDOW]
    head: list[Cell] = [Cell(title, "header")]
    if not recent:
        return [(*head, Cell("  no figures of the last 10 minutes", "dim"))]
    newest, value = recent[-1]
    old = now - newest > HOLD
    head += [Cell("  last " if old else "  now ", "dim"), Cell(write(value), "dim" if old else "text")]
    if old:
        head.append(Cell(f", {span_words(now - newest)} ago", "dim"))
    head += [Cell("  highest ", "dim"), Cell(write(max(v for _, v in recent)), "text")]
    high, low = write(top), write(0)
    label = max(width_of(high), width_of(low), LABEL) + 1
    room = max(8, width - label)
    lines: list[Line] = [tuple(head)]
    rows = area(samples, now=now, width=room, height=height, top=top, glyphs=glyphs)
    for position, row in enumerate(rows):
        mark = high if position == 0 else low if position == len(rows) - 1 else ""
        lines.append((Cell(mark.rjust(label - 1) + " ", "dim"), Cell(row, "graph")))
    ago = "10 min ago"
    lines.append((Cell(" " * label + ago + "now".rjust(room - len(ago)), "dim"),))
    return lines
