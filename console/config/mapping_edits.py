"""One mapping put into the text of mappings.yml: the rest of the file stays as somebody wrote it.

Comments are not lost: those inside the lines that are written anew go above them, and where a file has to
be written anew as a whole (it uses anchors, or is written in one line) they go to its head. Only those inside
the lines of a mapping that is removed go with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from console.config.mappings import parse, render, render_mapping
from console.config.yamldoc import Problems, compose
from console.errors import ConfigError
from console.model.mappings.mapping import Book, Mapping


def with_mapping(book: Book, mapping_id: str, mapping: Mapping | None) -> Book:
    """`book` with one mapping put (None: taken away); a new one comes last. The version is not yet known."""
    mappings = dict(book.mappings)
    if mapping is None:
        mappings.pop(mapping_id, None)
    else:
        mappings[mapping_id] = mapping
    return Book(mappings)


def edited(text: str, mapping_id: str, mapping: Mapping | None) -> str:
    """The text of a file with one mapping put (None: taken away). Raises ConfigError for what is wrong."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    before = parse(text, "")
    wanted = with_mapping(before, mapping_id, mapping)
    if not before.mappings:
        return "".join(f"{line}\n" for line in _comments(text)) + render(wanted)
    made = _spliced(text, mapping_id, mapping)
    if not wanted.mappings and made is not None and not any(_comments(made)):
        return render(wanted)
    if made is not None and _says(made, wanted):
        return made
    return "".join(f"{line}\n" for line in _comments(text)) + render(wanted)


def _says(text: str, wanted: Book) -> bool:
    try:
        found = parse(text, "")
    except ConfigError:
        return False
    return found == wanted and list(found.mappings) == list(wanted.mappings)


def _spliced(text: str, mapping_id: str, mapping: Mapping | None) -> str | None:
    """The text with the lines of one mapping replaced; None where they are no lines of their own."""
    root = compose(text, Problems(""))
    section = root.entries() if root is not None else None
    entry = section.get("mappings") if section else None
    if entry is None or not isinstance(entry.value.node, yaml.MappingNode) or entry.value.node.flow_style:
        return None
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    spans = [
        (key.value, key.start_mark.line, _last(value) + 1, key.start_mark.column)
        for key, value in entry.value.node.value
    ]
    found = next((span for span in spans if span[0] == mapping_id), None)
    column = spans[0][3]
    new = _indented(mapping, column) if mapping is not None else []
    if found is None:
        end = spans[-1][2]
        return "".join(lines[:end] + new + lines[end:])
    _, start, end, _ = found
    if mapping is None:
        return "".join(lines[:start] + lines[end:])
    comments = [f"{' ' * column}{comment}\n" for comment in _comments("".join(lines[start:end]))]
    return "".join(lines[:start] + comments + new + lines[end:])


def _last(node: yaml.Node) -> int:
    """The last line a node stands on: its end mark is on the line of whatever comes next."""
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    if not block or not node.value:
        end = node.end_mark
        # A block of text (`|`) ends where the next line begins.
        return int(end.line) - (end.column == 0 and end.line > node.start_mark.line)
    last = node.value[-1]
    return _last(last[1] if isinstance(last, tuple) else last)


def _indented(mapping: Mapping, column: int) -> list[str]:
    """The lines of a mapping, its key at `column`."""
    lines = render_mapping(mapping).splitlines(keepends=True)
    return [" " * column + line[2:] for line in lines]


def _comments(text: str) -> Iterator[str]:
    """The comments of a text, in order: whatever stands after the last token of a line."""
    lines = text.splitlines()
    ends = [0] * len(lines)
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.BlockEndToken | yaml.StreamEndToken | yaml.BlockMappingStartToken):
            continue
        for number in range(token.start_mark.line, min(token.end_mark.line + 1, len(lines))):
            inside = number < token.end_mark.line
            ends[number] = len(lines[number]) if inside else max(ends[number], token.end_mark.column)
    for line, end in zip(lines, ends, strict=True):
        rest = line[end:].strip()
        if rest.startswith("#"):
            yield rest
