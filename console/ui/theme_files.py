"""Reading theme files: YAML to `ConsoleTheme`, with every mistake named by file, line and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import yaml
from textual.color import Color, ColorParseError
from textual.design import ColorSystem

import console
from console.errors import ConfigProblem
from console.ui.theme import (
    ATTRIBUTES,
    DEFAULT_THEME,
    MORE_TONES,
    OVERLAYS,
    TONES,
    ConsoleTheme,
    Tone,
)

BASE: Final = (
    "background",
    "surface",
    "panel",
    "foreground",
    "primary",
    "secondary",
    "accent",
    "border",
    "border-blurred",
)
"""Colours every theme must give besides its tones."""

SECTIONS: Final = ("name", "dark", "ansi", "base", "tones", "textual")

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ThemeSet:
    """All themes that could be read, by name, and what was wrong with the others."""

    themes: Mapping[str, ConsoleTheme]
    problems: tuple[ConfigProblem, ...] = ()

    def pick(self, name: str) -> tuple[ConsoleTheme, str]:
        """The theme asked for; else the default, and a sentence saying why."""
        if name in self.themes:
            return self.themes[name], ""
        known = ", ".join(sorted(self.themes))
        return self.themes[
            DEFAULT_THEME
        ], f"no theme {name!r}{_nearest(name, self.themes)} (there are: {known})"

    def notice(self) -> str:
        """One text for one toast, naming every broken file and its first mistakes; empty when all is well."""
        if not self.problems:
            return ""
        files = list(dict.fromkeys(p.file for p in self.problems))
        lines = []
        for file in files:
            of_file = [p for p in self.problems if p.file == file]
            first = of_file[0]
            more = f" (and {len(of_file) - 1} more)" if len(of_file) > 1 else ""
            where = f"{Path(file).name}:{first.line}" if first.line else Path(file).name
            key = f"{first.key}: " if first.key else ""
            lines.append(f"{where}: {key}{first.message}{more}")
        return "\n".join(lines)


def shipped_directory() -> Path:
    """Where our own themes are: inside the installed package, else the source tree."""
    package = Path(console.__file__).parent
    installed = package / "_themes"
    return installed if installed.is_dir() else package.parent / "themes"


def load_themes(user_directory: Path | None = None) -> ThemeSet:
    """Read the shipped themes, then the user's; of two with one name the later wins.

    A broken file is left out whole and listed; a theme of the same name read before it stays.
    """
    themes: dict[str, ConsoleTheme] = {}
    problems: list[ConfigProblem] = []
    for directory in (shipped_directory(), user_directory):
        if directory is None or not directory.is_dir():
            continue
        for path in sorted(directory.glob("*.yml")):
            theme, wrong = read_theme(path)
            problems += wrong
            if theme is not None:
                themes[theme.name] = theme
    return ThemeSet(themes, tuple(problems))


def read_theme(path: Path) -> tuple[ConsoleTheme | None, list[ConfigProblem]]:
    """Read one file; None when anything in it is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        return None, [ConfigProblem(str(path), 0, "", f"cannot be read: {exc}")]
    return parse_theme(text, str(path))


