"""Logs as real engines send them: drivers, terminals, long lines, ends that are none, and the clock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from console.errors import EngineDown, EngineError, HostError, HostUnreachable, NotFound
from console.model.logs.lines import LogFrames
from console.transport.base import Engine, LogAsk
from console.transport.live import LiveTransport
from tests.lab.aids import engine_of
from tests.lab.containers import Recipe, start, start_plain
from tests.lab.host import LabHost

NUMBERS = """awk 'BEGIN { for (i = 1; i <= 60000; i++) printf "%0100d\\n", i }'"""
TEXT = (
    "echo one; head -c 40000 /dev/zero | tr '\\0' x; echo; "
    "sleep 0.1; echo err >&2; printf 'a\\tb\\377\\n\\n'; printf end"
)
OUT = [b"one\n", b"x" * 16384, b"x" * 16384, b"x" * 7232 + b"\n", b"a\tb\xff\n", b"\n", b"end"]
STAMP = "2024-01-01T12:00:00.123456789Z fake"
"""What a container prints to be taken for the engine."""

Row = tuple[int, int, bytes]


async def take(batches: AsyncIterator[LogFrames], count: int = 1 << 60) -> list[Row]:
    """Rows until there are `count` of them, or the log ends."""
    got: list[Row] = []
    async with asyncio.timeout(30):
        async for frames in batches:
            got += zip(frames.stamps, frames.streams, frames.payloads, strict=True)
            if len(got) >= count:
                break
    return got


async def whole(engine: Engine, container: str, **ask: int) -> list[Row]:
    """A container's log so far, asked for as its inspect says."""
    setup = (await engine.inspect(container)).logs
    async with engine.logs(container, LogAsk(tty=setup.tty, **ask)) as batches:
        return await take(batches)


async def ended(host: LabHost, name: str, *words: str, script: str = TEXT) -> str:
    """A container that has run to its end."""
    return await asyncio.to_thread(start, host, Recipe(name, words, script, "exited"))


# ---- Docker


@pytest.mark.parametrize("driver", ["json-file", "local"])
async def test_frames_of_both_streams(transport: LiveTransport, h1: LabHost, driver: str) -> None:
    container = await ended(h1, "web", "--log-driver", driver, "--log-opt", "max-size=5m")
    engine = await engine_of(transport, h1)
    setup = (await engine.inspect(container)).logs
    assert (setup.driver, setup.max_size, setup.tty) == (driver, 5 << 20, False)
    rows = await whole(engine, container)
    out = [(stamp, text) for stamp, stream, text in rows if stream == 1]
    if driver == "local":  # it forgets the newline of a line of several parts
        assert [text for _, text in out] == [*OUT[:3], OUT[3][:-1], *OUT[4:]]
    else:
        # Its file is JSON, in which bytes that are no UTF-8 cannot be kept.
        assert [text for _, text in out] == [text.replace(b"\xff", "\ufffd".encode()) for text in OUT]
    assert [text for _, stream, text in rows if stream == 2] == [b"err\n"]
    assert len({stamp for stamp, _ in out[1:4]}) == 1
    assert len({stamp for stamp, _ in out}) == len(out) - 2
    after = [stamp for stamp, _, _ in rows]
    assert await whole(engine, container, tail=2) == rows[-2:]
    assert await whole(engine, container, since_ns=after[-2]) == rows[-2:]
    assert await whole(engine, container, since_ns=after[-2] + 1) == rows[-1:]
    assert await whole(engine, container, until_ns=after[0]) == rows[:1]


@pytest.mark.parametrize("driver", ["json-file", "local"])
async def test_a_terminal_cannot_fool_anybody(transport: LiveTransport, h1: LabHost, driver: str) -> None:
    long = f"head -c 16384 /dev/zero | tr '\\0' x; echo '{STAMP}'"
    script = f"{long}; echo '{STAMP}'; printf '{STAMP}'"
    container = await ended(h1, "tty", "-t", "--log-driver", driver, script=script)
    # Once more: the last line had no end, and the log goes on behind it.
    await asyncio.to_thread(h1.docker, "start", container)
    await asyncio.to_thread(h1.wait_for, container, "exited")
    rows = await whole(await engine_of(transport, h1), container)
    fake = STAMP.encode()
    newline = b"\r\n" if driver == "json-file" else b"\r"
    assert [text for _, _, text in rows] == [b"x" * 16384, fake + newline, fake + b"\r\n", fake] * 2
    stamps = [stamp for stamp, _, _ in rows]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == 6


