"""A mapping that is being typed: what somebody typed, what was proposed, and what both say. No widgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.model.mappings.mapping import Book, Party
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.offers import Proposal
from console.model.text import SafeText
from console.service.mappings.desk import Offers
from console.ui.editing import FIELDS, Read, fields_of, free_id, party_of, read, words


class Draft:
    """Fields of text. What was proposed gives way to what is typed."""

    def __init__(
        self, hosts: Collection[str], before: Stated | None = None, given: Mapping[str, str] | None = None
    ) -> None:
        """`given`: what is filled in for a new mapping."""
        self.before = before
        self.offers = Offers()
        self._hosts = frozenset(hosts)
        empty = {key: "" for key in FIELDS} | {"via": "auto", "check": "tcp"}
        self.typed = fields_of(before) if before is not None else {**empty, **(given or {})}
        self._at_first = dict(self.typed)
        self._proposed: dict[str, str] = {}
        self.read: Read = read(self.typed, self._hosts)

    @property
    def touched(self) -> bool:
        """Whether somebody typed something that would be lost."""
        return any(
            text != self._at_first[key] and text != self._proposed.get(key)
            for key, text in self.typed.items()
        )

    def put(self, key: str, text: str) -> bool:
        """A field has this text now; return whether it had another."""
        if self.typed[key] == text:
            return False
        self.typed[key] = text
        self.read = read(self.typed, self._hosts)
        return True

    def filled(self, book: Book) -> dict[str, str]:
        """Fields nobody has typed in, with what is proposed for them."""
        if self.before is not None:
            return {}
        found: dict[str, str] = {}
        best = self._best(book)
        if self._free("name") and best is not None and best.name:
            found["name"] = best.name
        name = found.get("name", self.typed["name"].strip())
        if self._free("port"):
            port = next((one.port for one in self.offers.consumer if one.name == name and one.port), 0)
            port = port or self._port_of_endpoint()
            if port:
                found["port"] = str(port)
        if self._free("id"):
            consumers = [self._party(word) for word in words(self.typed["for"])]
            found["id"] = free_id(name, [one for one in consumers if one is not None], book)
        for key, text in found.items():
            self._proposed[key] = text
            self.put(key, text)
        return found

    def notes(self) -> list[SafeText]:
        """What is worth knowing about the containers that are named, and where a proposal comes from."""
        found = list(self.offers.extra.values())
        name = self.typed["name"]
        source = next((one.source for one in self.offers.consumer if one.name == name), None)
        if source and self._proposed.get("name") == name:
            found.append(SafeText(f"{name} is what it dials already: {source}"))
        return found

    def _free(self, key: str) -> bool:
        """Whether nobody has typed in a field."""
        text = self.typed[key].strip()
        return not text or (text == self._proposed.get(key) and text != self._at_first[key])

    def _best(self, book: Book) -> Proposal | None:
        """The best proposal for a name that this consumer has no mapping for yet."""
        mine = {party for word in words(self.typed["for"]) if (party := self._party(word)) is not None}
        had = {one.name for one in book.mappings.values() if mine & set(one.consumers)}
        found = [one for one in self.offers.consumer if one.name not in had]
        if not found and not self.offers.consumer:
            found = [one for one in self.offers.endpoint if one.name and one.name not in had]
        return next(iter(found), None)

    def _port_of_endpoint(self) -> int:
        """What an endpoint is typed with, else what it says."""
        for word in words(self.typed["to"]):
            port = word.partition("*")[0].rpartition(":")[2]
            if port.isdecimal():
                return int(port)
        return next((one.port for one in self.offers.endpoint if one.port), 0)

    def _party(self, word: str) -> Party | None:
        return party_of(word, self._hosts)
