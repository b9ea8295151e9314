"""settings.yml: read what can be read, report the rest, never stop anybody from starting."""

from __future__ import annotations

import struct
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config.load import load_settings
from console.config.schema import LogCaps, Notify, Settings

FULL = """
theme: dark
keymap: {screen.freeze: f8, app.quit: [q, ctrl+q]}
time_zone: Europe/Berlin
logs: {lines: 50000, bytes: 32MB}
mouse: off
fps: 5
notify: bell
"""


@pytest.fixture(autouse=True)
def zones(tmp_path: Path) -> Iterator[None]:
    """One time zone, also on a machine that has no data base of them."""
    file = tmp_path / "zones" / "Europe" / "Berlin"
    file.parent.mkdir(parents=True)
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    file.write_bytes(b"TZif" + bytes(16) + counts + struct.pack(">lBB", 3600, 0, 0) + b"CET\0")
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path / "zones")])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def load(tmp_path: Path, text: str) -> tuple[Settings, list[str]]:
    file = tmp_path / "settings.yml"
    file.write_text(text, encoding="utf-8")
    settings, problems = load_settings(file)
    assert all(p.file == str(file) for p in problems)
    return settings, [f"{p.line} {p.key}: {p.message}" for p in problems]


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    settings, problems = load(tmp_path, FULL)
    assert problems == []
    assert settings == Settings(
        theme="dark",
        keymap={"screen.freeze": "f8", "app.quit": "q,ctrl+q"},
        time_zone="Europe/Berlin",
        logs=LogCaps(50_000, 32 << 20),
        mouse=False,
        fps=5,
        notify=Notify.BELL,
    )


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.yml") == (Settings(), ())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fps: 0", "1 fps: `0` is not a whole number from 1 to 60"),
        ("fpss: 5", "1 fpss: no such key; did you mean `fps`?"),
        ("tz: utc", "1 tz: no such key; did you mean `time_zone`?"),
        ("time_zone: Mars/Olympus", "1 time_zone: `Mars/Olympus` is neither local, utc nor a zone"),
        ("time_zone: ../../etc/passwd", "1 time_zone: "),
        ("notify: loud", "1 notify: `loud` is none of bell, off"),
        ("mouse: 7", "1 mouse: `7` is neither true nor false"),
        ("logs: {lines: 5}", "1 logs.lines: `5` is not a whole number from 1000"),
        ("logs: {bytes: 64}", "1 logs.bytes: `64` is no size such as"),
        ("logs: {bytes: 64k}", "1 logs.bytes: `64k` is not between"),
        ("keymap: {app.quit: [b, c d]}", "1 keymap.app.quit: expected a key"),
        ("keymap: {app.quit: []}", "1 keymap.app.quit: expected a key"),
        (
            "keymap: {app.freeze: f8}",
            "1 keymap.app.freeze: there is no such binding; did you mean `screen.freeze`?",
        ),
        ("keymap: [a]", "1 keymap: expected `key: value` lines, not a list"),
        ("- 1", "1 : expected `key: value` lines"),
        ("theme: [", "is not YAML"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_holds(tmp_path: Path, line: str, said: str) -> None:
    settings, problems = load(tmp_path, line)
    assert len(problems) == 1
    assert said in problems[0]
    assert settings == Settings()


def test_one_mistake_spoils_nothing_else(tmp_path: Path) -> None:
    settings, problems = load(tmp_path, FULL.replace("fps: 5", "fps: many"))
    assert len(problems) == 1
    assert (settings.theme, settings.fps, settings.notify) == ("dark", Settings().fps, Notify.BELL)


@given(st.text(st.sampled_from("themkyaplogsfn:bu {}[]\n-'") | st.characters(codec="utf-8"), max_size=60))
def test_no_text_stops_the_start(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    settings, _ = load(tmp_path_factory.getbasetemp(), text)
    assert isinstance(settings, Settings)
