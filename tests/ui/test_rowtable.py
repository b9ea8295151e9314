"""The table: its cursor, its widths, and that it draws nothing it need not."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from console.ui.cells import ASCII, UNICODE, Cell, Column, arrange, fit, glyphs_for, width_of
from console.ui.widgets.rowstore import Row, RowStore
from console.ui.widgets.rowtable import RowTable

COLUMNS = (
    Column(key="host", title="HOST", min=6, max=20),
    Column(key="name", title="NAME", min=8, max=30),
    Column(key="image", title="IMAGE", min=10, max=40, drop=3),
    Column(key="cpu", title="CPU", min=4, max=6, right=True, drop=1),
)


def row(key: str, *, cpu: int = 0, host: str = "app-1", heading: bool = False) -> Row:
    if heading:
        return Row(key=key, cells=(Cell(key),), heading=True)
    cells = (Cell(host), Cell(key), Cell("registry/image"), Cell(f"{cpu}%", "bad" if cpu > 90 else ""))
    return Row(key=key, cells=cells)


def rows(count: int) -> list[Row]:
    return [row(f"c{n:03}") for n in range(count)]


class TableApp(App[None]):
    """A table and nothing else; counts the lines it draws."""

    def __init__(self, content: Sequence[Row]) -> None:
        super().__init__()
        self.table = RowTable(COLUMNS)
        self.content = content
        self.drawn: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        draw = self.table.render_line

        def counted(y: int):
            self.drawn.append(y)
            return draw(y)

        self.table.render_line = counted  # type: ignore[method-assign]
        self.table.set_rows(self.content)
        self.table.focus()


def lines(app: TableApp) -> list[str]:
    return [app.table.render_line(y).text for y in range(app.table.size.height)]


def cursor_line(app: TableApp) -> str:
    (found,) = [line for line in lines(app) if line.startswith(">")]
    return found


async def settled(pilot: Pilot[None]) -> None:
    """All messages handled, and the idle callbacks that repaint have run."""
    await pilot.pause()
    await pilot.pause()


async def test_cursor_follows_its_key_and_keeps_its_line() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press(*["pagedown"] * 3)
        key = app.table.store.cursor
        before = [y for y, line in enumerate(lines(app)) if line.startswith(">")]
        app.table.set_rows([row(f"new{n}") for n in range(7)] + rows(100))
        await settled(pilot)
        assert app.table.store.cursor == key
        assert [y for y, line in enumerate(lines(app)) if line.startswith(">")] == before
        app.table.set_rows(list(reversed(rows(100))))
        await settled(pilot)
        assert app.table.store.cursor == key
        assert str(key) in cursor_line(app)


async def test_table_at_its_top_stays_there_while_the_cursor_is_in_view() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("home")
        app.table.set_rows([row("first"), *rows(100)])
        await settled(pilot)
        assert "first" in lines(app)[1]
        assert "c000" in cursor_line(app)
        app.table.set_rows([*rows(100)[1:], row("c000")])
        await settled(pilot)
        assert "c000" in cursor_line(app)


async def test_cursor_waits_at_the_top_until_somebody_moves_it() -> None:
    app = TableApp(rows(100)[50:])
    async with app.run_test(size=(80, 20)) as pilot:
        app.table.set_rows(rows(100))
        await pilot.pause()
        assert (app.table.store.cursor, app.table.scroll_offset.y) == ("c000", 0)
        await pilot.press("down")
        app.table.set_rows([row("first"), *rows(100)])
        await pilot.pause()
        assert app.table.store.cursor == "c001"


async def test_cursor_of_a_row_that_is_gone_goes_to_its_neighbour() -> None:
    app = TableApp(rows(10))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("j", "j", "j")
        app.table.set_rows([r for r in rows(10) if r.key not in ("c003", "c004")])
        assert app.table.store.cursor == "c005"
        app.table.set_rows(rows(3))
        assert app.table.store.cursor == "c002"
        app.table.set_rows([])
        assert app.table.store.cursor is None
        app.table.set_rows(rows(3))
        assert app.table.store.cursor == "c000"


class Stopping(RowTable):
    STOPS_AT_HEADINGS = True


async def test_a_table_may_stop_at_headings_which_stand_for_their_group() -> None:
    content = [row("A", heading=True), row("a1"), row("B", heading=True), row("b1"), row("b2")]
    app = TableApp(content)
    table = app.table = Stopping(COLUMNS)
    async with app.run_test(size=(80, 20)) as pilot:
        assert table.store.cursor == "a1"
        seen = []
        for key in ("down", "down", "up", "up", "up", "end", "home", "pagedown"):
            await pilot.press(key)
            seen.append(table.store.cursor)
        assert seen == ["B", "b1", "B", "a1", "A", "b2", "a1", "b2"]
        assert table.store.group("B") == ["b1", "b2"]
        assert table.store.group("b1") == table.store.group("gone") == []
        await pilot.click(Stopping, offset=(6, 3))
        assert table.store.cursor == "B"
        await pilot.pause()
        assert lines(app)[3].startswith(">  B")
        table.set_rows([row("a1"), row("b1"), row("b2")])
        assert table.store.cursor == "b1"


async def test_headings_are_passed_over() -> None:
    content = [row("A", heading=True), row("a1"), row("B", heading=True), row("b1"), row("b2")]
    app = TableApp(content)
    async with app.run_test(size=(80, 20)) as pilot:
        assert app.table.store.cursor == "a1"
        await pilot.press("up")
        assert app.table.store.cursor == "a1"
        await pilot.press("down")
        assert app.table.store.cursor == "b1"
        await pilot.press("up", "end")
        assert app.table.store.cursor == "b2"
        await pilot.click(RowTable, offset=(6, 3))
        assert app.table.store.cursor == "b2"
        await pilot.click(RowTable, offset=(6, 2))
        assert app.table.store.cursor == "a1"


async def test_only_lines_that_differ_are_drawn() -> None:
    app = TableApp(rows(100))
    async with app.run_test(size=(80, 20)) as pilot:
        await settled(pilot)
        app.drawn.clear()
        app.table.set_rows(rows(100))
        await settled(pilot)
        assert app.drawn == []
        changed = rows(100)
        changed[4] = row("c004", cpu=97)
        changed[90] = row("c090", cpu=97)
        app.table.set_rows(changed)
        await settled(pilot)
        assert app.drawn == [5]
        app.drawn.clear()
        app.table.update_rows([row("c006", cpu=3), row("nobody")])
        await settled(pilot)
        assert app.drawn == [7]
        app.drawn.clear()
        await pilot.press("down")
        await settled(pilot)
        assert sorted(app.drawn) == [1, 2]


async def test_markup_and_wide_text_stay_in_their_cell() -> None:
    hostile = "[/nope][bold]\u6f22\u5b57\u05d0\u05d1"
    cells = (Cell("app-1"), Cell(hostile), Cell("x"), Cell("5%"))
    app = TableApp([row("c000"), Row(key="evil", cells=cells)])
    async with app.run_test(size=(80, 10)) as pilot:
        await settled(pilot)
        plain, evil = lines(app)[1:3]
        assert "[/nope][bold]\u6f22\u5b57??" in evil
        assert width_of(evil) == width_of(plain) == 80
        before = evil[: evil.index("5%")]
        assert width_of(before) == len(plain[: plain.index("0%")])


async def test_narrow_tables_drop_the_least_important_columns() -> None:
    app = TableApp(rows(3))
    async with app.run_test(size=(30, 10)) as pilot:
        await settled(pilot)
        assert lines(app)[0].split() == ["HOST", "NAME", "CPU"]
        await pilot.resize_terminal(90, 10)
        await settled(pilot)
        assert lines(app)[0].split() == ["HOST", "NAME", "IMAGE", "CPU"]


async def test_sort_is_told_in_the_header_and_titles_can_be_clicked() -> None:
    app = TableApp(rows(3))
    heard: list[str] = []
    app.table.post_message, post = (
        lambda m: (
            (  # type: ignore[method-assign]
                heard.append(m.column) if isinstance(m, RowTable.HeaderPressed) else None
            )
            or post(m)
        ),
        app.table.post_message,
    )
    async with app.run_test(size=(80, 10)) as pilot:
        app.table.set_sort("cpu", True)
        await settled(pilot)
        assert "CPU" + UNICODE.down in lines(app)[0]
        await pilot.click(RowTable, offset=(5, 0))
        await settled(pilot)
    assert heard == ["host"]


@given(st.text(max_size=60), st.integers(1, 40), st.booleans())
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    from console.model.text import sanitise

    for glyphs in (UNICODE, ASCII):
        fitted = fit(sanitise(text), width, glyphs, right)
        assert width_of(fitted) == width
    assert fit(sanitise(text), width, ASCII, right).isascii()


@given(st.integers(10, 250), st.dictionaries(st.sampled_from([c.key for c in COLUMNS]), st.integers(0, 60)))
def test_columns_never_overlap_and_fill_no_more_than_there_is(width: int, wanted: dict[str, int]) -> None:
    placed = arrange(COLUMNS, wanted, width, lead=4)
    ends = [x + w for _, x, w in placed]
    assert all(x > end for end, (_, x, _) in zip(ends, placed[1:], strict=False))
    assert ends[-1] <= max(width, 4 + 6 + 8 + 1)
    assert {"host", "name"} <= {c.key for c, _, _ in placed}


@given(st.lists(st.lists(st.integers(0, 30), unique=True), min_size=1, max_size=8))
def test_cursor_stays_on_its_key_as_long_as_that_is_there(steps: list[list[int]]) -> None:
    store = RowStore()
    for step in steps:
        before = store.cursor
        store.replace([row(f"c{n}") for n in step])
        if before is not None and before in store.index:
            assert store.cursor == before
        assert (store.cursor is None) == (not step)
        assert store.index == {r.key: n for n, r in enumerate(store.rows)}


def test_ascii_where_the_terminal_may_not_know_better() -> None:
    assert glyphs_for({"LANG": "de_DE.UTF-8"}) is UNICODE
    assert glyphs_for({"LANG": "de_DE.UTF-8", "TERM": "linux"}) is ASCII
    assert glyphs_for({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}) is ASCII
    assert glyphs_for({"LANG": "C", "LC_CTYPE": "C.UTF-8"}) is ASCII
    assert glyphs_for({"LC_ALL": "C.UTF-8"}) is UNICODE
    assert glyphs_for({"LANG": "de_DE.UTF-8"}, "latin-1") is ASCII
    assert glyphs_for({}) is ASCII
