"""Dialogs: the safe answer is the default, keys typed too early do nothing, nothing leaves the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.widgets import Static

from console.model.hosts import HostState
from console.model.questions import Prompt, Question, QuestionKind
from console.model.text import safe
from console.ui.cells import ASCII, UNICODE, Cell
from console.ui.lines import Line, text_of, wrap
from console.ui.question_desk import QuestionDesk
from console.ui.screens.consent import ConsentScreen
from console.ui.screens.dialog import QUIET, Dialog
from console.ui.screens.question import QuestionScreen
from console.ui.theme import variable_defaults
from tests.ui.samples import CODE, KEY_QUESTION, PASSPHRASE, Clock, FakeHandle, snapshot


class DialogApp(App[None]):
    """Opens one dialog and keeps its answers."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(0.0)
        self.answers: list[Any] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Static("below")

    async def ask(self, screen: Screen[Any], *, settled: bool = True) -> None:
        await self.push_screen(screen, self.answers.append)
        if settled:
            self.clock.at += QUIET

    def question(self, question: Question, waiting: int = 0) -> QuestionScreen:
        return QuestionScreen(question, UNICODE, waiting=waiting, clock=self.clock)


def shown(dialog: Dialog[Any]) -> str:
    return "\n".join(map(text_of, dialog.text.lines))


KEY_ANSWERS = [
    (["enter"], None),
    (["escape"], None),
    (["n"], None),
    (["right", "enter"], ("yes",)),
    (["tab", "enter"], ("yes",)),
    (["y", "enter"], ("yes",)),
    (["right", "left", "enter"], None),
    (["y", "n"], None),
]


async def test_a_host_key_is_trusted_only_on_purpose() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        for keys, _ in KEY_ANSWERS:
            await app.ask(app.question(KEY_QUESTION))
            await pilot.press(*keys)
            await pilot.pause()
        assert app.answers == [answer for _, answer in KEY_ANSWERS]


async def test_y_alone_answers_nothing() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(app.question(KEY_QUESTION))
        await pilot.press("y")
        assert app.answers == []


@pytest.mark.parametrize("question", [KEY_QUESTION, PASSPHRASE, CODE], ids=lambda q: q.kind)
async def test_keys_of_the_first_half_second_do_nothing(question: Question) -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = app.question(question)
        await app.ask(dialog, settled=False)
        app.clock.at += QUIET - 0.01
        await pilot.press("y", "a", "tab", "enter", "escape", "n", "enter")
        assert app.answers == []
        assert [entry.value for entry in dialog.inputs] == [""] * len(dialog.inputs)
        assert dialog.choices.chosen == 0
        app.clock.at += 0.02
        await pilot.press("escape")
        assert app.answers == [None]


async def test_a_click_of_the_first_half_second_does_nothing() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = app.question(KEY_QUESTION)
        await app.ask(dialog, settled=False)
        await pilot.pause()
        await pilot.click(dialog.choices, offset=(14, 0))
        assert app.answers == []
        app.clock.at += QUIET
        await pilot.click(dialog.choices, offset=(14, 0))
        assert app.answers == [("yes",)]


async def test_a_host_key_dialog_names_host_hop_fingerprint_and_file() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)):
        dialog = app.question(KEY_QUESTION, waiting=2)
        await app.ask(dialog)
        for said in (
            "app-3",
            "ops@10.0.0.13:22 via bastion",
            KEY_QUESTION.fingerprint,
            "~/.ssh/known_hosts",
            "2 more waiting",
        ):
            assert said in shown(dialog)


async def test_a_passphrase_is_typed_in_stars_and_given_whole() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = app.question(PASSPHRASE)
        await app.ask(dialog)
        await pilot.press(*"no", "ctrl+u", *"s3cre", "x", "backspace", "t")
        assert dialog.inputs[0].render_line(0).text.strip() == "******"
        assert "s3cret" not in app.export_screenshot()
        await pilot.press("enter")
        assert app.answers == [("s3cret",)]


async def test_an_empty_passphrase_is_asked_again_an_empty_code_is_an_answer() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = app.question(PASSPHRASE)
        await app.ask(dialog)
        await pilot.press("enter")
        assert app.answers == []
        assert "Nothing was typed" in shown(dialog)
        await pilot.press("escape")
        await app.ask(app.question(CODE))
        await pilot.press("enter", "enter")
        assert app.answers == [None, ("", "")]


async def test_several_prompts_are_answered_in_order() -> None:
    app = DialogApp()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = app.question(CODE)
        await app.ask(dialog)
        await pilot.press(*"abc", "enter", *"123 456", "enter")
        assert app.answers == [("abc", "123 456")]


MANY = replace(
    CODE,
    text=safe("word " * 400),
    prompts=tuple(Prompt(safe(f"{'very long prompt ' * 9}{n}")) for n in range(9)),
)


