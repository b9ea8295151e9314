"""The one shell of a host: what may go in, what comes out, and what happens when it does not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import CapabilityMissing, HostUnreachable
from console.transport import shell as module
from console.transport.channels import Channel, ChannelReader, ChannelRefused
from console.transport.local import LocalDialer
from console.transport.shell import HostShell, question

from .fake_engine import full_id
from .waiting import until

SCRIPT = """
count() { i=0; while [ $i -lt "$1" ]; do i=$((i+1)); echo "$i"; done; }
both() { echo out; echo err >&2; }
show() { printf '%s\\n' "$@"; }
stuck() { sleep 1000; }
pid() { echo $$; }
keep() { K=$1; }
kept() { echo "${K-}"; }
leave() { exit 3; }
greedy() { cat; }
tree() { ls -d /proc/self/fd/0 >/dev/null; env; }
"""


class Dialer(LocalDialer):
    """This machine; keeps the channels, so that a test can cut them."""

    def __init__(self) -> None:
        self.channels: list[tuple[Channel, ChannelReader]] = []

    async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
        channel = await super().open_command(argv, reader)
        self.channels.append((channel, reader))
        return channel


@asynccontextmanager
async def shell(argv: Sequence[str] = module.ARGV) -> AsyncIterator[tuple[HostShell, Dialer]]:
    dialer = Dialer()
    one = HostShell("app-1", dialer, SCRIPT, argv=argv)
    try:
        yield one, dialer
    finally:
        await one.aclose()


async def say(one: HostShell, function: str, *arguments: int | str) -> tuple[str, ...]:
    return (await one.ask(function, *arguments)).lines


async def test_questions_share_one_shell() -> None:
    async with shell() as (one, dialer):
        assert await say(one, "show", 17, full_id(3)) == ("17", full_id(3))
        assert await say(one, "both") == ("out",)
        assert await say(one, "greedy") == ()
        assert len(await say(one, "count", 5000)) == 5000
        await say(one, "keep", 8)
        assert await say(one, "kept") == ("8",)
        assert len(dialer.channels) == one.openings == 1


async def test_its_environment_is_its_own() -> None:
    async with shell() as (one, _):
        told = {line.partition("=")[0] for line in await say(one, "tree")}
    assert told <= {"PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"}
    assert {"PATH", "LC_ALL"} <= told


async def test_many_at_once_take_turns() -> None:
    async with shell() as (one, _):
        said = await asyncio.gather(*(say(one, "count", n) for n in range(1, 30)))
    assert [len(lines) for lines in said] == list(range(1, 30))


async def test_noise_of_login_scripts_is_thrown_away() -> None:
    noise = "echo 'ask me begin'; printf '\\ndockcon-0-1 begin\\n'; echo moo >&2; exec /bin/sh"
    async with shell(("sh", "-c", noise)) as (one, _):
        assert await say(one, "show", 1) == ("1",)


@given(st.text(max_size=70) | st.integers() | st.booleans() | st.floats() | st.binary(max_size=5))
def test_nothing_but_integers_and_full_ids_goes_in(argument: object) -> None:
    fits = type(argument) is int and 0 <= argument < 1 << 63
    if fits:
        assert question("show", [argument]) == f"show {argument}"  # type: ignore[list-item]
    else:
        with pytest.raises(ValueError, match="not an integer or a full id"):
            question("show", [argument])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "argument", ["a" * 63, "A" * 64, "a" * 64 + "\n", "$(id)", "", "1; id", "a" * 63 + ";"]
)
def test_what_looks_like_an_id_must_be_one(argument: str) -> None:
    with pytest.raises(ValueError, match="full id"):
        question("show", [argument])


@pytest.mark.parametrize("function", ["", "show;id", "Show", "show ", "$(x)", "a" * 21])
def test_a_function_is_a_plain_word(function: str) -> None:
    with pytest.raises(ValueError, match="function"):
        question(function, [])


async def test_one_that_does_not_answer_is_killed_and_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shell() as (one, dialer):
        await say(one, "keep", 8)
        monkeypatch.setattr(module, "DEADLINE", 0.2)
        with pytest.raises(CapabilityMissing, match="did not answer within"):
            await say(one, "stuck")
        with pytest.raises(CapabilityMissing, match=r"did not answer within .* opened anew in"):
            await say(one, "kept")
        assert len(dialer.channels) == 1
        monkeypatch.setattr(module, "REOPEN_AFTER", 0.0)
        monkeypatch.setattr(module, "DEADLINE", 3.0)
        assert await say(one, "kept") == ()
        assert one.openings == 2


async def test_one_that_ends_says_how() -> None:
    async with shell() as (one, _):
        await say(one, "show", 1)
        with pytest.raises(CapabilityMissing, match="the shell ended with status 3"):
            await say(one, "leave")


async def test_a_login_without_a_shell_is_told_in_its_own_words() -> None:
    words = "echo 'This account is \x1b[31mnot available.'; exit 1"
    async with shell(("sh", "-c", words)) as (one, _):
        with pytest.raises(CapabilityMissing, match=r"status 1: This account is not available\."):
            await say(one, "show", 1)


async def test_a_program_that_is_no_shell() -> None:
    async with shell(("cat",)) as (one, _):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "OPEN_DEADLINE", 0.2)
            with pytest.raises(CapabilityMissing, match="did not answer"):
                await say(one, "show", 1)


async def test_a_refused_shell() -> None:
    class Refusing(LocalDialer):
        async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
            raise ChannelRefused("open failed")

    one = HostShell("app-1", Refusing(), SCRIPT)
    with pytest.raises(CapabilityMissing, match="no shell can be opened: open failed"):
        await say(one, "show", 1)
    await one.aclose()


async def test_a_lost_connection_is_not_a_missing_shell() -> None:
    async with shell() as (one, dialer):
        await say(one, "show", 1)
        asking = asyncio.create_task(say(one, "stuck"))
        channel, reader = dialer.channels[0]
        await until(lambda: getattr(reader, "exchange", None) is not None)
        reader.closed(HostUnreachable("app-1", "connection reset"), None)
        with pytest.raises(HostUnreachable, match="connection reset"):
            await asking
        with pytest.raises(HostUnreachable):
            await say(one, "show", 1)
        channel.abort()
        await until(lambda: channel._process.get_returncode() is not None)  # type: ignore[attr-defined]


async def test_a_question_that_is_given_up_does_not_answer_the_next() -> None:
    async with shell() as (one, _):
        await say(one, "show", 1)
        asking = asyncio.create_task(say(one, "stuck"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await say(one, "show", 2) == ("2",)


async def test_closing_leaves_no_process() -> None:
    async with shell() as (one, _):
        pid = (await say(one, "pid"))[0]
        assert pid in os.listdir("/proc")
    await until(lambda: pid not in os.listdir("/proc"))
    with pytest.raises(CapabilityMissing, match="closed"):
        await say(one, "show", 1)
