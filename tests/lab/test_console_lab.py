"""The console in a real terminal on real hosts: what it shows."""

from __future__ import annotations

import random
import re

import pytest

from tests.lab.console import Console, names, populate, table
from tests.lab.containers import HOSTILE, LONG, Recipe, recipe, start, start_plain
from tests.lab.lab import Lab
from tests.lab.machine import wait_for
from tests.lab.tmux import PROMPT

SIZES = [(80, 24), (120, 40), (200, 50)]
EVIL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_row_is_on_the_screen(lab: Lab, console: Console, size: tuple[int, int]) -> None:
    wanted = populate(lab)
    terminal = console.terminal
    terminal.size = size
    terminal.start()
    console.open("sick")
    lines = terminal.until(lambda lines: names(lines) == wanted, "all rows")
    assert all(f"+ {host} " in lines[0] for host in lab.names)
    assert "unhealthy" in next(row for row in table(lines) if "sick" in row)
    assert max(map(len, lines)) <= size[0]
    assert len(lines) == size[1]


def test_keys_do_what_they_say(lab: Lab, console: Console) -> None:
    wanted = populate(lab)
    terminal = console.terminal
    terminal.start()
    console.open("sick")

    def cursor() -> tuple[str, str]:
        return next(
            name
            for name, row in zip(names(terminal.screen()), table(terminal.screen()), strict=True)
            if row.startswith(">")
        )

    terminal.until(lambda lines: names(lines) == wanted, "all rows")
    # The cursor stays with the row that was first when it came.
    terminal.keys("Home")
    terminal.until(lambda _: cursor() == wanted[0], "the cursor on the first row")
    terminal.keys("j", "j")
    terminal.until(lambda _: cursor() == wanted[2], "the cursor on the third row")
    terminal.keys("k")
    terminal.until(lambda _: cursor() == wanted[1], "the cursor on the second row")
    terminal.keys("!")
    terminal.until(lambda lines: names(lines) == [("h2", "sick")], "the one problem")
    terminal.keys("Enter")
    terminal.shows("no database")
    terminal.keys("Escape")
    terminal.hides("no database")
    terminal.keys("Escape")
    terminal.until(lambda lines: names(lines) == wanted, "all rows again")
    terminal.keys("/")
    terminal.keys("-l", "host:h3")
    terminal.keys("Enter")
    only = [row for row in wanted if row[0] == "h3"]
    terminal.until(lambda lines: names(lines) == only, "the rows of h3")
    terminal.keys("Escape")
    terminal.until(lambda lines: names(lines) == wanted, "all rows without the filter")
    terminal.keys("6")
    terminal.until(
        lambda lines: sum(bool(re.match(r"[ >] \+ h\d +up ", line)) for line in lines) == 3, "hosts"
    )
    terminal.keys("1")
    terminal.until(lambda lines: names(lines) == wanted, "the containers")
    terminal.keys("?")
    terminal.shows("keys that work where you came from")
    terminal.keys("Escape")
    terminal.until(lambda lines: names(lines) == wanted, "no help")
    terminal.keys("q")
    terminal.shows("code=0", PROMPT)


@pytest.mark.parametrize("size", [SIZES[0], pytest.param(SIZES[1], marks=pytest.mark.soak)], ids=str)
def test_an_enemy_changes_nothing_but_its_own_cell(lab: Lab, console: Console, size: tuple[int, int]) -> None:
    wanted = sorted([*populate(lab), ("h1", "hostile")])
    tame = ("--health-cmd", "false", "--health-interval=1s", "--health-retries=1")
    host = lab["h1"]
    start(host, Recipe("hostile", tame, state="unhealthy"))
    terminal = console.terminal
    terminal.size = size
    terminal.start()
    console.open("hostile")

    def settled(lines: list[str]) -> bool:
        return names(lines) == wanted and sum("unhealthy" in row for row in table(lines)) == 2

    def state() -> str:
        return terminal.ask("#{pane_title} #{alternate_on} #{cursor_flag} #{window_name} #{pane_in_mode}")

    lines = terminal.until(settled, "all rows")
    before, title = table(lines), state()
    host.docker("rm", "-f", "hostile")
    terminal.until(lambda lines: ("h1", "hostile") not in names(lines), "the tame one to be gone")
    enemy = recipe("hostile")
    labels = (
        "--label",
        f"com.docker.compose.project={HOSTILE}",
        "--label",
        f"com.docker.compose.service={LONG}",
    )
    start(host, Recipe("hostile", (*enemy.words, *labels), enemy.script, enemy.state))
    lines = terminal.until(settled, "all rows")
    assert table(lines) == before
    terminal.keys("Home")
    for _ in range(wanted.index(("h1", "hostile"))):
        terminal.keys("j")
    terminal.keys("Enter")
    # As text, markup and all; what would act on the terminal is gone.
    assert not EVIL.search("\n".join(terminal.shows("unhealthy", "[red]fat[/]", "evil")))
    terminal.keys("End")
    terminal.keys("Escape")
    terminal.until(settled, "the table again")
    terminal.keys("g", "g")
    lines = terminal.shows("evil")
    assert not EVIL.search("\n".join(lines))
    terminal.keys("g")
    terminal.keys("Home")
    assert table(terminal.until(lambda lines: settled(lines) and table(lines) == before, "it all")) == before
    assert state() == title
    assert terminal.tmux("list-buffers") == ""


