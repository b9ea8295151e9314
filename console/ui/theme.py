"""Themes: the tones of the console, and how they become a Textual theme and Rich styles.

A **tone** is what a piece of text means (`ok`, `bad`, `dim`, `header` ...), never what it looks like. A
theme gives each tone a look. Style sheets read `$tone-NAME`, `$tone-NAME-background` and `$tone-NAME-style`;
widgets that draw lines themselves ask `styles_for`. Themes that are not ours (Textual's own) get tones made
from their base colours, so every theme of the palette works.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

TONES: Final = (
    "text",
    "dim",
    "header",
    "group",
    "accent",
    "ok",
    "warn",
    "bad",
    "stale",
    "off",
    "mark",
    "cursor",
    "cursor-blurred",
)
"""Every tone a theme must give. `cursor` and `cursor-blurred` are laid over the tones of a row."""

OVERLAYS: Final = ("cursor", "cursor-blurred")

MORE_TONES: Final[Mapping[str, str]] = {
    "log-error": "bad",
    "log-debug": "dim",
    "stderr": "warn",
    "source-1": "accent",
    "source-2": "ok",
    "source-3": "stale",
    "source-4": "group",
    "source-5": "mark",
    "source-6": "accent",
    "source-7": "ok",
    "source-8": "stale",
}
"""Tones a theme may give, and which of `TONES` stands in for one that it does not: text of lines that say
they are errors or for debugging, the sign of a standard error, and the labels of the sources of a log.
"""

SOURCES: Final = tuple(name for name in MORE_TONES if name.startswith("source-"))

ATTRIBUTES: Final = ("bold", "dim", "italic", "underline", "reverse")

DEFAULT_THEME: Final = "dockcon-dark"
NO_COLOR_THEME: Final = "ansi"
"""With NO_COLOR set: the terminal's own ground, from which Textual then takes every colour away."""


@dataclass(frozen=True, slots=True)
class Tone:
    """The look of one tone; empty strings leave what is below."""

    color: str = ""
    background: str = ""
    attributes: tuple[str, ...] = ()
    """Of `ATTRIBUTES`; with `not ` before it an attribute is taken away from what is below."""

    def rich(self) -> Style:
        """The same as a Rich style."""
        switches = {a.removeprefix("not "): not a.startswith("not ") for a in self.attributes}
        return Style(
            color=Color.parse(self.color).rich_color if self.color else None,
            bgcolor=Color.parse(self.background).rich_color if self.background else None,
            bold=switches.get("bold"),
            dim=switches.get("dim"),
            italic=switches.get("italic"),
            underline=switches.get("underline"),
            reverse=switches.get("reverse"),
        )

    def variables(self, name: str, foreground: str) -> dict[str, str]:
        """Variables for style sheets, which need a value even where the tone leaves what is below."""
        return {
            f"tone-{name}": self.color or foreground,
            f"tone-{name}-background": self.background or "transparent",
            f"tone-{name}-style": " ".join(a for a in self.attributes if " " not in a) or "none",
            f"tone-{name}-keeps": "no" if self.color else "yes",
        }


MONOCHROME: Final[Mapping[str, Tone]] = {
    "text": Tone(),
    "dim": Tone(attributes=("dim",)),
    "header": Tone(attributes=("bold", "underline")),
    "group": Tone(attributes=("bold",)),
    "accent": Tone(attributes=("bold",)),
    "ok": Tone(),
    "warn": Tone(attributes=("underline",)),
    "bad": Tone(attributes=("bold", "underline")),
    "stale": Tone(attributes=("italic",)),
    "off": Tone(attributes=("dim",)),
    "mark": Tone(attributes=("bold",)),
    "cursor": Tone(attributes=("reverse", "not dim")),
    "cursor-blurred": Tone(attributes=("underline",)),
}
"""Tones without any colour, for NO_COLOR."""

