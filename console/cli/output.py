"""Standard output for results, standard error for everything said about them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from console.errors import ConfigError, DockconError
from console.model.width import cells, cut

CELL = 80
"""Cells of one column at most: a name of thousands of characters must not push the others away."""

GAP = "  "

_CODES = {"good": "32", "bad": "31;1", "busy": "33", "dim": "2", "head": "1", "": ""}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; `tone` is one of good, bad, busy, dim or nothing, and never the only sign."""

    text: str
    tone: str = ""
    right: bool = False


class Output:
    """Where a verb writes to."""

    def __init__(self, out: TextIO, err: TextIO, *, color: bool) -> None:
        self._out = out
        self._err = err
        self.color = color
        self._ascii = (getattr(out, "encoding", None) or "ascii").replace("-", "").lower() != "utf8"

    @classmethod
    def of(cls, out: TextIO, err: TextIO, *, color: bool) -> Output:
        """For these streams; colours only where `out` is a terminal. A character that the locale does not
        have is spelled out instead of being an error.
        """
        for stream in (out, err):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return cls(out, err, color=color and out.isatty())

    def array(self, rows: Sequence[Mapping[str, object]]) -> None:
        """One JSON array, an object a line."""
        lines = ",\n".join(self._json(row) for row in rows)
        self._out.write(f"[\n{lines}\n]\n" if rows else "[]\n")
        self._out.flush()

    def record(self, row: Mapping[str, object]) -> None:
        """One JSON object on one line, at once."""
        self._out.write(self._json(row) + "\n")
        self._out.flush()

    def _json(self, row: Mapping[str, object]) -> str:
        return json.dumps(row, ensure_ascii=self._ascii, separators=(", ", ": "))

    def line(self, text: str = "") -> None:
        """One line, at once."""
        self._out.write(text + "\n")
        self._out.flush()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Aligned columns; the last one is not filled up."""
        shown = [[Cell(cut(c.text, CELL), c.tone, c.right) for c in row] for row in rows]
        widths = [max(map(cells, (head, *(row[i].text for row in shown)))) for i, head in enumerate(heads)]
        right = [any(row[i].right for row in shown) for i in range(len(heads))]
        header = [Cell(head, "head", right[i]) for i, head in enumerate(heads)]
        self._out.write("".join(self._row(row, widths) for row in [header, *shown]))
        self._out.flush()

    def _row(self, row: Sequence[Cell], widths: Sequence[int]) -> str:
        parts = []
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (width - cells(cell.text))
            text = self.toned(cell.text, cell.tone)
            last = number == len(row) - 1
            parts.append(blank + text if cell.right else text if last else text + blank)
        return GAP.join(parts).rstrip() + "\n"

    def toned(self, text: str, tone: str) -> str:
        """`text` in colour, where there is colour."""
        code = _CODES[tone] if self.color else ""
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text

    def say(self, text: str) -> None:
        """A diagnostic, with who says it."""
        self._err.write("".join(f"dockcon: {line}\n" for line in text.splitlines()))
        self._err.flush()

    def error(self, error: DockconError) -> None:
        """What went wrong and what to try; every problem of a file on a line of its own."""
        if isinstance(error, ConfigError):
            self.say("\n".join(str(problem) for problem in error.problems))
        else:
            from console.model.secrets import mask_text  # slow to load, and most runs have no errors

            self.say(mask_text(str(error)))


def listed(items: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = list(items) or [""]
    return f"{', '.join(most)} and {last}" if most else last
