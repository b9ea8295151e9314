"""Where a module says what it exports, it says the truth."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import console


def all_modules() -> list[str]:
    return sorted(
        m.name for m in pkgutil.walk_packages(console.__path__, "console.") if "__main__" not in m.name
    )


@pytest.mark.parametrize("name", all_modules())
def test_every_exported_name_exists_once(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert [n for n in exported if not hasattr(module, n)] == []
