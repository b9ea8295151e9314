"""A push parser for HTTP/1.1 responses: bytes in, head, body and end out.

Our own because it runs inside the channel callback for every log line: the engine flushes one HTTP
chunk per line, so the chunk loop is one pattern match and one slice per chunk. It is strict (CRLF,
bounded heads) because a proper end has to be told from a cut link: only the last chunk, a full
Content-Length or, for bodies without either, the end of the stream, is an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

HEAD_LIMIT = 65536
"""Bytes of one head (status line and headers), and of the trailers after a chunked body."""
CHUNK_LINE_LIMIT = 4096
CHUNK_SIZE_DIGITS = 12
WHOLE_CHUNK_LIMIT = 131072
"""Bytes of one chunk that are kept together for a ChunkSink."""

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?\Z")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*?)[ \t]*\Z")
# Captures the size; every chunk but the first begins with the line end that closes the one before it.
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,%d})(?:[ \t]*;[^\r\n]*|[ \t]*)\r\n" % CHUNK_SIZE_DIGITS)
_NEXT_CHUNK = re.compile(rb"\r\n" + _CHUNK.pattern)
_CHUNK_START = re.compile(rb"(?:[0-9A-Fa-f]{1,%d}[ \t]*(?:;[^\r\n]*)?\r?)?\Z" % CHUNK_SIZE_DIGITS)


class HttpFault(Exception):
    """An exchange failed. Internal to `transport`: translated before it leaves."""


class BadResponse(HttpFault):
    """What came is not an HTTP/1.1 response."""


class BodyTooLarge(HttpFault):
    """The body is larger than the caller allowed."""


class Cut(HttpFault):
    """The bytes ended before the response did.

    `error` is set where the connection under the channel went away; `answered` tells whether any byte
    of this response had come; `note` is what a carrying command said on its standard error.
    """

    def __init__(self, error: Exception | None, *, answered: bool, note: str = "") -> None:
        super().__init__(note or (str(error) if error else "") or "the engine closed the connection")
        self.error = error
        self.answered = answered
        self.note = note


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers of a response."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By lower-case name; repeated fields are joined with a comma and a blank."""
    http11: bool = True

    @property
    def keep_alive(self) -> bool:
        words = {w.strip().lower() for w in self.headers.get("connection", "").split(",")}
        return "close" not in words if self.http11 else "keep-alive" in words


class Sink(Protocol):
    """Receives one response, in the channel callback; must not block."""

    def head(self, head: Head) -> None: ...

    def body(self, data: bytes) -> None:
        """Body bytes, chunk borders removed; never empty."""
        ...

    def end(self) -> None:
        """The response is complete. The last call."""
        ...

    def failed(self, fault: HttpFault) -> None:
        """It will never be complete. The last call."""
        ...


@runtime_checkable
class ChunkSink(Sink, Protocol):
    """A sink that wants the chunks of a chunked body as they are: some engines mean something by them."""

    def chunks(self, chunks: list[bytes]) -> None:
        """Chunks, each of them whole and none of them empty; at least one. Those too large come by `body`."""
        ...