def parse_theme(text: str, file: str) -> tuple[ConsoleTheme | None, list[ConfigProblem]]:
    """Check the text of a theme file; a theme, or every problem found."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        what = getattr(exc, "problem", None) or str(exc).splitlines()[0]
        return None, [ConfigProblem(file, mark.line + 1 if mark else 0, "", f"not YAML: {what}")]
    reader = _Reader(file)
    theme = reader.theme(root)
    return (None if reader.problems else theme), reader.problems


class _Reader:
    """Walks one document and collects problems instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[ConfigProblem] = []

    def wrong(self, node: yaml.Node | None, key: str, message: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 0
        self.problems.append(ConfigProblem(self.file, line, key, message))

    def theme(self, root: yaml.Node | None) -> ConsoleTheme:
        top = self.mapping(root, "", SECTIONS, required=("name", "base", "tones"))
        name = self.scalar(top.get("name"), "name")
        base_node, tones_node, textual_node = top.get("base"), top.get("tones"), top.get("textual")
        base = self.section(base_node, "base", BASE, required=BASE)
        tones = self.section(tones_node, "tones", (*TONES, *MORE_TONES), required=TONES)
        known = ColorSystem("#000000").generate()
        textual = self.section(textual_node, "textual", tuple(known)) if textual_node else {}
        return ConsoleTheme(
            name=name,
            dark=self.flag(top.get("dark"), "dark", default=True),
            ansi=self.flag(top.get("ansi"), "ansi", default=False),
            base={k: self.color(v, f"base.{k}") for k, v in base.items()},
            tones={k: self.tone(v, f"tones.{k}", overlay=k in OVERLAYS) for k, v in tones.items()},
            textual={k: self.variable(v, f"textual.{k}") for k, v in textual.items()},
            file=self.file,
        )

    def mapping(
        self, node: yaml.Node | None, key: str, known: Sequence[str], required: Iterable[str] = ()
    ) -> dict[str, yaml.Node]:
        """Entries of a mapping with known keys; whatever else there is becomes a problem."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, key, "must be a mapping of keys to values" if node is not None else "is empty")
            return {}
        found: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value)
            dotted = f"{key}.{name}" if key else name
            if name not in known:
                self.wrong(key_node, dotted, f"unknown key{_nearest(name, known)}")
            elif name in found:
                self.wrong(key_node, dotted, "stands here twice")
            else:
                found[name] = value_node
        for name in required:
            if name not in found:
                self.wrong(node, f"{key}.{name}" if key else name, "is missing")
        return found

    def section(
        self, node: yaml.Node | None, key: str, known: Sequence[str], required: Iterable[str] = ()
    ) -> dict[str, yaml.Node]:
        """Like `mapping`, silent when the section itself is missing (said already)."""
        return self.mapping(node, key, known, required) if node is not None else {}

    def scalar(self, node: yaml.Node | None, key: str) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.wrong(node, key, "must be a text")
            return ""
        return str(node.value)

    def flag(self, node: yaml.Node | None, key: str, *, default: bool) -> bool:
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode) or node.value not in ("true", "false"):
            self.wrong(node, key, "must be true or false")
            return default
        return bool(node.value == "true")

    def color(self, node: yaml.Node, key: str) -> str:
        value = self.scalar(node, key)
        if value:
            self.check_color(node, key, value)
        return value

    def check_color(self, node: yaml.Node, key: str, value: str) -> None:
        try:
            parsed = Color.parse(value)
        except ColorParseError as exc:
            hint = f"; did you mean {exc.suggested_color!r}?" if exc.suggested_color else ""
            quoted = " (a colour that begins with # needs quotes in YAML)" if value.startswith("#") else ""
            self.wrong(node, key, f"{value!r} is no colour{hint}{quoted}")
            return
        if parsed.a != 1 and parsed.ansi is None:
            self.wrong(node, key, f"{value!r} is see-through: the console's colours must be solid")

    def variable(self, node: yaml.Node, key: str) -> str:
        """One of Textual's own variables: a colour, or attributes where its name ends in `style`."""
        if not key.endswith("style"):
            return self.color(node, key)
        value = self.scalar(node, key)
        for word in value.split():
            if word not in (*ATTRIBUTES, "none", "not", "b", "u", "i"):
                self.wrong(node, key, f"{word!r} is no text style{_nearest(word, ATTRIBUTES)}")
        return value

    def tone(self, node: yaml.Node, key: str, *, overlay: bool) -> Tone:
        """Attributes, a colour, `on` a background, in the manner of Rich styles."""
        color = background = ""
        attributes: list[str] = []
        words = iter(self.scalar(node, key).split())
        for word in words:
            if word == "on":
                background = next(words, "")
                self.check_color(node, key, background)
            elif word == "not":
                attributes.append(f"not {self.attribute(node, key, next(words, ''))}")
            elif word in ATTRIBUTES:
                attributes.append(word)
            elif color:
                self.wrong(node, key, f"a second colour {word!r} after {color!r}")
            else:
                color = word
                if near := get_close_matches(word, ATTRIBUTES, n=1):
                    self.wrong(
                        node, key, f"{word!r} is neither a colour nor a style; did you mean {near[0]!r}?"
                    )
                else:
                    self.check_color(node, key, word)
        if not color and not overlay:
            self.wrong(node, key, "has no colour")
        if background and not overlay:
            self.wrong(node, key, "only the cursor tones may have a background")
        return Tone(color, background, tuple(attributes))

    def attribute(self, node: yaml.Node, key: str, word: str) -> str:
        if word not in ATTRIBUTES:
            self.wrong(node, key, f"{word!r} is no text style{_nearest(word, ATTRIBUTES)}")
        return word


def _nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
