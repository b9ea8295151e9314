"""A YAML file as nodes with line numbers, and every defect as a `ConfigProblem`.

Values are read by their spelling, not by YAML 1.1's idea of their type: `observe: off`, `user: no` and
`port: 0022` are what somebody wrote, not `False` and 18. Nothing is ever constructed from a tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from console.errors import ConfigProblem
from console.model.text import sanitise

MAX_BYTES = 1 << 20
"""A configuration larger than this is a mistake."""
MAX_MERGED = 10_000
"""Keys that merges (`<<`) may bring in before the file counts as an attack of aliases on memory."""
MAX_DEPTH = 100
"""Of nested lists and mappings."""

_CORE = "tag:yaml.org,2002:"
_KINDS = {"str", "int", "float", "bool", "null", "timestamp", "merge", "value", "binary", "map", "seq"}


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with one file."""

    file: str
    found: list[ConfigProblem] = field(default_factory=list)
    warned: list[ConfigProblem] = field(default_factory=list)
    """What a check should say but nobody has to mend before starting."""

    def add(self, line: int, key: str, message: str) -> None:
        self.found.append(ConfigProblem(self.file, line, key, message))

    def warn(self, line: int, key: str, message: str) -> None:
        self.warned.append(ConfigProblem(self.file, line, key, message))


