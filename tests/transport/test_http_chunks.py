"""Chunks as they are: the same bytes as any other sink has, divided as the engine divided them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.transport.http import WHOLE_CHUNK_LIMIT, BadResponse, ResponseParser

from .test_http import Recorder, chunked, cuts, split

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class ChunkRecorder(Recorder):
    """A sink that keeps chunks, and pieces of those too large."""

    def __init__(self) -> None:
        super().__init__()
        self.whole: list[bytes] = []

    def chunks(self, chunks: list[bytes]) -> None:
        assert chunks
        self.whole += chunks
        self.body(b"".join(chunks))


def run(data: bytes, cuts: list[int], sink: Recorder) -> ResponseParser:
    parser = ResponseParser(sink)
    for piece in split(data, cuts):
        parser.feed(piece)
    return parser


texts = st.one_of(
    st.binary(min_size=1, max_size=50),
    st.sampled_from([b"\r\n", b"a\r\n", b"\r\n\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n", b"a" * 40_000]),
)


@given(st.lists(texts, max_size=20), cuts, st.sampled_from([b"", b";x=y", b" "]), st.booleans())
def test_chunks_however_the_bytes_are_split(
    chunks: list[bytes], cuts: list[int], extension: bytes, trailer: bool
) -> None:
    data = HEAD + chunked(chunks, extension=extension, trailers=b"X-T: 1\r\n" if trailer else b"")
    sink = ChunkRecorder()
    parser = run(data, cuts, sink)
    assert sink.whole == chunks
    assert (sink.ends, parser.done, parser.reusable) == (1, True, True)


@given(
    st.lists(st.sampled_from([1, 10, WHOLE_CHUNK_LIMIT, WHOLE_CHUNK_LIMIT + 1, 300_000]), max_size=5),
    st.lists(st.integers(0, 1 << 20), max_size=40),
)
def test_chunks_too_large_to_keep_come_in_pieces_and_in_order(sizes: list[int], cuts: list[int]) -> None:
    chunks = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    sink = ChunkRecorder()
    assert run(HEAD + chunked(chunks), cuts, sink).done
    assert sink.bytes == b"".join(chunks)
    small = [chunk for chunk in chunks if len(chunk) <= WHOLE_CHUNK_LIMIT]
    assert [chunk for chunk in sink.whole if len(chunk) <= WHOLE_CHUNK_LIMIT] == small


@given(
    st.lists(st.one_of(texts, st.binary(max_size=9)), max_size=6),
    st.lists(
        st.one_of(st.binary(max_size=9), st.sampled_from([b"\r\n", b"5", b"5\r\n", b"0\r\n"])), max_size=4
    ),
    cuts,
)
def test_garbage_is_refused_by_both_kinds_alike(
    chunks: list[bytes], garbage: list[bytes], cuts: list[int]
) -> None:
    data = HEAD + chunked(chunks).removesuffix(b"0\r\n\r\n") + b"".join(garbage)
    outcomes = []
    for sink in (Recorder(), ChunkRecorder()):
        try:
            parser = run(data, cuts, sink)
        except BadResponse:
            outcomes.append((True, False))
        else:
            outcomes.append((False, parser.done))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("size", [b"x", b"-5", b"0x5", b"+5", b"5_0", b" 5", b"5" * 13, b""])
def test_a_chunk_size_that_is_none_is_refused(size: bytes) -> None:
    sink = ChunkRecorder()
    with pytest.raises(BadResponse):
        run(HEAD + b"2\r\nok\r\n" + size + b"\r\nabcde\r\n2\r\nok\r\n", [], sink)
    assert sink.bytes == b"ok"
