"""What docs/logs.md promises to those who ship logs elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from console.model.logs.ecs import record_of
from console.model.logs.lines import LogLine, LogSource, Note, NoteKind, Stream
from console.model.text import safe

TEXT = (Path(__file__).parents[2] / "docs/logs.md").read_text(encoding="utf-8")

FULL = LogSource(
    index=0,
    host="a",
    id="ab" * 32,
    name=safe("web"),
    image=safe("shop/web:4@sha256:00"),
    project=safe("shop"),
    service=safe("web"),
)


def leaves(document: dict[str, object], prefix: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def table(heading: str) -> list[str]:
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_the_fields_are_those_that_are_written() -> None:
    row = record_of(FULL, LogLine(0, 0, Stream.OUT, b"ERROR x"), "prod")
    assert sorted(table("Fields of a line")) == sorted(leaves(row))
    assert f"`{row['ecs']['version']}`" in TEXT  # type: ignore[index]  # an object


@pytest.mark.parametrize("kind", list(NoteKind))
def test_the_notes_are_those_that_are_written(kind: NoteKind) -> None:
    note = Note(kind=kind, source=0, ns=0, text=safe("x"), from_ns=1, to_ns=2, lines=3)
    row = record_of(FULL, LogLine(0, 0, Stream.NOTE, b"", note), "prod")
    assert isinstance(row["dockcon"], dict)
    (name,) = row["dockcon"]
    assert f"dockcon.{name}" in table("What is said about lines")
    assert name == "gap" or f"`{kind.value}`" in TEXT
    told = {leaf.partition(".")[2] for leaf in leaves(row["dockcon"])}
    assert told == {"from", "to", "lines", "reason" if name == "gap" else "kind"}


def test_the_configurations_are_well_formed() -> None:
    files = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", TEXT, re.M | re.DOTALL)]
    assert [sorted(file) for file in files] == [
        ["filebeat.inputs", "output.elasticsearch", "processors"],
        ["filebeat.inputs", "output.elasticsearch"],
        ["sinks", "sources"],
    ]
    assert all(
        "dockcon logs -f --json" in TEXT.partition(f"{name}: `")[2][:40] for name in ("Filebeat", "Vector")
    )
