"""What stands before a line to say where it comes from, and in which colour. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zlib import crc32

from rich.cells import set_cell_size

from console.model.logs.lines import LogSource
from console.ui.cells import Glyphs, fit, narrow, width_of
from console.ui.theme import SOURCES

LEAST = 8
"""Cells below which a label tells nothing."""

MOST = 36
"""Cells a label never needs more than."""

SHARE = 5
"""A label takes at most this part of the width (one fifth)."""


class Labels:
    """Names and colours of the sources of one stream. A colour stays with its `name@host` as long as this
    object lives, also over streams.
    """

    def __init__(self, glyphs: Glyphs) -> None:
        self._glyphs = glyphs
        self._tones: dict[str, str] = {}
        self._sources: dict[int, LogSource] = {}
        self._several = False
        self._hosts = False
        self._made: dict[tuple[int, int], str] = {}

    def show(self, sources: Iterable[LogSource]) -> bool:
        """These are the sources; return whether a label is different or wider. Earlier ones stay known: their
        lines are still there.
        """
        found = {**self._sources, **{source.index: source for source in sources}}
        if found == self._sources:
            return False
        before = (self._several, self._hosts, self.wanted)
        self._sources = found
        refs = {source.ref for source in found.values()}
        self._several = len(refs) > 1
        self._hosts = len({source.host for source in found.values()}) > 1
        self._made.clear()
        for source in found.values():
            self._tones.setdefault(source.ref, self._free_tone(source.ref, refs))
        return before != (self._several, self._hosts, self.wanted)

    def forget(self) -> None:
        """The next lines are of another stream; colours stay."""
        self._sources = {}
        self._several = self._hosts = False
        self._made.clear()

    def _free_tone(self, ref: str, shown: set[str]) -> str:
        """The colour that belongs to a name; the next one that no other source on the screen has."""
        start = crc32(ref.encode())
        taken = {self._tones[other] for other in shown if other in self._tones}
        wheel = [SOURCES[(start + step) % len(SOURCES)] for step in range(len(SOURCES))]
        return next((tone for tone in wheel if tone not in taken), wheel[0])

    def source(self, index: int) -> LogSource | None:
        """The source of an index."""
        return self._sources.get(index)

    @property
    def sources(self) -> Mapping[int, LogSource]:
        """All of them by index."""
        return self._sources

    def tone(self, index: int) -> str:
        """The tone of a source's label."""
        source = self._sources.get(index)
        return self._tones.get(source.ref, "dim") if source else "dim"

    def full(self, index: int) -> str:
        """The label, uncut: `name@host`, `name` where all are on one host, nothing where there is but one."""
        source = self._sources.get(index)
        if source is None or not self._several:
            return ""
        return source.ref if self._hosts else source.name

    @property
    def wanted(self) -> int:
        """Cells that the widest label takes; 0 where labels would tell nothing."""
        return max((width_of(self.full(index)) for index in self._sources), default=0)

    def width(self, width: int) -> int:
        """Cells for labels in a view that is `width` cells wide; 0: no labels."""
        return min(self.wanted, MOST, max(LEAST, width // SHARE))

    def text(self, index: int, width: int) -> str:
        """The label in exactly `width` cells."""
        made = self._made.get((index, width))
        if made is None:
            source = self._sources.get(index)
            label = shorten(source, self._hosts, width, self._glyphs) if source and self._several else ""
            made = self._made[(index, width)] = fit(label, width, self._glyphs)
        return made


def shorten(source: LogSource, with_host: bool, width: int, glyphs: Glyphs) -> str:
    """`name@host` in at most `width` cells: names are cut in their middle, since replicas differ at the end.

    Both stay recognisable: the host gets what it needs, up to two fifths.
    """
    name = narrow(source.name, glyphs)
    if not with_host:
        return _cut_middle(name, width, glyphs)
    if width_of(name) + 1 + width_of(source.host) <= width:
        return f"{name}@{source.host}"
    spare = max(0, width - 1 - width_of(name))
    host = _cut_middle(source.host, max(spare, (width - 1) * 2 // 5), glyphs)
    return f"{_cut_middle(name, width - 1 - width_of(host), glyphs)}@{host}"


def _cut_middle(text: str, width: int, glyphs: Glyphs) -> str:
    if width_of(text) <= width:
        return text
    if width <= 3 or not text.isascii():
        return fit(text, width, glyphs).rstrip(" ")
    tail = (width - 1) * 2 // 5
    return set_cell_size(text, width - 1 - tail) + glyphs.cut + text[len(text) - tail :]
