"""The response parser, with h11 as the judge."""

from __future__ import annotations

import itertools

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.transport.http import BadResponse, Head, HttpFault, ResponseParser


class Recorder:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.heads: list[Head] = []
        self.bytes = b""
        self.ends = 0
        self.pieces = 0

    def head(self, head: Head) -> None:
        self.heads.append(head)

    def body(self, data: bytes) -> None:
        assert data
        assert self.heads
        assert not self.ends
        self.bytes += data
        self.pieces += 1

    def end(self) -> None:
        assert self.heads
        self.ends += 1

    def failed(self, fault: HttpFault) -> None:
        raise AssertionError(fault)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    borders = sorted({c % (len(data) + 1) for c in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(borders) if a != b]


def run(
    data: bytes, cuts: list[int], *, eof: bool = False, method: str = "GET"
) -> tuple[Recorder, ResponseParser]:
    sink = Recorder()
    parser = ResponseParser(sink, method=method)
    for piece in split(data, cuts):
        parser.feed(piece)
    if eof:
        parser.eof()
    return sink, parser


def judge(
    data: bytes, *, method: str = "GET", eof: bool = False
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """What h11 makes of it: status, headers, body. Raises h11.RemoteProtocolError."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    if eof:
        client.receive_data(b"")
    status, headers, body = 0, [], b""
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            status, headers = event.status_code, list(event.headers)
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return status, headers, body
        elif event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
            raise AssertionError(f"incomplete for h11: {event}")


def chunked(chunks: list[bytes], *, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    lines = [b"%x%s\r\n%s\r\n" % (len(c), extension, c) for c in chunks if c]
    return b"".join([*lines, b"0\r\n", trailers, b"\r\n"])


cuts = st.lists(st.integers(0, 100_000), max_size=40)
token = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
value = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
fields = st.dictionaries(
    token.filter(lambda t: t not in ("connection", "content-length", "transfer-encoding")), value, max_size=5
)


@given(
    st.sampled_from([200, 201, 301, 400, 404, 409, 500]),
    fields,
    st.lists(st.binary(max_size=200), max_size=12),
    st.sampled_from(["chunked", "extension", "trailers", "length", "eof"]),
    cuts,
    st.booleans(),
)
def test_agrees_with_h11_however_the_bytes_are_split(
    status: int, extra: dict[str, str], chunks: list[bytes], how: str, cuts: list[int], interim: bool
) -> None:
    body = b"".join(chunks)
    lines = [f"HTTP/1.1 {status} Some Reason", *(f"{k}: {v}" for k, v in extra.items())]
    payload = body
    if how == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif how != "eof":
        lines.append("Transfer-Encoding: chunked")
        payload = chunked(
            chunks,
            extension=b";a=b" if how == "extension" else b"",
            trailers=b"X-T: 1\r\n" if how == "trailers" else b"",
        )
    data = "\r\n".join([*lines, "", ""]).encode() + payload
    if interim:
        data = b"HTTP/1.1 100 Continue\r\n\r\n" + data
    expected = judge(data, eof=how == "eof")

    sink, parser = run(data, cuts, eof=how == "eof")

    assert (sink.heads[0].status, sink.bytes) == (expected[0], expected[2])
    assert {k.decode(): v.decode() for k, v in expected[1]} == dict(sink.heads[0].headers)
    assert sink.ends == 1
    assert parser.done
    assert parser.reusable == (how != "eof")


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), st.data())
def test_a_cut_response_is_never_taken_for_a_whole_one(chunks: list[bytes], data: st.DataObject) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(chunks)
    cut = data.draw(st.integers(0, len(whole) - 1))
    sink, parser = run(whole[:cut], data.draw(cuts), eof=True)
    assert not parser.done
    assert sink.ends == 0
    assert b"".join(chunks).startswith(sink.bytes)


@given(st.binary(max_size=300), cuts)
@example(b"-5\r\nabc", [])
@example(b"0x5\r\nabcde\r\n0\r\n\r\n", [])
@example(b"+5\r\nabcde\r\n0\r\n\r\n", [])
@example(b"1_0\r\n", [])
@example(b"5\nabcde", [])
@example(b"3\r\nabcdef\r\n0\r\n\r\n", [])
@example(b"f" * 13, [])
@example(b"5;" + b"x" * 5000, [])
def test_noise_after_the_head_is_refused_or_agreed_on_by_h11(noise: bytes, cuts: list[int]) -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + noise
    try:
        sink, parser = run(data, cuts)
    except BadResponse:
        return
    if parser.done:
        assert judge(data)[2] == sink.bytes


@given(st.binary(max_size=400), cuts)
def test_noise_instead_of_a_head_never_crashes(noise: bytes, cuts: list[int]) -> None:
    try:
        sink, _ = run(noise, cuts, eof=True)
    except BadResponse:
        return
    assert sink.ends <= 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 200 OK",
        b"HTTP/1.1 99 No",
        b"HTTP/1.1 200 OK\r\n folded: x",
        b"HTTP/1.1 200 OK\r\nname : x",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"docker: command not found",
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, id="huge"),
    ],
)
def test_a_bad_head_is_refused(head: bytes) -> None:
    with pytest.raises(BadResponse):
        run(head + b"\r\n\r\n", [])


def test_an_endless_head_is_refused_before_it_fills_the_memory() -> None:
    parser = ResponseParser(Recorder())
    parser.feed(b"HTTP/1.1 200 OK\r\n")
    for _ in range(65):
        parser.feed(b"x: " + b"y" * 995 + b"\r\n")
    with pytest.raises(BadResponse, match="too large"):
        parser.feed(b"x: " + b"y" * 995 + b"\r\n")


@pytest.mark.parametrize(("status", "method"), [(204, "GET"), (304, "GET"), (200, "HEAD")])
def test_some_answers_have_no_body_whatever_they_say(status: int, method: str) -> None:
    data = b"HTTP/1.1 %d X\r\nContent-Length: 10\r\n\r\n" % status
    sink, parser = run(data, [], method=method)
    assert (sink.ends, sink.bytes, parser.reusable) == (1, b"", True)


def test_after_101_the_channel_is_raw_to_its_end() -> None:
    data = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\0\0\0\0\0\0\2hi"
    sink, parser = run(data, [3, 50, 70, 80], eof=True)
    assert sink.bytes == b"\x01\0\0\0\0\0\0\2hi"
    assert (sink.ends, parser.reusable) == (1, False)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_whether_another_request_may_follow(head: bytes, reusable: bool) -> None:
    _, parser = run(head + b"Content-Length: 2\r\n\r\nok", [])
    assert parser.reusable is reusable


def test_bytes_that_nothing_asked_for_spoil_the_connection() -> None:
    _, parser = run(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", [])
    assert parser.done
    assert not parser.reusable


def test_many_small_chunks_become_one_piece() -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked([b"line\n"] * 1000)
    sink, _ = run(data, [])
    assert sink.bytes == b"line\n" * 1000
    assert sink.pieces == 1