@pytest.mark.parametrize(
    "question", [KEY_QUESTION, PASSPHRASE, CODE, MANY], ids=["key", "pass", "code", "many"]
)
async def test_a_dialog_is_never_off_the_screen(question: Question) -> None:
    app = DialogApp()
    async with app.run_test(size=(120, 40)) as pilot:
        dialog = app.question(question, waiting=3)
        await app.ask(dialog)
        for size in ((80, 24), (60, 20), (60, 15)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert Region(0, 0, *size).contains_region(dialog.box.region)
            focused = app.focused
            assert focused is not None
            assert dialog.box.region.contains_region(focused.region)
            assert dialog.text.size.height >= 3
            if question is KEY_QUESTION:
                in_view = dialog.text.lines[: dialog.text.size.height]
                assert any(text_of(line).endswith(KEY_QUESTION.fingerprint) for line in in_view)


async def test_a_text_that_is_cut_scrolls_while_the_choices_have_the_keyboard() -> None:
    app = DialogApp()
    async with app.run_test(size=(60, 15)) as pilot:
        dialog = app.question(KEY_QUESTION, waiting=3)
        await app.ask(dialog)
        await pilot.pause()
        assert dialog.clipped
        assert "up/down more" in str(dialog.hint.render())
        await pilot.press("down", "down")
        assert dialog.text.scroll_offset.y == 2
        assert app.focused is dialog.choices
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not dialog.clipped
        assert "more" not in str(dialog.hint.render())


async def test_text_of_a_host_is_never_read_as_markup() -> None:
    app = DialogApp()
    nasty = safe("[@click=app.quit]press[/] [/nope] [bold")
    async with app.run_test(size=(80, 24)) as pilot:
        prompts = (Prompt(nasty),)
        dialog = app.question(
            Question(kind=QuestionKind.CODE, host="h", hop=nasty, title=nasty, text=nasty, prompts=prompts)
        )
        await app.ask(dialog)
        await pilot.pause()
        assert nasty in shown(dialog)
        assert str(dialog.query(".prompt").first(Static).render()) == nasty


class Consent(ConsentScreen):
    def about(self, width: int) -> list[Line]:
        return wrap([Cell("Restart web@app-1?")], width)


async def test_a_change_is_confirmed_only_on_purpose() -> None:
    app = DialogApp()
    answers = [(["enter"], False), (["escape"], False), (["n"], False), (["y", "enter"], True)]
    async with app.run_test(size=(60, 20)) as pilot:
        for keys, agreed in answers:
            dialog = Consent(ASCII, yes="restart", clock=app.clock)
            await app.ask(dialog, settled=False)
            await pilot.press("y", "enter", "n", "escape")
            assert app.answers == []
            assert "web@app-1" in shown(dialog)
            app.clock.at += QUIET
            await pilot.press(*keys)
            assert [answer is not None for answer in app.answers] == [agreed]
            app.answers.clear()


class DeskApp(DialogApp):
    def __init__(self) -> None:
        super().__init__()
        self.handle = FakeHandle({n: snapshot(n) for n in ("app-1", "app-2", "db-1")})
        self.desk = QuestionDesk(self, self.handle, UNICODE, clock=self.clock)

    def asks(self, name: str, question: Question | None) -> None:
        known = self.handle.snapshots[name]
        state = HostState.NEEDS_YOU if question else HostState.CONNECTING
        status = replace(known.status, state=state, question=question)
        self.handle.snapshots[name] = replace(known, status=status)
        self.desk.update(self.handle.snapshots)

    @property
    def dialog(self) -> QuestionScreen | None:
        return self.screen if isinstance(self.screen, QuestionScreen) else None


async def test_hosts_ask_one_after_another_and_are_counted() -> None:
    app = DeskApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.asks("db-1", replace(CODE))
        await pilot.pause()
        app.asks("app-1", replace(PASSPHRASE, host="app-1"))
        app.asks("app-2", replace(PASSPHRASE, host="app-2"))
        await pilot.pause()
        assert app.dialog is not None
        assert app.dialog.question.host == "db-1"
        assert "2 more waiting" in shown(app.dialog)
        app.clock.at += QUIET
        await pilot.press("escape")
        app.desk.update(app.handle.snapshots)
        await pilot.pause()
        assert app.dialog is not None
        assert app.dialog.question.host == "app-1"
        app.clock.at += QUIET
        await pilot.press(*"pw", "enter")
        assert app.handle.calls == [("answer", "db-1", None), ("answer", "app-1", ("pw",))]


async def test_the_same_question_is_not_asked_twice_but_a_new_one_is() -> None:
    app = DeskApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.asks("app-1", PASSPHRASE)
        await pilot.pause()
        app.clock.at += QUIET
        await pilot.press("a", "enter")
        app.desk.update(app.handle.snapshots)
        await pilot.pause()
        assert app.dialog is None
        app.asks("app-1", replace(PASSPHRASE))
        await pilot.pause()
        assert app.dialog is not None


async def test_a_question_that_is_no_longer_waiting_is_taken_back_unanswered() -> None:
    app = DeskApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.asks("app-2", replace(PASSPHRASE, host="app-2"))
        await pilot.pause()
        assert app.dialog is not None
        app.asks("app-2", None)
        await pilot.pause()
        assert app.dialog is None
        assert app.handle.calls == []


async def test_a_dialog_that_was_taken_away_is_put_again() -> None:
    app = DeskApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.asks("app-2", replace(PASSPHRASE, host="app-2"))
        await pilot.pause()
        app.pop_screen()
        await pilot.pause()
        assert app.dialog is None
        app.desk.update(app.handle.snapshots)
        await pilot.pause()
        assert app.dialog is not None
        assert app.handle.calls == []