class ResponseParser:
    """Parses the response to one request. Raises BadResponse from `feed`."""

    def __init__(self, sink: Sink, *, method: str = "GET") -> None:
        self._sink = sink
        self._chunk_sink = sink if isinstance(sink, ChunkSink) else None
        self._bodyless = method == "HEAD"
        self._keep_alive = True
        self._buffer = b""
        self._left = 0
        self._border = _CHUNK
        # Each state takes what it can from the buffer; true: another state goes on with the rest.
        self._state: Callable[[], bool] = self._read_head
        self.done = False
        self.answered = False
        """Whether any byte has come."""
        self.reusable = False
        """Set at the end: another request may follow on this connection."""

    def feed(self, data: bytes) -> None:
        """Take bytes; heads, bodies and ends that are complete go to the sink at once."""
        self.answered = True
        self._buffer = self._buffer + data if self._buffer else data
        while not self.done and self._state():
            pass
        if self.done and self._buffer:
            # Bytes that nothing asked for: whatever follows could not be trusted.
            self.reusable = False

    def eof(self) -> bool:
        """The stream ended properly; return whether the response did, too."""
        if self._state == self._read_to_eof and not self.done:
            self._keep_alive = False
            self._finish()
        return self.done

    def _finish(self) -> bool:
        self.done = True
        self.reusable = self._keep_alive and not self._buffer
        self._sink.end()
        return False

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, HEAD_LIMIT)
        if end < 0:
            if len(self._buffer) >= HEAD_LIMIT:
                raise BadResponse("the head of the response is too large")
            if self._buffer[:7] != b"HTTP/1."[: len(self._buffer)]:
                raise BadResponse(f"not an HTTP response: {self._buffer[:40]!r}")
            return False
        head = parse_head(self._buffer[:end])
        self._buffer = self._buffer[end + 4 :]
        if 100 <= head.status < 200 and head.status != 101:
            return bool(self._buffer)  # an interim answer (100 Continue) carries nothing
        self._keep_alive = head.keep_alive
        body = self._body_state(head)
        self._sink.head(head)
        if body is None:
            return self._finish()
        self._state = body
        return bool(self._buffer)

    def _body_state(self, head: Head) -> Callable[[], bool] | None:
        """How this head's body ends; None where there is none."""
        if head.status == 101:
            return self._read_to_eof
        if self._bodyless or head.status in (204, 304):
            return None
        coding = head.headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise BadResponse(f"unknown transfer coding {coding[:40]!r}")
            return self._read_chunks if self._chunk_sink is None else self._read_whole_chunks
        length = head.headers.get("content-length")
        if length is None:
            return self._read_to_eof
        values = {v.strip() for v in length.split(",")}
        value = values.pop()
        if values or not value.isascii() or not value.isdigit() or len(value) > 18:
            raise BadResponse(f"bad Content-Length {length[:40]!r}")
        self._left = int(value)
        return self._read_length if self._left else None

    def _read_to_eof(self) -> bool:
        data, self._buffer = self._buffer, b""
        self._sink.body(data)
        return False

    def _read_length(self) -> bool:
        piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        self._left -= len(piece)
        self._sink.body(piece)
        return False if self._left else self._finish()

    def _read_chunks(self) -> bool:
        data, position, left, border = self._buffer, 0, self._left, self._border
        out: list[bytes] = []
        last = False
        while True:
            if left:
                end = position + left
                out.append(data[position:end])
                if end > len(data):
                    left, position = end - len(data), len(data)
                    break
                position, left = end, 0
            found = border.match(data, position)
            if found is None:
                break
            position = found.end()
            left = int(found[1], 16)
            if not left:
                last = True
                break
            border = _NEXT_CHUNK
        self._left, self._border, self._buffer = left, border, data[position:]
        if out and (body := b"".join(out)):
            self._sink.body(body)
        if last:
            self._state = self._read_trailers
            return bool(self._buffer)
        if not left:
            self._check_border()
        return False

    def _read_whole_chunks(self) -> bool:
        assert self._chunk_sink is not None
        data, position, border = self._buffer, 0, self._border
        out: list[bytes] = []
        size = -1
        while (found := border.match(data, position)) is not None:
            size = int(found[1], 16)
            start = found.end()
            end = start + size
            if not size or end > len(data):
                break
            out.append(data[start:end])
            position, border = end, _NEXT_CHUNK
        self._border = border
        if found is not None and (not size or size > WHOLE_CHUNK_LIMIT):
            position, self._left, self._border = start, size, _NEXT_CHUNK
            self._state = self._read_large_chunk if size else self._read_trailers
        self._buffer = data[position:]
        if out:
            self._chunk_sink.chunks(out)
        if found is None:
            self._check_border()
            return False
        return bool(self._buffer) and self._state != self._read_whole_chunks

    def _read_large_chunk(self) -> bool:
        piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        self._left -= len(piece)
        self._sink.body(piece)
        if not self._left:
            self._state = self._read_whole_chunks
        return bool(self._buffer)

    def _check_border(self) -> None:
        """Raise unless the buffer can still become the line between two chunks."""
        rest = self._buffer
        if self._border is _NEXT_CHUNK:
            if rest[:2] != b"\r\n"[: len(rest)]:
                raise BadResponse("a chunk is longer than it said")
            rest = rest[2:]
        if len(rest) > CHUNK_LINE_LIMIT or not _CHUNK_START.match(rest):
            raise BadResponse(f"bad chunk size {rest[:40]!r}")

    def _read_trailers(self) -> bool:
        if self._buffer.startswith(b"\r\n"):
            self._buffer = self._buffer[2:]
            return self._finish()
        end = self._buffer.find(b"\r\n\r\n", 0, HEAD_LIMIT)
        if end >= 0:
            parse_fields(self._buffer[:end].split(b"\r\n"))
            self._buffer = self._buffer[end + 4 :]
            return self._finish()
        if len(self._buffer) >= HEAD_LIMIT:
            raise BadResponse("the trailers of the response are too large")
        return False


def parse_head(raw: bytes) -> Head:
    """Status line and fields, without the blank line that ends them. Raises BadResponse."""
    lines = raw.split(b"\r\n")
    status = _STATUS.match(lines[0])
    if status is None:
        raise BadResponse(f"not an HTTP response: {lines[0][:40]!r}")
    return Head(
        status=int(status[2]),
        reason=(status[3] or b"").decode("latin-1"),
        headers=parse_fields(lines[1:]),
        http11=status[1] == b"1",
    )


def parse_fields(lines: list[bytes]) -> dict[str, str]:
    """Header fields by lower-case name. Raises BadResponse."""
    fields: dict[str, str] = {}
    for line in lines:
        found = _HEADER.match(line)
        if found is None:
            raise BadResponse(f"bad header {line[:40]!r}")
        name, value = found[1].decode("ascii").lower(), found[2].decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields
