"""What engines send of logs, made by hand."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from console.model.logs.lines import LogFrames

NS = 1_000_000_000
NOON = int(datetime(2024, 1, 1, 12, tzinfo=UTC).timestamp()) * NS


def stamp(ns: int) -> bytes:
    """As Docker writes it, with its blank."""
    seconds, rest = divmod(ns, NS)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode() + b".%09dZ " % rest


def frame(stream: int, entry: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(entry)) + entry


def line(ns: int, text: bytes, stream: int = 1) -> bytes:
    """A frame of a line, or of a part of one."""
    return frame(stream, stamp(ns) + text)


Row = tuple[int, int, bytes]


def rows(*many: LogFrames) -> list[Row]:
    """Frames as (stamp, stream, text)."""
    out: list[Row] = []
    for frames in many:
        out += zip(frames.stamps, frames.streams, frames.payloads, strict=True)
    return out
