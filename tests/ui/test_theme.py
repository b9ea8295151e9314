"""Themes: the shipped ones load and can be read by people, broken ones are named and left out."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Static

from console.ui.theme import (
    DEFAULT_THEME,
    MONOCHROME,
    MORE_TONES,
    NO_COLOR_THEME,
    OVERLAYS,
    SOURCES,
    TONES,
    ConsoleTheme,
    styles_for,
    variable_defaults,
)
from console.ui.theme_files import load_themes, parse_theme, shipped_directory

SHIPPED = load_themes()
COLOURED = [t for t in SHIPPED.themes.values() if not t.ansi]


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""

    def linear(channel: int) -> float:
        c = channel / 255
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def contrast(one: str, other: str) -> float:
    a, b = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_the_contrast_formula_gives_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_shipped_themes_load_without_a_problem() -> None:
    assert SHIPPED.problems == ()
    assert {DEFAULT_THEME, "dockcon-light", "high-contrast", NO_COLOR_THEME} <= set(SHIPPED.themes)
    assert all(Path(t.file).stem == t.name for t in SHIPPED.themes.values())


@pytest.mark.parametrize("theme", COLOURED, ids=lambda t: t.name)
def test_every_tone_can_be_read_on_every_ground(theme: ConsoleTheme) -> None:
    wanted = 7.0 if theme.name == "high-contrast" else 4.5
    grounds = {name: theme.base[name] for name in ("background", "surface", "panel")}
    grounds |= {name: theme.tones[name].background for name in OVERLAYS}
    poor = []
    for name, tone in theme.tones.items():
        for ground, background in grounds.items():
            if tone.color and background and contrast(tone.color, background) < wanted:
                poor.append(f"{name} on {ground}: {contrast(tone.color, background):.2f}")
    assert poor == []


@pytest.mark.parametrize("theme", SHIPPED.themes.values(), ids=lambda t: t.name)
def test_states_differ_from_each_other(theme: ConsoleTheme) -> None:
    looks = [theme.tones[n] for n in ("ok", "warn", "bad", "stale", "text")]
    assert len({(t.color, t.attributes) for t in looks}) == len(looks)


@pytest.mark.parametrize("theme", SHIPPED.themes.values(), ids=lambda t: t.name)
def test_tones_survive_the_way_through_a_textual_theme(theme: ConsoleTheme) -> None:
    styles = styles_for(theme.to_textual(), monochrome=False)
    assert set(styles) >= {*TONES, *MORE_TONES, "rule", "graph", "hit", "hit-current"}
    for name in {*TONES, *MORE_TONES} - set(OVERLAYS):
        assert styles[name] == theme.tones[name].rich()
    for name in OVERLAYS:
        wanted = theme.tones[name].rich()
        assert (styles[name].color, styles[name].bgcolor) == (wanted.color, wanted.bgcolor)


@pytest.mark.parametrize("theme", SHIPPED.themes.values(), ids=lambda t: t.name)
def test_sources_differ_from_each_other_and_from_what_is_wrong(theme: ConsoleTheme) -> None:
    looks = {theme.tones[n].color for n in (*SOURCES, "bad")}
    assert len(looks) == len(SOURCES) + 1


def test_a_theme_may_leave_out_the_tones_that_have_another_to_stand_in() -> None:
    lines = [line for line in good_text().splitlines() if line.strip().partition(":")[0] not in MORE_TONES]
    theme, problems = parse_theme("\n".join(lines), "my.yml")
    assert problems == []
    assert theme is not None
    styles = styles_for(theme.to_textual(), monochrome=False)
    assert all(styles[name] == styles[other] for name, other in MORE_TONES.items())


def test_a_cursor_keeps_the_colour_of_the_cell_below() -> None:
    styles = styles_for(SHIPPED.themes[DEFAULT_THEME].to_textual(), monochrome=False)
    assert (styles["bad"] + styles["cursor"]).color == styles["bad"].color


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=lambda t: t.name)
def test_a_theme_of_textual_gets_tones_too(theme: Theme) -> None:
    styles = styles_for(theme, monochrome=False)
    assert styles["ok"] != styles["bad"]
    assert styles["cursor"].reverse
    assert {f"tone-{name}-style" for name in TONES} <= set(variable_defaults(theme))


def test_without_colour_states_differ_by_attributes_alone() -> None:
    styles = styles_for(SHIPPED.themes[DEFAULT_THEME].to_textual(), monochrome=True)
    assert all(s.color is None and s.bgcolor is None for s in styles.values())
    assert len({styles[n] for n in ("ok", "warn", "bad", "stale", "off")}) == 5
    assert styles["cursor"].reverse
    assert set(MONOCHROME) == set(TONES)


def test_no_color_is_asked_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    theme = SHIPPED.themes[DEFAULT_THEME].to_textual()
    monkeypatch.setenv("NO_COLOR", "1")
    assert styles_for(theme)["bad"] == Style(bold=True, underline=True)
    monkeypatch.setenv("NO_COLOR", "")
    assert styles_for(theme)["bad"].color is not None


def good_text() -> str:
    return (shipped_directory() / "dockcon-dark.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('ok: "#86cf9f"', "ok: gren", "tones.ok", "did you mean 'green'"),
        ('ok: "#86cf9f"', "ok: bould red", "tones.ok", "did you mean 'bold'"),
        ('ok: "#86cf9f"', 'ok: "#86cf9"', "tones.ok", "is no colour"),
        ('ok: "#86cf9f"', "ok: red blue", "tones.ok", "second colour"),
        ('ok: "#86cf9f"', "ok: bold", "tones.ok", "has no colour"),
        ('ok: "#86cf9f"', "ok: red on blue", "tones.ok", "only the cursor tones"),
        ('ok: "#86cf9f"', "ok: red not bald", "tones.ok", "did you mean 'bold'"),
        ('ok: "#86cf9f"', "ok: [red]", "tones.ok", "must be a text"),
        ('  ok: "#86cf9f"\n', "", "tones.ok", "is missing"),
        ("  ok:", "  okay:", "tones.okay", "did you mean 'ok'"),
        ("dark: true", "dark: yess", "dark", "true or false"),
        ("base:", "bass:", "bass", "did you mean 'base'"),
        ('panel: "#1c232d"', 'panel: "#1c232d80"', "base.panel", "must be solid"),
        ("name: dockcon-dark", "name: ''", "name", "must be a text"),
        ("name: dockcon-dark", "name: a\nname: b", "name", "twice"),
        (
            "tones:",
            "textual: {footer-backgrund: red}\ntones:",
            "textual.footer-backgrund",
            "footer-background",
        ),
        (
            "tones:",
            "textual: {link-style: bald}\ntones:",
            "textual.link-style",
            "did you mean 'bold'",
        ),
    ],
)
def test_a_mistake_is_named_by_line_key_and_nearest_spelling(old: str, new: str, key: str, said: str) -> None:
    assert old in good_text()
    theme, problems = parse_theme(good_text().replace(old, new), "my.yml")
    assert theme is None
    found = next(p for p in problems if p.key == key)
    assert said in found.message
    assert found.line > 0


def test_the_line_is_the_one_in_the_file() -> None:
    text = good_text().replace('bad: "bold #ff8b82"', "bad: bold redd")
    _, problems = parse_theme(text, "my.yml")
    assert [p.line for p in problems] == [
        next(n for n, row in enumerate(text.splitlines(), 1) if "redd" in row)
    ]


def test_all_mistakes_are_listed_not_the_first() -> None:
    text = good_text().replace("#86cf9f", "nope").replace("#e8bd58", "nada")
    _, problems = parse_theme(text, "my.yml")
    assert [p.key for p in problems] == ["tones.ok", "tones.warn"]


@pytest.mark.parametrize("text", ["", "just words", "a: [", "- a\n- b", "\tname: x", "tones: {ok: *x}"])
def test_what_is_no_theme_at_all_is_a_problem_not_a_crash(text: str) -> None:
    theme, problems = parse_theme(text, "my.yml")
    assert theme is None
    assert problems


def test_a_broken_user_file_leaves_the_shipped_theme_and_one_notice_names_all(tmp_path: Path) -> None:
    (tmp_path / "dockcon-dark.yml").write_text(good_text().replace("#86cf9f", "nope"))
    (tmp_path / "other.yml").write_text("{")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "mine.yml").write_text(good_text().replace("name: dockcon-dark", "name: mine"))
    loaded = load_themes(tmp_path)
    assert loaded.themes[DEFAULT_THEME].file == SHIPPED.themes[DEFAULT_THEME].file
    assert "mine" in loaded.themes
    notice = loaded.notice()
    assert all(name in notice for name in ("dockcon-dark.yml", "other.yml", "binary.yml"))
    assert len(notice.splitlines()) == 3


def test_a_users_theme_wins_over_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(good_text().replace("#86cf9f", "#00ff00"))
    assert load_themes(tmp_path).themes[DEFAULT_THEME].tones["ok"].color == "#00ff00"


def test_an_unknown_theme_falls_back_and_says_so() -> None:
    theme, why = SHIPPED.pick("dockcon-drak")
    assert theme.name == DEFAULT_THEME
    assert "did you mean 'dockcon-dark'" in why
    assert SHIPPED.pick("ansi")[1] == ""


class Probe(App[None]):
    CSS = "Static { color: $tone-bad; text-style: $tone-bad-style; background: $tone-cursor-background; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Static("x")


async def test_style_sheets_read_the_tones_in_every_theme() -> None:
    before = copy.deepcopy(BUILTIN_THEMES)
    app = Probe()
    async with app.run_test() as pilot:
        for theme in SHIPPED.themes.values():
            app.register_theme(theme.to_textual())
        for name in app.available_themes:
            app.theme = name
            await pilot.pause()
        app.theme = DEFAULT_THEME
        await pilot.pause()
        static = app.query_one(Static)
        assert static.styles.color.hex == SHIPPED.themes[DEFAULT_THEME].tones["bad"].color.upper()
    assert before == BUILTIN_THEMES
