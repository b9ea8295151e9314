"""The hosts pane: rows, sentences, and keys that reach the fleet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from console.model.hosts import HostState
from console.model.text import safe
from console.ui.cells import UNICODE, width_of
from console.ui.lines import line_width, text_of
from console.ui.present_hosts import (
    HOST_COLUMNS,
    STATE_SIGNS,
    STATE_TONES,
    STATE_WORDS,
    host_document,
    host_row,
    route,
    state_sentence,
    strip,
)
from console.ui.theme import TONES, variable_defaults
from console.ui.widgets.host_table import HostTable
from tests.ui.samples import NOW, Clock, FakeHandle, fleet, load_history

FLEET = fleet()


def cells(name: str) -> dict[str, str]:
    row = host_row(FLEET[name], NOW)
    return {column.key: cell.text for column, cell in zip(HOST_COLUMNS, row.cells, strict=True)}


def test_every_state_has_a_word_a_sign_and_a_tone() -> None:
    for state in HostState:
        assert STATE_WORDS[state]
        assert width_of(STATE_SIGNS[state]) == 1
        assert STATE_TONES[state] in TONES


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("app-1", "up for 2 h"),
        ("app-3", "waiting for you for 95 s: unknown host key"),
        ("batch-1", "quiet for 8 s: figures are old; no byte for 14 s"),
        ("db-1", "lost 12 s ago: no answer for 15 s; retry in 4 s"),
        ("db-2", "refused 66 min ago: host key changed: not the one in known_hosts"),
        ("edge-1", "engine down for 70 s: the socket refuses connections; retry in 8 s"),
        ("lab-1", "connecting for 2 s"),
        ("old-1", "switched off 6 days ago: by ops"),
    ],
)
def test_a_state_is_told_with_age_reason_and_what_comes_next(name: str, said: str) -> None:
    assert state_sentence(FLEET[name], NOW) == said


def test_a_retry_that_is_due_is_not_counted_below_nothing() -> None:
    assert state_sentence(FLEET["db-1"], NOW + 60).endswith("; retrying")


def test_a_row_has_the_figures_of_its_host() -> None:
    up = cells("app-1")
    assert (up["state"], up["run"], up["since"], up["rtt"]) == ("up", "3/4", "2h", "12ms")
    assert (up["engine"], up["api"]) == ("docker 20.10.24", "1.41")
    assert cells("app-3")["run"] == "-"
    assert cells("db-1")["retry"] == "4s"
    assert "no answer for 15 s" in cells("db-1")["why"]
    assert "the host allows no session" in cells("app-2")["why"]


def test_figures_of_a_host_that_is_not_up_are_dimmed() -> None:
    tones = {
        c.key: cell.tone for c, cell in zip(HOST_COLUMNS, host_row(FLEET["db-1"], NOW).cells, strict=True)
    }
    assert {tones[key] for key in ("run", "load", "mem", "disk", "rtt", "skew")} == {"dim"}
    high = {
        c.key: cell.tone for c, cell in zip(HOST_COLUMNS, host_row(FLEET["app-2"], NOW).cells, strict=True)
    }
    assert (high["disk"], high["mem"], high["load"], high["skew"]) == ("bad", "warn", "warn", "warn")


def test_the_way_names_every_hop() -> None:
    assert route(FLEET["db-1"].spec) == "ops@10.0.0.13 via ops@bastion"


@pytest.mark.parametrize("width", [40, 60, 80, 109, 110, 200])
@pytest.mark.parametrize("name", FLEET)
def test_documents_of_hosts_fit_every_width(name: str, width: int) -> None:
    long_reason = replace(FLEET[name].status, reason=safe("x" * 300), next_step=safe("do this " * 60))
    for one in (FLEET[name], replace(FLEET[name], status=long_reason)):
        for line in (*host_document(one, load_history(), NOW, width, UNICODE), *strip(one, NOW, width)):
            assert line_width(line) <= width, text_of(line)


def test_the_document_says_what_works_and_why_the_rest_does_not() -> None:
    text = "\n".join(map(text_of, host_document(FLEET["app-2"], load_history(), NOW, 80, UNICODE)))
    for said in (
        "does not work: the host allows no session",
        "9.30  on 4 cores",
        "3.4s ahead of ours",
        "docker 20.10.24",
    ):
        assert said in text


class HostsApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.handle = FakeHandle()
        self.clock = Clock()
        self.hosts = HostTable(self.handle, UNICODE, now=self.clock)
        self.opened: list[str] = []
        self.said: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.hosts

    def on_mount(self) -> None:
        self.hosts.show(self.handle.snapshots)
        self.hosts.table.focus()

    def on_host_table_opened(self, event: HostTable.Opened) -> None:
        self.opened.append(event.host)

    def words(self) -> str:
        return "\n".join(map(text_of, self.hosts.words.lines))


async def test_the_words_follow_the_cursor_and_the_clock() -> None:
    app = HostsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert "up for 2 h" in app.words()
        app.hosts.table.move_to("db-1")
        await pilot.pause()
        assert "lost 12 s ago: no answer for 15 s; retry in 4 s" in app.words()
        app.clock.at += 3
        app.hosts.show(app.handle.snapshots)
        await pilot.pause()
        assert "lost 15 s ago: no answer for 15 s; retry in 1 s" in app.words()


async def test_keys_connect_switch_and_open() -> None:
    app = HostsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.hosts.table.move_to("db-1")
        await pilot.press("c", "f", "enter")
        app.hosts.table.move_to("old-1")
        await pilot.press("f", "c")
        app.hosts.table.move_to("app-1")
        await pilot.press("c")
        assert app.handle.calls == [("retry", "db-1"), ("switch", "db-1", False), ("switch", "old-1", True)]
        assert app.opened == ["db-1"]


@pytest.mark.parametrize(
    ("width", "shown", "hidden"),
    [
        (60, ("HOST", "STATE", "WHY"), ("ENGINE", "CARRIER")),
        (80, ("HOST", "STATE", "SINCE", "RUNNING", "MEM", "DISK", "WHY"), ("ENGINE", "CARRIER")),
        (160, tuple(c.title for c in HOST_COLUMNS), ()),
    ],
)
async def test_columns_go_where_there_is_no_room(
    width: int, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    app = HostsApp()
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        header = app.hosts.table.render_line(0).text
        assert all(title in header for title in shown), header
        assert not any(title in header for title in hidden), header


async def test_a_fleet_without_hosts_says_so() -> None:
    app = HostsApp()
    app.handle.snapshots = {}
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c", "f", "enter")
        assert "no hosts" in app.hosts.table.render_line(1).text
        assert app.handle.calls == []