_MORE_MONOCHROME: Final[Mapping[str, Tone]] = {
    **dict.fromkeys(MORE_TONES, Tone()),
    "log-error": Tone(attributes=("bold",)),
    "log-debug": Tone(attributes=("dim",)),
    "stderr": Tone(attributes=("bold",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleTheme:
    """One theme file, checked: every base colour and tone is there and parses."""

    name: str
    dark: bool
    ansi: bool
    """Use the terminal's sixteen colours as they are."""
    base: Mapping[str, str]
    tones: Mapping[str, Tone]
    textual: Mapping[str, str] = field(default_factory=dict)
    """Textual's own variables, where the theme wants them otherwise."""
    file: str = ""

    def to_textual(self) -> Theme:
        """Make the theme Textual knows, with our tones among its variables."""
        foreground = self.base["foreground"]
        variables = _widget_variables(self.base, self.tones)
        for name, tone in self.tones.items():
            variables |= tone.variables(name, foreground)
        if self.ansi:
            variables |= _MISSING_WHEN_ANSI
        if is_monochrome():
            variables["block-cursor-text-style"] = "bold reverse"
        variables |= self.textual
        return Theme(
            name=self.name,
            primary=self.base["primary"],
            secondary=self.base["secondary"],
            accent=self.base["accent"],
            foreground=foreground,
            background=self.base["background"],
            surface=self.base["surface"],
            panel=self.base["panel"],
            success=self.tones["ok"].color,
            warning=self.tones["warn"].color,
            error=self.tones["bad"].color,
            dark=self.dark,
            ansi=self.ansi,
            variables=variables,
        )


_MISSING_WHEN_ANSI: Final = {
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
    "surface-active": "ansi_default",
    "foreground-disabled": "ansi_default",
}
"""What Textual's style sheets refer to but its colour system leaves out for a theme of terminal colours."""


def _widget_variables(base: Mapping[str, str], tones: Mapping[str, Tone]) -> dict[str, str]:
    """What Textual's own widgets (palette, inputs, scroll bars) use, in the tones of ours."""
    cursor = tones["cursor"]
    return {
        "border": base["border"],
        "border-blurred": base["border-blurred"],
        "block-cursor-foreground": cursor.color or base["foreground"],
        "block-cursor-background": cursor.background or base["primary"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-foreground": base["foreground"],
        "block-cursor-blurred-background": tones["cursor-blurred"].background or base["panel"],
        "footer-background": base["surface"],
        "footer-foreground": tones["dim"].color,
        "footer-description-foreground": tones["dim"].color,
        "footer-key-foreground": base["accent"],
        "scrollbar": base["border-blurred"],
        "scrollbar-hover": tones["dim"].color,
        "scrollbar-active": base["primary"],
        "scrollbar-background": base["background"],
        "scrollbar-background-hover": base["background"],
        "scrollbar-background-active": base["background"],
        "scrollbar-corner-color": base["background"],
        "input-selection-background": cursor.background or base["primary"],
    }


def is_monochrome() -> bool:
    """Whether the user wants no colour (https://no-color.org): NO_COLOR set to anything but nothing."""
    return bool(os.environ.get("NO_COLOR"))


def variable_defaults(theme: Theme) -> dict[str, str]:
    """Tones for a theme that may not have any; for `App.get_theme_variable_defaults`."""
    made = theme.to_color_system().generate()
    warning = theme.warning or made["warning"]
    tones = {
        "text": Tone(made["foreground"]),
        "dim": Tone(made["foreground"], attributes=("dim",)),
        "header": Tone(made["foreground"], attributes=("bold",)),
        "group": Tone(made["foreground"], attributes=("bold",)),
        "accent": Tone(made["accent"]),
        "ok": Tone(made["success"]),
        "warn": Tone(warning),
        "bad": Tone(made["error"], attributes=("bold",)),
        "stale": Tone(made["foreground"], attributes=("italic", "dim")),
        "off": Tone(made["foreground"], attributes=("dim",)),
        "mark": Tone(warning, attributes=("bold",)),
        "cursor": Tone(attributes=("reverse", "not dim")),
        "cursor-blurred": Tone(attributes=("underline",)),
    }
    return {key: value for name in TONES for key, value in tones[name].variables(name, "").items() if value}


def styles_for(theme: Theme, *, monochrome: bool | None = None) -> Mapping[str, Style]:
    """Rich styles by tone, for widgets that draw their own lines; besides all tones `rule` (lines between
    sections), `graph`, and `hit` and `hit-current` to lay over found text.

    Lay `cursor` over a cell with `cell + cursor`. A theme without tones gets those of
    `variable_defaults`. `monochrome` None asks the environment.
    """
    if is_monochrome() if monochrome is None else monochrome:
        styles = {name: tone.rich() for name, tone in {**MONOCHROME, **_MORE_MONOCHROME}.items()}
        return {**styles, "rule": styles["dim"], "graph": Style.null(), **_FOUND}
    # Making defaults costs more than all the rest, and bars ask for styles with every line they draw.
    ours = "tone-text" in theme.variables
    variables = theme.variables if ours else {**variable_defaults(theme), **theme.variables}
    styles = {name: _tone_of(variables, name).rich() for name in TONES}
    for name, other in MORE_TONES.items():
        given = f"tone-{name}" in variables
        styles[name] = _tone_of(variables, name).rich() if given else styles[other]
    rule = Tone(variables["border-blurred"]).rich() if "border-blurred" in variables else styles["dim"]
    return {**styles, "rule": rule, "graph": styles["accent"], **_FOUND}


_FOUND: Final[Mapping[str, Style]] = {
    "hit": Style(bold=True, underline=True),
    "hit-current": Style(reverse=True, dim=False),
}
"""Marks of found text, laid over tones: attributes alone, the same in every theme."""


def _tone_of(variables: Mapping[str, str], name: str) -> Tone:
    """Read one tone back from a theme's variables."""
    color = variables.get(f"tone-{name}", "")
    background = variables.get(f"tone-{name}-background", "transparent")
    style = variables.get(f"tone-{name}-style", "none")
    attributes = tuple(a for a in style.split() if a in ATTRIBUTES)
    if name in OVERLAYS:
        # A cursor never dims what is below, and leaves its colours unless the theme says otherwise.
        attributes += ("not dim",)
        color = "" if variables.get(f"tone-{name}-keeps") == "yes" else color
    return Tone(color, "" if background == "transparent" else background, attributes)
