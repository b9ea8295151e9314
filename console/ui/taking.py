"""Taking something off the screen: a pane as text, and a file only its owner can read."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from console.ui.cells import UNICODE, Column, fit, width_of
from console.ui.widgets.rowstore import Row


def row_text(row: Row) -> str:
    """One row, its cells apart."""
    return "  ".join(cell.text for cell in row.cells)


def pane_text(columns: Sequence[Column], rows: Sequence[Row], said: str) -> str:
    """Every row of a table, nothing cut, with a line on top that says what it is."""
    plain = [row for row in rows if not row.heading]
    widths = [
        max([width_of(column.title), *(width_of(row.cells[at].text) for row in plain)])
        for at, column in enumerate(columns)
    ]
    lines = [said, "  " + _line([column.title for column in columns], columns, widths)]
    for row in rows:
        if row.heading:
            lines.append(row.cells[0].text)
        else:
            lines.append(f"{row.sign.text} " + _line([cell.text for cell in row.cells], columns, widths))
    return "\n".join(lines) + "\n"


def _line(texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    cells = zip(texts, columns, widths, strict=True)
    return "  ".join(fit(text, width, UNICODE, column.right) for text, column, width in cells).rstrip()


def save(directory: Path, name: str, text: str, now: float) -> Path:
    """Write `text` to a new file in `directory`; return its path. Raises OSError."""
    (path,), (stream,) = create(directory, name, ("txt",), now)
    with stream:
        stream.write(text)
    return path


def create(
    directory: Path, name: str, kinds: Sequence[str], now: float
) -> tuple[tuple[Path, ...], tuple[TextIO, ...]]:
    """Open new files in `directory`, one for each kind (`txt`), which share their stem. Raises OSError.

    Only their owner may read them: labels and addresses are nobody else's business.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = time.strftime(f"{name}-%Y%m%d-%H%M%S", time.localtime(now))
    for attempt in range(1000):
        paths = [directory / f"{stem}{f'-{attempt}' if attempt else ''}.{kind}" for kind in kinds]
        if any(path.exists() or path.is_symlink() for path in paths):
            continue
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        files = [os.open(path, flags, 0o600) for path in paths]
        return tuple(paths), tuple(os.fdopen(file, "w", encoding="utf-8", newline="\n") for file in files)
    raise FileExistsError(f"{directory / stem} and a thousand more exist")


def typed(path: Path) -> str:
    """A path as one would type it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path.absolute())
