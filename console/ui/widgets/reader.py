"""A document to read: it scrolls, and `/` finds text in it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from console.ui.cells import Glyphs
from console.ui.widgets.lines_view import Builder, LinesView


class SearchInput(Input):
    """The text to look for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop searching", id="search.leave", show=False, tooltip="Stop searching"),
        Binding("down", "next(1)", "Next", id="search.next", show=False, tooltip="Next place"),
        Binding("up", "next(-1)", "Previous", id="search.previous", show=False, tooltip="Previous place"),
    ]

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=True)
        self.cursor_blink = False

    def action_leave(self) -> None:
        """Stop searching."""
        self.query_ancestor(Reader).stop_search()

    def action_next(self, by: int) -> None:
        """Another place, without leaving the input."""
        self.query_ancestor(Reader).action_found(by)


class Reader(Vertical):
    """`LinesView` with a search line below it, which is there only while it is used."""

    DEFAULT_CSS = """
    Reader { height: 1fr; }
    Reader > .search { height: 1; display: none; background: $panel; }
    Reader > .search > .lead { width: 3; color: $tone-accent; }
    Reader > .search > SearchInput { width: 1fr; background: $panel; }
    Reader > .search > .found { width: auto; color: $tone-dim; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", id="reader.search", tooltip="Find text on this page"),
        Binding("n", "found(1)", "next", id="reader.next", tooltip="Next place where the text was found"),
        Binding("N", "found(-1)", "previous", id="reader.previous", show=False, tooltip="Previous place"),
        Binding(
            "escape", "stop", "stop searching", id="reader.stop", show=False, tooltip="Forget the search"
        ),
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.view = LinesView(glyphs)
        self.entry = SearchInput()
        self.found = Static("", classes="found", markup=False)
        self.bar = Horizontal(classes="search")

    def compose(self) -> ComposeResult:
        yield self.view
        with self.bar:
            yield Static(" / ", classes="lead", markup=False)
            yield self.entry
            yield self.found

    def show(self, builder: Builder, *, top: bool = False) -> None:
        """Show a document; `top` for another one, else the place is kept."""
        self.view.show(builder, top=top)
        self._tell()

    def _tell(self) -> None:
        view = self.view
        if not view.wanted:
            said = ""
        elif view.hits:
            said = f" {view.current + 1} of {len(view.hits)} "
        else:
            said = " not found "
        self.found.update(said)

    def action_search(self) -> None:
        """Open the search line."""
        self.bar.display = True
        self.entry.focus()

    def action_found(self, by: int) -> None:
        """Go to the next or previous place."""
        self.view.step(by)
        self._tell()

    def action_stop(self) -> None:
        """Forget the search."""
        self.stop_search()

    def stop_search(self) -> None:
        """Forget the search; the document has the keyboard again."""
        self.entry.clear()
        self.view.search("")
        self.bar.display = False
        self.view.focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`n` and `escape` mean something here only while there is a search."""
        if action in ("found", "stop"):
            return bool(self.view.wanted)
        return True

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.view.search(event.value)
        self._tell()
        self.refresh_bindings()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Back to the document, where n and N go on; with nothing to look for the line goes away."""
        event.stop()
        if event.value:
            self.view.focus()
        else:
            self.stop_search()
