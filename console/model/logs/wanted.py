"""What somebody searches for, and which lines of a block have it: fast for the usual case, right for all.

A line is searched as it reads: without escape sequences and without what a carriage return overwrites, so
that colours do not hide a match; tabs are tabs. Case does not matter unless what is wanted has a capital.
"""

from __future__ import annotations

import re
import warnings
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, chain, compress, repeat
from operator import add, contains

from console.errors import UsageError
from console.model.logs.patience import TookTooLong, at_most
from console.model.text import without_sequences

REGEX_BYTES = 64 * 1024
"""How much of a line a regular expression looks at: many take time by the square of the length."""

REGEX_SECONDS = 1.0
"""How long a regular expression may take over one block of lines. Usually it takes milliseconds."""

_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_PLAIN = re.compile(r"[^\\.^$*+?{}\[\]()\n]+")
"""A regular expression that is no more than a text, or several between bars."""
# Where these are all that there is, lower case on both sides is the same as ignoring case.
_FOLDS = re.compile(
    r"(?:[^\\\[(]|\((?!\?)|\(\?:|\\[dDsSwWbB.^$*+?{}\[\]()|/\\-]"
    r"|\[\^?(?:a-z|0-9|[a-z0-9_ .,:;=/@\"'#%&<>!~])+\])*"
)


class Wanted:
    """A text or a regular expression to look for. Immutable."""

    def __init__(self, wanted: str, *, regex: bool = False) -> None:
        """Raises UsageError where `wanted` is no regular expression, and says at which character."""
        folded = not any(map(str.isupper, re.sub(r"\\.", "", wanted) if regex else wanted))
        self.pattern = _compiled(wanted if regex else _as_regex(wanted, folded), folded and regex)
        """What the text of a line is searched with."""
        self._needles = _needles(wanted, regex, folded)
        """The bytes to look for, any of them, where it is as simple as that."""
        self._lower = folded and (bool(self._needles) or _FOLDS.fullmatch(wanted) is not None)
        """Whether lines are made lower case instead of ignoring case: that takes a fifth of the time."""
        self._bytes = _bytes_pattern(wanted, folded and not self._lower) if regex else None

    def lines(self, data: bytes, ends: Sequence[int]) -> list[int]:
        """The numbers of the lines that match, ascending. Line `i` ends, newline included, at `ends[i]`.

        Raises UsageError where a regular expression takes too long over them (in the main thread only, see
        `patience`).
        """
        if data.count(b"\n") != len(ends):
            data = _one_newline_each(data, ends)
        if self._needles:
            return self._by_text(data, ends)
        try:
            with at_most(REGEX_SECONDS):
                return self._by_regex(_tidied(data))
        except TookTooLong as exc:
            raise UsageError(
                "the regular expression takes too long on these lines",
                next_step="repeat less within what is repeated, or look for a plain text",
            ) from exc

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it is in a text that is shown: (start, end) of each, not empty, not overlapping."""
        try:
            with at_most(REGEX_SECONDS):
                return [match.span() for match in self.pattern.finditer(text) if match.end() > match.start()]
        except TookTooLong:
            return []

    def _by_text(self, data: bytes, ends: Sequence[int]) -> list[int]:
        # The ends of a terminal's lines are in nobody's way.
        if not _is_dirty(data) or (b"\x1b" not in data and data.count(b"\r") == data.count(b"\r\n")):
            return self._containing(data, ends)
        data = _tidied(data)
        lines = _split(data)
        ends = array("Q", map(add, accumulate(map(len, lines)), range(1, len(lines) + 1)))
        odd = [i for i, line in enumerate(lines) if _is_dirty(line)] if _is_dirty(data) else []
        return self._mended(self._containing(data, ends), odd, lines)

    def _containing(self, data: bytes, ends: Sequence[int]) -> list[int]:
        """The numbers of the lines that have one of the needles, ascending."""
        if self._lower:
            data = data.lower()
        found = [_numbers(data, ends, needle) for needle in self._needles]
        return found[0] if len(found) == 1 else sorted(set(chain.from_iterable(found)))

    def _by_regex(self, data: bytes) -> list[int]:
        lines = _split(data)
        if len(data) > REGEX_BYTES and max(map(len, lines)) > REGEX_BYTES:
            lines = [line[:REGEX_BYTES] for line in lines]
            data = b"\n".join(lines) + b"\n"
        if self._bytes is None:
            return self._mended((), range(len(lines)), lines)
        searched = _split(data.lower()) if self._lower else lines
        found = compress(range(len(lines)), map(self._bytes.search, searched))
        odd: list[int] = []
        if not data.isascii() or _is_dirty(data):
            odd = [i for i, line in enumerate(lines) if not line.isascii() or _is_dirty(line)]
        return self._mended(found, odd, lines)

    def _mended(self, found: Iterable[int], odd: Collection[int], lines: Sequence[bytes]) -> list[int]:
        """`found`, with those lines that are odd looked at as text."""
        search = self.pattern.search
        if not odd:
            return list(found)
        right = (i for i in odd if search(as_read(lines[i])))
        return sorted({*found}.difference(odd).union(right))


def _numbers(data: bytes, ends: Sequence[int], needle: bytes) -> list[int]:
    """The numbers of the lines that have `needle`, ascending."""
    found: list[int] = []
    enough = len(ends) // 8
    line = 0
    at = data.find(needle)
    while at >= 0:
        line = bisect_right(ends, at, line)
        found.append(line)
        if len(found) > enough:  # with so many it is faster to look at every line
            return list(compress(range(len(ends)), map(contains, _split(data), repeat(needle))))
        at = data.find(needle, ends[line])
    return found


def as_read(line: bytes) -> str:
    """A line, without its newline, as it reads: not safe to be shown."""
    if b"\r" in line:
        line = line.rstrip(b"\r")
        line = line[line.rfind(b"\r") + 1 :]
    text = line.decode("utf-8", "replace")
    return without_sequences(text) if "\x1b" in text else text


def _is_dirty(data: bytes) -> bool:
    return b"\x1b" in data or b"\r" in data


def _split(data: bytes) -> list[bytes]:
    return data[:-1].split(b"\n")


def _tidied(data: bytes) -> bytes:
    """Lines without terminals' line ends, and without colours where nothing worse is among them."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if b"\x1b" in data and b"\r" not in data:
        plain = _COLOUR.sub(b"", data)
        return data if b"\x1b" in plain else plain
    return data


