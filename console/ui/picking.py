"""The list of offers below a form: which are in view, which one enter takes. No widgets."""

from __future__ import annotations

from collections.abc import Sequence

from console.model.mappings.steps import MapPlan
from console.model.text import sanitise
from console.ui.cells import Cell
from console.ui.completing import Known, Offer, first_key, last_word, offers
from console.ui.drafting import Draft
from console.ui.lines import BLANK, Line, wrap
from console.ui.mapping_words import summary


class Picker:
    """Offers for one field at a time. Nothing is chosen until a word is begun or somebody moves."""

    def __init__(self) -> None:
        self.offers: Sequence[Offer] = ()
        self._field = ""
        self._text = ""
        self._known: Known | None = None
        self._at = 0
        self._moved = False

    def show(self, field: str, known: Known) -> None:
        """Offer what fits what is typed in a field now."""
        text = known.typed.get(field, "")
        if (field, text) != (self._field, self._text):
            self._at, self._moved = 0, False
        self._field, self._text, self._known = field, text, known
        self.offers = offers(field, known)
        self._at = min(self._at, max(0, len(self.offers) - 1))

    @property
    def begun(self) -> bool:
        """Whether enter would take the first offer: a word is begun, and it is no whole one yet."""
        if self._known is None:
            return False
        if self._field in ("for", "to"):
            word = last_word(self._text)
            return bool(word) and first_key(word, self._known.world) is None
        if self._field in ("via", "check") and self._text.strip():
            return all(offer.text != self._text.split()[0] for offer in self.offers)
        return False

    def picked(self) -> Offer | None:
        """The offer that enter takes."""
        return self.offers[self._at] if self.offers and (self._moved or self.begun) else None

    def move(self, by: int) -> None:
        """To another offer; the first step down chooses the first, where nothing was chosen yet."""
        if self._moved or self.begun or by < 0:
            self._at = (self._at + by) % len(self.offers)
        self._moved = True

    def lines(self, room: int) -> list[Line]:
        """As many as there is room for; always as many lines, so that what stands below does not jump."""
        chosen = self.picked()
        first = max(0, self._at - room + 1)
        shown = self.offers[first : first + room]
        wide = max((len(offer.text) for offer in shown), default=0)
        lines: list[Line] = []
        for number, offer in enumerate(shown, first):
            here = number == self._at and chosen is not None
            mark = Cell("> " if here else "  ", "accent")
            name = Cell(sanitise(offer.text).ljust(wide + 2), "accent" if here else "text")
            lines.append((mark, name, Cell(sanitise(offer.note), offer.tone)))
        return [*lines, *[BLANK] * (room - len(shown))]


def verdict_lines(
    draft: Draft, plan: MapPlan | None, said: tuple[str, str], begun: str, width: int
) -> list[Line]:
    """What is missing or wrong, else what would be done. `plan`: of just what is typed, where it is there;
    `begun`: the label of the field in which a word is not yet whole.
    """
    lines: list[Line] = wrap([Cell(*said)], width) if said[0] else []
    found = draft.read
    for complaint in found.complaints:
        if begun and complaint.startswith(f"{begun}: "):
            continue
        lines += wrap([Cell("x ", "bad"), Cell(sanitise(complaint), "bad")], width, 2)
    if found.missing:
        lines += wrap([Cell(f"still wanted: {', '.join(found.missing)}", "dim")], width)
    refusals = plan.refusals if plan is not None and found.mapping is not None else ()
    for why in refusals:
        lines += wrap([Cell("x ", "bad"), Cell(why, "bad")], width, 2)
    if found.mapping is not None and plan is None:
        lines.append((Cell("looking what it would take", "busy"),))
    elif plan is not None and not refusals and found.mapping is not None:
        lines += wrap([Cell("+ ", "ok"), Cell(f"{summary(plan)}; enter plans it", "ok")], width, 2)
    for note in (*draft.notes(), *(plan.warnings if plan is not None else ())):
        lines += wrap([Cell("note: ", "dim"), Cell(note, "dim")], width, 6)
    return lines