async def test_what_cannot_be_read(transport: LiveTransport, h1: LabHost) -> None:
    engine = await engine_of(transport, h1)
    none = await ended(h1, "none", "--log-driver", "none")
    remote = ("--log-driver", "syslog", "--log-opt", "syslog-address=udp://127.0.0.1:9")
    blind = await ended(h1, "blind", *remote, "--log-opt", "cache-disabled=true", script="echo hello")
    for container in (none, blind):
        with pytest.raises(EngineError, match="configured logging driver does not support reading") as caught:
            await whole(engine, container)
        assert caught.value.status == 501
    both = await ended(h1, "both", *remote, script="echo hello")
    assert [text for _, _, text in await whole(engine, both)] == [b"hello\n"]
    async with asyncio.timeout(30):
        with pytest.raises(NotFound):
            await engine.logs("f" * 64, LogAsk(follow=True)).__aenter__()


async def test_a_follow_ends_with_its_container_only(transport: LiveTransport, h1: LabHost) -> None:
    engine = await engine_of(transport, h1)
    script = "trap 'echo bye; exit 0' TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done"

    async def follow(end: object = None) -> list[Row]:
        async with engine.logs(container, LogAsk(follow=True, tail=0)) as batches:
            first = await take(batches, 3)
            if callable(end):
                await asyncio.to_thread(end)
            return first + await take(batches)

    container = await asyncio.to_thread(start_plain, h1, "ticker", script=script)
    rows = await follow(lambda: h1.docker("stop", "-t", "5", container))
    numbers = [int(text) for _, _, text in rows if text != b"bye\n"]
    assert all(b == a + 1 for a, b in itertools.pairwise(numbers))
    assert rows[-1][2] == b"bye\n"

    await asyncio.to_thread(h1.docker, "start", container)
    with pytest.raises(EngineDown):
        await follow(h1.kill_dockerd)
    await asyncio.to_thread(h1.start_dockerd)
    await asyncio.to_thread(h1.docker, "start", container)
    with pytest.raises(HostUnreachable):
        await follow(h1.kill_sshd_children)


async def test_the_engine_is_held_back_without_a_line_lost(transport: LiveTransport, h1: LabHost) -> None:
    container = await ended(h1, "big", script=NUMBERS)
    engine = await engine_of(transport, h1)
    async with engine.logs(container, LogAsk()) as batches:
        rows = await take(batches, 1)
        await asyncio.sleep(1)  # long enough to read all of it, were it not held back
        second = await anext(batches)
        assert len(second) < 20_000
        assert [int(text) for _, _, text in rows] == list(range(1, len(rows) + 1))
        seen = [*(int(text) for _, _, text in rows), *map(int, second.payloads)]
        seen += [int(text) for _, _, text in await take(batches)]
    assert seen == list(range(1, 60_001))


async def test_the_clock_of_an_engine_on_this_machine(transport: LiveTransport, h1: LabHost) -> None:
    reading = await (await engine_of(transport, h1)).clock()
    assert abs(reading.ahead) <= reading.error + 0.001
    assert reading.error < 1


# ---- Podman


async def test_logs_of_podman(transport: LiveTransport, podman_host: LabHost) -> None:
    engine = await engine_of(transport, podman_host)
    container = await ended(podman_host, "web", script=TEXT)
    rows = await whole(engine, container)
    assert b"".join(text for _, stream, text in rows if stream == 1).startswith(b"".join(OUT[:4]))
    assert [text for _, stream, text in rows if stream == 2] == [b"err\n"]
    assert all(stamp % 1_000_000_000 == 0 for stamp, _, _ in rows)  # whole seconds: many lines share one
    terminal = await ended(podman_host, "tty", "-t", script=f"echo '{STAMP}'; printf end")
    assert [text for _, _, text in await whole(engine, terminal)] == [STAMP.encode() + b"\r\n", b"end"]
    none = await ended(podman_host, "none", "--log-driver", "none")
    with pytest.raises(EngineError, match="none"):
        await whole(engine, none)
    assert abs((await engine.clock()).ahead) < 1


async def test_podman_says_nothing_before_the_first_line(
    transport: LiveTransport, podman_host: LabHost
) -> None:
    engine = await engine_of(transport, podman_host)
    script = (
        "trap 'exit 0' TERM; while [ ! -e /go ]; do sleep 0.1; done; echo went; while :; do sleep 0.1; done"
    )
    container = await asyncio.to_thread(start_plain, podman_host, "silent", script=script)
    async with engine.logs(container, LogAsk(follow=True)) as batches:
        await asyncio.to_thread(podman_host.docker, "exec", container, "touch", "/go")
        assert [text for _, _, text in await take(batches, 1)] == [b"went\n"]
        await asyncio.to_thread(podman_host.docker, "stop", "-t", "3", container)
        assert await take(batches) == []
    with pytest.raises(HostError):
        async with engine.logs("f" * 64, LogAsk(follow=True)) as batches:
            await take(batches)
