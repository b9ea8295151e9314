"""The direction ui -> service -> transport -> model, seen at run time: what an import really loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("textual", "rich", "asyncssh", "docker", "requests", "yaml")


def loaded_by(module: str) -> set[str]:
    """Which of the heavy packages are loaded after importing `module` in a fresh interpreter."""
    code = f"import sys, {module}; print(' '.join(n for n in {HEAVY!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("console.errors", set()),
        ("console.model.snapshot", set()),
        ("console.model.problems", set()),
        ("console.model.query", set()),
        ("console.model.secrets", set()),
        ("console.config.schema", set()),
        ("console.config.load", {"yaml"}),
        ("console.transport.base", set()),
        ("console.service.handle", set()),
        ("console.service.network", set()),
        ("console.transport.memory", set()),
        ("console.cli", set()),
        ("console.cli.ps", set()),
        ("console.cli.start", {"yaml"}),
    ],
)
def test_a_layer_loads_only_what_it_may(module: str, allowed: set[str]) -> None:
    assert loaded_by(module) <= allowed
