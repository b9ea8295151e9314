"""Puts the questions of all hosts to the operator, one after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from textual.app import App

from console.model.questions import Question
from console.model.snapshot import HostSnapshot
from console.service.handle import FleetHandle
from console.ui.cells import Glyphs
from console.ui.screens.question import QuestionScreen


class QuestionDesk:
    """Call `update` with every batch: it opens, counts and withdraws question dialogs.

    A question is known by its object, since a host that refused one answer asks the same words again.
    """

    def __init__(
        self,
        app: App[Any],
        handle: FleetHandle,
        glyphs: Glyphs,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._handle = handle
        self._glyphs = glyphs
        self._clock = clock
        self._answered: dict[str, Question] = {}
        self._open: QuestionScreen | None = None
        self._host = ""

    def update(self, snapshots: Mapping[str, HostSnapshot]) -> None:
        """Show the first question that is still waiting; take back one that is not."""
        pending: dict[str, Question] = {}
        for spec in self._handle.hosts:
            snapshot = snapshots.get(spec.name)
            question = snapshot.status.question if snapshot is not None else None
            if question is None:
                self._answered.pop(spec.name, None)
            elif self._answered.get(spec.name) is not question:
                pending[spec.name] = question
        shown = self._open
        if shown is not None and shown not in self._app.screen_stack:
            # Somebody took all dialogs away; the host still waits, so it is asked again.
            self._open = shown = None
        if shown is not None and pending.get(self._host) is not shown.question:
            self._withdraw(shown)
        if self._open is not None:
            self._open.set_waiting(len(pending) - 1)
        elif pending:
            host, question = next(iter(pending.items()))
            self._ask(host, question, len(pending) - 1)

    def _ask(self, host: str, question: Question, waiting: int) -> None:
        screen = QuestionScreen(question, self._glyphs, waiting=waiting, clock=self._clock)
        self._open, self._host = screen, host

        def answered(answers: tuple[str, ...] | None) -> None:
            if self._open is screen:
                self._open = None
                self._answered[host] = question
                self._handle.answer(host, answers)

        self._app.push_screen(screen, answered)

    def _withdraw(self, screen: QuestionScreen) -> None:
        """The host no longer waits for this answer: it timed out, or somebody answered elsewhere."""
        self._open = None
        if screen.is_current:
            screen.dismiss(None)
        self._app.notify(f"{self._host} no longer waits for an answer", markup=False, severity="warning")
