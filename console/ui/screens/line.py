"""One line of a log, whole: all that is known of it, and its text as far as a screen can take it."""

from __future__ import annotations

from collections.abc import Sequence

from console.model.logs.fields import PARSED, pretty
from console.model.logs.level import level_of
from console.model.logs.lines import LogLine, LogSource, Stream
from console.model.units import size
from console.ui.cells import Cell, Glyphs
from console.ui.lines import Line, fact, heading, stack, wrap
from console.ui.logs.body import NOTES, STRONG, body_of
from console.ui.logs.times import Zone, full, offset_words
from console.ui.screens.reading import ReadingScreen

STREAMS = {
    Stream.NOTE: "none: a note of dockcon's own",
    Stream.OUT: "standard output",
    Stream.ERR: "standard error",
}


class LineScreen(ReadingScreen):
    """A line that somebody wants to read."""

    def __init__(self, line: LogLine, source: LogSource | None, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.line = line
        self.source = source
        self._pretty = () if line.note is not None else tuple(pretty(line.raw))

    def title_line(self, width: int) -> Line:
        """Where it comes from, and when."""
        ref = self.source.ref if self.source else "dockcon"
        return (Cell(f" {ref}", "group"), Cell(f"  {full(self.line.ns, Zone.LOCAL)}", "dim"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """Text first, then the facts."""
        return stack([self._text(width), self._facts(width)])

    def _text(self, width: int) -> list[Line]:
        note = self.line.note
        if note is not None:
            return wrap([Cell(body_of(self.line, self.glyphs).text, NOTES[note.kind].tone)], width)
        # An indented text keeps its indent where it is broken.
        lines: list[Line] = []
        for text in self._pretty:
            blank = len(text) - len(text.lstrip(" "))
            rows = wrap([Cell(text.strip(" "), "text")], max(8, width - blank), 2)
            lines += [(Cell(" " * blank), *row) for row in rows]
        return lines

    def _facts(self, width: int) -> list[Line]:
        line = self.line
        lines = [heading("Line", width, self.glyphs)]
        lines += fact("local time", f"{full(line.ns, Zone.LOCAL)} {offset_words(line.ns)}", width)
        lines += fact("UTC", full(line.ns, Zone.UTC), width)
        lines += fact("Unix time", f"{line.ns // 10**9}.{line.ns % 10**9:09d}", width)
        if self.source is not None:
            lines += fact("container", self.source.ref, width)
            lines += fact("id", self.source.id, width)
            if self.source.image:
                lines += fact("image", self.source.image, width)
            if self.source.project:
                lines += fact("project", f"{self.source.project}  {self.source.service}", width)
        lines += fact("stream", STREAMS[line.stream], width)
        level = None if line.note is not None else level_of(line.raw)
        if level is not None:
            lines += fact("level", [Cell(level.value, STRONG[level])], width)
        if line.note is None:
            lines += fact("length", _length(len(line.raw)), width)
        return lines


def _length(count: int) -> str:
    exact = f"{count:,} byte{'s' * (count != 1)}"
    if count <= PARSED:
        return exact
    return f"{exact} ({size(count)}); ctrl+s in the logs saves every line whole"