@dataclass(frozen=True, slots=True)
class Value:
    """One node of the document and the dotted path that leads to it."""

    node: yaml.Node
    path: str
    problems: Problems

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def is_null(self) -> bool:
        return self.node.tag == _CORE + "null"

    @property
    def is_map(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def problem(self, message: str) -> None:
        """Report something wrong with this value."""
        self.problems.add(self.line, self.path, message)

    def warn(self, message: str) -> None:
        """Report something worth a look."""
        self.problems.warn(self.line, self.path, message)

    def text(self) -> str | None:
        """The value as it was spelled; None (reported) for a list, a mapping, nothing, or unsafe text."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.problem(f"expected one value, not {kind(self.node)}")
        elif self.is_null:
            self.problem("nothing is given here")
        elif sanitise(self.node.value) != self.node.value:
            self.problem("has control or invisible characters, or is far too long")
        else:
            return str(self.node.value)
        return None

    def items(self) -> list[Value]:
        """The elements of a list, or the value alone."""
        if not isinstance(self.node, yaml.SequenceNode):
            return [self]
        return [Value(n, f"{self.path}[{i}]", self.problems) for i, n in enumerate(self.node.value)]

    def entries(self) -> dict[str, Entry] | None:
        """A mapping's entries with those of merges (`<<`); None (reported) when it is none."""
        if not isinstance(self.node, yaml.MappingNode):
            self.problem(f"expected `key: value` lines, not {kind(self.node)}")
            return None
        return _Merger(self).entries()


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` line."""

    key: str
    key_line: int
    value: Value

    def problem(self, message: str) -> None:
        """Report something wrong with the key."""
        self.value.problems.add(self.key_line, self.value.path, message)


class _Merger:
    """Reads one mapping node with what `<<` brings in."""

    def __init__(self, value: Value) -> None:
        self._value = value
        self._merged = 0
        self._found: dict[str, Entry] = {}

    def entries(self) -> dict[str, Entry]:
        self._read(self._value.node, ())
        if self._merged > MAX_MERGED:
            self._value.problem("merges far too much")
        return self._found

    def _read(self, node: yaml.Node, above: tuple[yaml.Node, ...]) -> None:
        value = self._value
        if not isinstance(node, yaml.MappingNode) or any(node is n for n in above):
            value.problem("`<<` wants another mapping, or a list of some")
            return
        merges: list[yaml.Node] = []
        own: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.tag == _CORE + "merge":
                merges += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                continue
            key = self._key(key_node)
            if key is None:
                continue
            line = int(key_node.start_mark.line) + 1
            path = f"{value.path}.{key}" if value.path else key
            if key in own:
                value.problems.add(line, path, "stands here twice")
            own.add(key)
            self._found.setdefault(key, Entry(key, line, Value(value_node, path, value.problems)))
        for merge in merges:
            self._merged += 1 + (len(merge.value) if isinstance(merge, yaml.MappingNode) else 0)
            if self._merged > MAX_MERGED:
                return
            self._read(merge, (*above, node))

    def _key(self, node: yaml.Node) -> str | None:
        """A key by its spelling: a host may be called `no` or `null`."""
        key = Value(node, self._value.path, self._value.problems)
        return str(node.value) if key.is_null and node.value else key.text()


def kind(node: yaml.Node) -> str:
    """What a node is, in an operator's words."""
    if isinstance(node, yaml.MappingNode):
        return "`key: value` lines"
    return "a list" if isinstance(node, yaml.SequenceNode) else "one value"


def read_document(path: Path, problems: Problems) -> Value | None:
    """Read and compose one file. None, with the reason in `problems`, when it is no YAML document.

    An empty file is reported too. Raises nothing for what is wrong with the file itself.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        problems.add(0, "", f"cannot be read: {error.strerror or error}")
        return None
    if len(raw) > MAX_BYTES:
        problems.add(0, "", f"is larger than {MAX_BYTES >> 20} MiB")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(raw[: error.start].count(b"\n") + 1, "", "is not UTF-8 text")
        return None
    return compose(text, problems)


def compose(text: str, problems: Problems) -> Value | None:
    """The root of the one document in `text`; None (reported) when there is none."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _depth(text, loader) > MAX_DEPTH:
            problems.add(0, "", "is nested too deeply")
            return None
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(mark.line + 1 if mark else 0, "", _syntax(error, text))
        return None
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        problems.add(text[:position].count("\n") + 1, "", "has a character that YAML does not allow")
        return None
    if root is None:
        problems.add(0, "", "is empty")
        return None
    if not _check_tags(root, problems):
        return None
    return Value(root, "", problems)


def _depth(text: str, loader: Any) -> int:
    """How deep the document is nested. Composing recurses, in C without a limit: it would end the process."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest


def _syntax(error: yaml.MarkedYAMLError, text: str) -> str:
    """A parser's message as one sentence, with the usual suspect where there is one."""
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "is indented with a tab: YAML wants blanks"
    from console.model.secrets import mask_text  # slow to load, and most files have no problems

    said = mask_text(", ".join(part for part in (error.problem, error.context) if part))
    return f"is not YAML: {said}"


def _check_tags(root: yaml.Node, problems: Problems) -> bool:
    """Refuse tags such as `!!python/object`. An aliased node is looked at once: no alias blows this up."""
    seen: set[int] = set()
    queue = [root]
    good = True
    while queue:
        node = queue.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not (node.tag.startswith(_CORE) and node.tag[len(_CORE) :] in _KINDS):
            problems.add(
                node.start_mark.line + 1, "", f"has a tag ({sanitise(node.tag, 60)}): tags are not allowed"
            )
            good = False
        if isinstance(node, yaml.MappingNode):
            queue += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            queue += node.value
    return good


def nearest(word: str, valid: Iterable[str]) -> str:
    """`did you mean X?`, or nothing where nothing is near."""
    import difflib  # only for whoever has made a mistake

    folded = {v.casefold(): v for v in valid}
    _, dot, last = word.casefold().rpartition(".")
    if dot and (alike := {name: v for name, v in folded.items() if name.endswith(f".{last}")}):
        # `app.freeze`: the right thing in the wrong place.
        folded = alike
    near = difflib.get_close_matches(word.casefold(), folded, 1)
    return f"did you mean `{folded[near[0]]}`?" if near else ""


def quote(text: str) -> str:
    """What somebody wrote, for a message: short, harmless, without secrets."""
    from console.model.secrets import mask_text  # slow to load, and most files have no problems

    return f"`{sanitise(mask_text(text), 80)}`"
