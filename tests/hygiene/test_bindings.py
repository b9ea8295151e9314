"""settings.yml knows every key binding of the screen by its id, and no other."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from textual.binding import Binding

import console.ui
from console.config.bindings import BINDINGS


def bindings_of(value: object) -> Iterator[Binding]:
    """The bindings in a module's constant, or in a class made there."""
    if isinstance(value, Binding):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from bindings_of(item)
    elif isinstance(value, type):
        yield from bindings_of(vars(value).get("BINDINGS", ()))


def test_the_list_is_complete() -> None:
    found = set()
    for info in pkgutil.walk_packages(console.ui.__path__, "console.ui."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ != info.name:
                continue
            found |= {binding.id for binding in bindings_of(value)}
    assert None not in found, "every binding has an id, so that everybody can give it another key"
    assert found == BINDINGS, "console/config/bindings.py is the list that settings.yml is checked against"
