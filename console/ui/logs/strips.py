"""Strips for rows that are shown once: they hold nothing of themselves, and go when nobody holds them.

A strip of Textual's remembers that, undivided, it consists of itself; only the garbage collector can free it
then. At hundreds of rows a second that is a megabyte a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.strip import Strip


class RowStrip(Strip):
    """One row of a view."""

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Divide it at these cells; one that is not divided is itself."""
        places = list(cuts)
        return [self] if places == [self.cell_length] else super().divide(places)
