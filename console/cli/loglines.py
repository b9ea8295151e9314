"""Blocks of log lines as bytes for standard output: by the block, never by the character.

Plain lines are `label | text` (`label ! text` from standard error); JSON lines are `model.logs.ecs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, pairwise
from operator import add
from typing import Protocol

from console.errors import UsageError
from console.model.logs.ecs import Encoder, stamp_of
from console.model.logs.lines import LogBlock, LogSource, Note, NoteKind, Stream
from console.model.logs.patience import TookTooLong, at_most
from console.model.text import sanitise
from console.model.width import cells

Piece = tuple[bytes, bool]
"""Bytes, and whether they are a diagnostic (for standard error)."""

PLAIN = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
"""What no terminal minds: printable ASCII, tabs between words, the newline at the end."""
_COLOURING = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_BLANKS = bytes.maketrans(b"\t\n", b"  ")
_CONTROL = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])

SECONDS = 5.0
"""How long a pattern may take over one block; usually it takes milliseconds."""

_COLOURS = (b"36", b"33", b"32", b"35", b"34", b"96", b"93", b"92", b"95", b"94")


class Filter:
    """`--grep`: keeps the lines in which a pattern is found, or is not."""

    def __init__(self, pattern: str, *, inverted: bool = False) -> None:
        """Raises UsageError, with the place, for a pattern that cannot be."""
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            where = "" if error.pos is None else f" at position {error.pos + 1}"
            raise UsageError(
                f"--grep `{pattern}`: {error.msg}{where}",
                next_step=r"it is a regular expression of Python; \ before a character takes it as it is",
            ) from error
        self._inverted = inverted

    def kept(self, texts: Iterable[str]) -> list[bool]:
        """For each text, whether it stays. Raises UsageError where the pattern takes longer than `SECONDS`
        over one block of them.
        """
        search, inverted = self._pattern.search, self._inverted
        try:
            with at_most(SECONDS):
                return [(search(text) is None) is inverted for text in texts]
        except TookTooLong:
            raise UsageError(
                f"--grep `{self._pattern.pattern}` takes too long",
                next_step="nested repetitions such as (a+)+ take for ever on a line that does not match",
            ) from None


class Formatter(Protocol):
    """Makes output of blocks."""

    def known(self, sources: Sequence[LogSource]) -> None:
        """All sources there are so far, in the order of their index."""
        ...

    def pieces(self, block: LogBlock) -> Iterator[Piece]:
        """What to write for a block, in its order."""
        ...


class PlainLines:
    """For people, and for what people pipe into."""

    def __init__(self, *, stamps: bool = False, color: bool = False, wanted: Filter | None = None) -> None:
        self._stamps = stamps
        self._color = color
        self._wanted = wanted
        self._sources: Sequence[LogSource] = ()
        self._width = 0
        self._colours: dict[str, bytes] = {}
        self._heads = _Heads(self)

    def known(self, sources: Sequence[LogSource]) -> None:
        """All sources there are so far; the widest label decides where texts begin."""
        if len(sources) == len(self._sources):
            return
        for source in sources[len(self._sources) :]:
            self._width = max(self._width, cells(source.ref))
            self._colours.setdefault(source.ref, _COLOURS[len(self._colours) % len(_COLOURS)])
        self._sources = tuple(sources)
        self._heads.clear()

    def head(self, origin: int) -> bytes:
        """What stands before the text of a line of this origin."""
        source, error = self._sources[origin >> 2], origin & 3 == Stream.ERR
        label = source.ref.encode()
        blank = b" " * (self._width - cells(source.ref))
        mark = b"!" if error else b"|"
        if self._color:
            label = b"\x1b[%sm%s\x1b[0m" % (self._colours[source.ref], label)
            mark = b"\x1b[%sm%s\x1b[0m" % (b"31;1" if error else b"2", mark)
        return label + blank + b" " + mark + b" "

    def pieces(self, block: LogBlock) -> Iterator[Piece]:
        """Lines, and notes as diagnostics."""
        for start, end, note in runs(block):
            if note is not None:
                yield f"dockcon: {told(note, self._sources)}\n".encode(), True
            elif data := self._lines(block, start, end):
                yield data, False

    def _lines(self, block: LogBlock, start: int, end: int) -> bytes:
        texts = safe_lines(block, start, end)
        origins: Iterable[int] = block.origins[start:end]
        stamps: Iterable[int] = block.stamps[start:end]
        if self._wanted is not None:
            kept = self._wanted.kept(b"\n".join(texts).decode().split("\n"))
            texts = list(compress(texts, kept))
            origins, stamps = compress(origins, kept), compress(stamps, kept)
        heads: Iterable[bytes] = map(self._heads.__getitem__, origins)
        if self._stamps:
            heads = map(add, [f"{stamp_of(ns)} ".encode() for ns in stamps], heads)
        lines = list(map(add, heads, texts))
        lines.append(b"")
        return b"\n".join(lines)


class _Heads(dict[int, bytes]):
    """By origin, made when first asked for."""

    def __init__(self, lines: PlainLines) -> None:
        super().__init__()
        self._lines = lines

    def __missing__(self, origin: int) -> bytes:
        head = self[origin] = self._lines.head(origin)
        return head


class JsonLines:
    """For programs: one object a line, notes among them."""

    def __init__(self, fleet: str, *, ascii_only: bool = False, wanted: Filter | None = None) -> None:
        self._encoder = Encoder(fleet, ascii_only=ascii_only)
        self._wanted = wanted
        self._sources: Sequence[LogSource] = ()

    def known(self, sources: Sequence[LogSource]) -> None:
        """All sources there are so far."""
        self._sources = sources

    def pieces(self, block: LogBlock) -> Iterator[Piece]:
        """Lines and notes."""
        for start, end, note in runs(block):
            if note is not None:
                source = self._sources[note.source] if note.source >= 0 else None
                yield self._encoder.note(note, source).encode(), False
            elif data := self._lines(block, start, end):
                yield data, False

    def _lines(self, block: LogBlock, start: int, end: int) -> bytes:
        raws: Iterable[bytes] = raw_lines(block, start, end)
        texts: Iterable[str] = [raw.decode("utf-8", "replace") for raw in raws]
        origins: Iterable[int] = block.origins[start:end]
        stamps: Iterable[int] = block.stamps[start:end]
        if self._wanted is not None:
            seen = b"\n".join(safe_lines(block, start, end)).decode().split("\n")
            kept = self._wanted.kept(seen)
            raws, texts = compress(raws, kept), compress(texts, kept)
            origins, stamps = compress(origins, kept), compress(stamps, kept)
        sources, encode = self._sources, self._encoder.line
        return "".join(
            [
                encode(ns, Stream(origin & 3), text, raw, sources[origin >> 2])
                for ns, origin, text, raw in zip(stamps, origins, texts, raws, strict=True)
            ]
        ).encode()


def runs(block: LogBlock) -> Iterator[tuple[int, int, Note | None]]:
    """The lines of a block from note to note: begin and end of a run of lines, or one note by itself."""
    marks = [-1, *sorted(block.notes), len(block)]
    for before, at in pairwise(marks):
        if at > before + 1:
            yield before + 1, at, None
        if at < len(block):
            yield at, at + 1, block.notes[at]


def _data(block: LogBlock, start: int, end: int) -> bytes:
    return block.data[block.ends[start - 1] if start else 0 : block.ends[end - 1]]


def raw_lines(block: LogBlock, start: int, end: int) -> list[bytes]:
    """The bytes of these lines, without newlines at their ends."""
    data = _data(block, start, end)
    if data.count(b"\n") == end - start:
        return data[:-1].split(b"\n")
    return [block.raw(number) for number in range(start, end)]


def safe_lines(block: LogBlock, start: int, end: int) -> list[bytes]:
    """The same as a terminal may see them: whole, sanitised (see `model.text`), but with their tabs."""
    data = _data(block, start, end)
    if data.count(b"\n") != end - start:
        return [_safe(block.raw(number)) for number in range(start, end)]
    if _harmless(data):
        return data[:-1].split(b"\n")
    if b"\x1b" in data:
        # No sequence of this kind reaches over the end of a line. Where it was all, nothing is left to do.
        plain = _COLOURING.sub(b"", data)
        if _harmless(plain):
            return plain[:-1].split(b"\n")
    return [line if not line.translate(None, PLAIN) else _safe(line) for line in data[:-1].split(b"\n")]


def _harmless(data: bytes) -> bool:
    """Whether there is nothing in it that `sanitise` would take out."""
    odd = data.translate(None, PLAIN)
    if not odd:
        return True
    if odd.translate(None, _CONTROL) != odd:
        return False
    try:
        text = data.translate(_BLANKS).decode()
    except UnicodeDecodeError:
        return False
    return sanitise(text, len(text) + 1) == text


def _safe(line: bytes) -> bytes:
    text = line.removesuffix(b"\r").decode("utf-8", "replace")
    if "\t" in text:
        return "\t".join(sanitise(part, len(part) + 1) for part in text.split("\t")).encode()
    return sanitise(text, len(text) + 1).encode()


_UNTOLD: Mapping[NoteKind, str] = {NoteKind.GAP: "gap", NoteKind.DROPPED: "gap"}


def told(note: Note, sources: Sequence[LogSource]) -> str:
    """A note in one line: `web@app-1: gap: rotated (2024-05-06T07:08:09.000000000Z to ...)`."""
    parts = [sources[note.source].ref] if note.source >= 0 else []
    if note.kind in _UNTOLD:
        parts.append(_UNTOLD[note.kind])
    text = ": ".join([*parts, note.text])
    if note.kind in _UNTOLD and note.from_ns is not None and note.to_ns is not None:
        text += f" ({stamp_of(note.from_ns)} to {stamp_of(note.to_ns)})"
    return text
