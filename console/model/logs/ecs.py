"""Lines as objects of the Elastic Common Schema, nested, so that Filebeat, Logstash and Vector take them as
they are. Fields are those of the ECS reference (`@timestamp`, `message`, `labels`, `host.name`,
`container.*`, `service.name`, `log.level`, `event.*`, `ecs.version`); `stream` is Filebeat's own, and
`dockcon.*` is ours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii

from console.model.logs.level import level_of
from console.model.logs.lines import LogLine, LogSource, Note, NoteKind, Stream

VERSION = "8.11.0"
"""Of the schema; every field used is in all later ones."""

Row = dict[str, object]

_STREAMS = {Stream.OUT: "stdout", Stream.ERR: "stderr"}
_GAPS = (NoteKind.GAP, NoteKind.DROPPED)


def stamp_of(ns: int) -> str:
    """Nanoseconds of the Unix epoch in RFC 3339, UTC, all nine decimals: `2024-05-06T07:08:09.123456789Z`."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    return f"{_second(seconds)}.{fraction:09d}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    moment = time.gmtime(seconds)
    return (
        f"{moment.tm_year:04d}-{moment.tm_mon:02d}-{moment.tm_mday:02d}"
        f"T{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d}"
    )


def record_of(source: LogSource | None, line: LogLine, fleet: str) -> Row:
    """One line as one object.

    The message is the whole line: bytes that are no UTF-8 become U+FFFD, nothing is stripped or clipped
    (JSON writes control characters as escapes). `source` is None for a note about none in particular.
    A note of kind GAP or DROPPED has `dockcon.gap`, any other `dockcon.note`.
    """
    row: Row = {"@timestamp": stamp_of(line.ns)}
    if line.note is not None:
        row["message"] = str(line.note.text)
        row.update(_about(source, fleet), **_note(line.note))
        return row
    row["message"] = line.raw.decode("utf-8", "replace")
    level = level_of(line.raw)
    if level is not None:
        row["log"] = {"level": level.value}
    row["stream"] = _STREAMS[line.stream]
    row.update(_about(source, fleet))
    return row


def _about(source: LogSource | None, fleet: str) -> Row:
    labels = {"dockcon_fleet": fleet}
    row: Row = {}
    if source is not None:
        row["host"] = {"name": source.host}
        row["container"] = {"id": source.id, "name": str(source.name), "image": _image(source.image)}
        if source.service:
            row["service"] = {"name": str(source.service)}
        if source.project:
            labels["compose_project"] = str(source.project)
    row["labels"] = labels
    row["ecs"] = {"version": VERSION}
    return row


def _image(reference: str) -> Row:
    """`registry:5000/worker:2@sha256:...` in the parts that ECS has for it; tags and digests are lists."""
    named, _, digest = reference.partition("@")
    path, slash, last = named.rpartition("/")
    name, _, tag = last.partition(":")
    image: Row = {"name": f"{path}{slash}{name}"}
    if reference.startswith("sha256:"):
        return {"name": reference}
    if tag:
        image["tag"] = [tag]
    if digest:
        image["hash"] = {"all": [digest]}
    return image


def _note(note: Note) -> Row:
    span: Row = {}
    if note.from_ns is not None:
        span["from"] = stamp_of(note.from_ns)
    if note.to_ns is not None:
        span["to"] = stamp_of(note.to_ns)
    if note.lines:
        span["lines"] = note.lines
    if note.kind in _GAPS:
        told: Row = {"gap": {"from": None, "to": None, **span, "reason": str(note.text)}}
    else:
        told = {"note": {"kind": note.kind.value, **span}}
    return {"event": {"kind": "event", "module": "dockcon", "action": note.kind.value}, "dockcon": told}


class Encoder:
    """Lines to JSON, one object a line, as `json.dumps(record_of(...))` would but several times as fast:
    what the lines of one stream share is encoded once.
    """

    def __init__(self, fleet: str, *, ascii_only: bool = False) -> None:
        """`ascii_only`: for an output that takes nothing else."""
        self._fleet = fleet
        self._ascii = ascii_only
        self._shared: dict[tuple[int, int], str] = {}

    def line(self, ns: int, stream: Stream, text: str, raw: bytes, source: LogSource) -> str:
        """One line of a container, with newline; `text` is its message, `raw` is searched for its level."""
        shared = self._shared.get((source.index, stream))
        if shared is None:
            row = {"stream": _STREAMS[stream], **_about(source, self._fleet)}
            shared = self._shared[source.index, stream] = f"{self._dump(row)[1:]}\n"
        level = level_of(raw)
        message = encode_basestring_ascii(text) if self._ascii else encode_basestring(text)
        if not message.isprintable():
            # JSON escapes the control characters of ASCII only; terminals obey others too.
            message = encode_basestring_ascii(text)
        head = f'{{"@timestamp":"{stamp_of(ns)}","message":{message},'
        return f'{head}"log":{{"level":"{level.value}"}},{shared}' if level else head + shared

    def note(self, note: Note, source: LogSource | None) -> str:
        """A note of ours with its newline."""
        line = LogLine(note.ns, note.source, Stream.NOTE, b"", note)
        return f"{self._dump(record_of(source, line, self._fleet))}\n"

    def _dump(self, row: Mapping[str, object]) -> str:
        return json.dumps(row, ensure_ascii=self._ascii, separators=(",", ":"))