def test_a_storm_of_sizes_ends_in_a_right_screen(lab: Lab, console: Console) -> None:
    wanted = populate(lab)
    terminal, chance = console.terminal, random.Random(7)
    terminal.start()
    console.open("sick")
    for _ in range(40):
        terminal.resize(chance.randint(2, 220), chance.randint(2, 60))
    for size in (*SIZES, *SIZES[::-1]):
        terminal.resize(*size)
        lines = terminal.until(
            lambda lines, size=size: len(lines) == size[1] and names(lines) == wanted and "help" in lines[-1],
            f"a right screen at {size}",
        )
        assert max(map(len, lines)) <= size[0]
        assert sum("NAME" in line and "HEALTH" in line for line in lines) == 1
        assert ("SINCE" in "\n".join(lines)) == (size != SIZES[0])
    terminal.keys("q")
    terminal.shows("code=0")


def test_two_people_attached_with_terminals_of_two_sizes(lab: Lab, console: Console) -> None:
    wanted = populate(lab)
    terminal = console.terminal
    terminal.start()
    console.open("sick")
    with terminal.client(130, 45), terminal.client(90, 30):
        for rule, width in (("smallest", 90), ("largest", 130), ("smallest", 90)):
            terminal.tmux("set-option", "-g", "window-size", rule)
            wait_for(lambda w=width: terminal.ask("#{window_width}") == str(w), f"a window {width} wide")
            lines = terminal.until(
                lambda lines, w=width: names(lines) == wanted and len(lines[0]) > w - 12, "all rows"
            )
            assert max(map(len, lines)) <= width
    terminal.keys("q")
    terminal.shows("code=0")


def test_losing_hosts_prints_nothing(lab: Lab, console: Console) -> None:
    wanted = populate(lab)
    terminal, raw = console.terminal, console.folder / "raw"
    terminal.size = SIZES[1]
    terminal.start()
    console.open("sick")
    before = terminal.until(lambda lines: names(lines) == wanted, "all rows")
    terminal.record(raw)
    lab["h1"].kill_sshd_children()
    lab["h2"].stop_dockerd()
    lab["h3"].link_down()
    terminal.shows("engine down", "quiet")
    terminal.shows("lost")
    start_plain(lab["h3"], "unseen")
    lab["h3"].docker("rm", "-f", "unseen")
    lab["h2"].start_dockerd()
    for name in ("alpha", "sick"):
        lab["h2"].docker("start", name)
    lab["h3"].link_up()
    lab["h2"].wait_for("sick", "unhealthy")
    lines = terminal.until(
        lambda lines: names(lines) == wanted and table(lines) == table(before), "all of it again", 60
    )
    assert len(lines) == SIZES[1][1]
    terminal.keys("q")
    terminal.shows("code=0")
    words = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", raw.read_bytes()).lower()
    for bad in (
        b"asyncssh",
        b"urllib3",
        b"asyncio",
        b"warning",
        b"traceback",
        b"exception",
        b"never retrieved",
    ):
        assert bad not in words
    # The shell's screen is as it was: nothing was written behind the console's back.
    shown = [line for line in terminal.everything().splitlines() if line.strip()]
    assert "".join(shown).replace(console.command, "") == f"{PROMPT} ; echo code=$?code=0{PROMPT}"
    for bad in (" ERROR ", "never retrieved", "never awaited", "was destroyed", "ResourceWarning"):
        assert bad not in console.log()
