"""Small files, small functions, small classes: the limits hold for the product and for its tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES = 400
FUNCTION_LINES = 50
CLASS_METHODS = 20

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    """Every Python file of the product and of its tests."""
    found = sorted(p for top in ("console", "tests") for p in (ROOT / top).rglob("*.py"))
    assert found, "no source found: is the test in the wrong place?"
    return found


def oversize(source: str) -> Iterator[str]:
    """Say what in `source` is over a limit."""
    lines = len(source.splitlines())
    if lines > FILE_LINES:
        yield f"{lines} lines (limit {FILE_LINES})"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{node.name}, line {node.lineno}: {length} lines (limit {FUNCTION_LINES})"
        elif isinstance(node, ast.ClassDef):
            methods = sum(isinstance(n, Function) for n in node.body)
            if methods > CLASS_METHODS:
                yield f"class {node.name}, line {node.lineno}: {methods} methods (limit {CLASS_METHODS})"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_outgrows_its_limit(path: Path) -> None:
    assert list(oversize(path.read_text(encoding="utf-8"))) == []


def test_the_limits_bite() -> None:
    long_function = "def f():\n" + "    x = 1\n" * 50
    many_methods = "class C:\n" + "    def m(self): pass\n" * 21
    assert len(list(oversize(long_function))) == 1
    assert len(list(oversize(many_methods))) == 1
    assert len(list(oversize("x = 1\n" * 401))) == 1