def _one_newline_each(data: bytes, ends: Sequence[int]) -> bytes:
    """Lines whose own newlines are made blanks."""
    starts = chain((0,), ends)
    return b"".join(
        data[start : end - 1].replace(b"\n", b" ") + b"\n" for start, end in zip(starts, ends, strict=False)
    )


def _needles(wanted: str, regex: bool, folded: bool) -> tuple[bytes, ...]:
    texts = wanted.split("|") if regex else [wanted]
    if regex and not all(map(_PLAIN.fullmatch, texts)):
        return ()
    # Bytes are made lower case as ASCII; undecodable ones become U+FFFD; a line has no newline.
    if (folded and any(len(_cases(c)) > 1 and not c.isascii() for c in wanted)) or {"\ufffd", "\n"} & {
        *wanted
    }:
        return ()
    return tuple(text.encode("utf-8", "replace") for text in texts)


def _cases(char: str) -> set[str]:
    """A character in either case, as far as that is one character."""
    return {c for c in (char, char.lower(), char.upper(), char.title()) if len(c) == 1}


def _as_regex(text: str, folded: bool) -> str:
    """A regular expression for a plain text; `folded`: in any case."""
    if not folded:
        return re.escape(text)
    return "".join("[" + "".join(map(re.escape, sorted(_cases(c)))) + "]" for c in text)


def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as exc:
        where = f" at character {exc.pos + 1}" if exc.pos is not None else ""
        raise UsageError(f"not a regular expression: {exc.msg}{where}") from exc
    except (OverflowError, RecursionError) as exc:
        raise UsageError("not a regular expression: too large or too deep") from exc


def _bytes_pattern(pattern: str, ignore_case: bool) -> re.Pattern[bytes] | None:
    """The same for lines of ASCII; None where there is no such."""
    if not pattern.isascii():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern.encode(), re.IGNORECASE if ignore_case else 0)
    except re.error:  # what only text has: \\u, \\N, (?u)
        return None
