"""`check`: files, then hosts; questions on a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli.asking import TerminalPrompter
from console.errors import EngineForbidden, HostKeyRefused, HostUnreachable, LoginRefused
from console.model.questions import Prompt, Question, QuestionKind
from console.model.text import safe
from console.transport.memory import Asked, MemoryFleet
from tests.cli.conftest import Run

HOST_KEY = Question(
    kind=QuestionKind.HOST_KEY,
    host="b",
    hop="ops@10.0.0.2",
    title=safe("Unknown host key of b"),
    text=safe("ED25519 SHA256:abc"),
)
CODE = Question(
    kind=QuestionKind.CODE,
    host="b",
    hop="ops@10.0.0.2",
    title=safe("Log in to b"),
    text=safe(""),
    prompts=(Prompt(safe("Password")), Prompt(safe("Token:"), echo=True)),
)


def test_everything_works(run: Run, fleet: MemoryFleet) -> None:
    done = run("check", "--json")
    assert (done.code, done.err) == (0, "")
    for row in done.rows:
        assert row["state"] == "up"
        assert all(set(check) == {"what", "ok", "detail", "next"} and check["ok"] for check in row["checks"])
    whats = [check["what"] for check in done.rows[0]["checks"]]
    assert whats == ["ssh", "engine", "api version", "permission", "containers", "shell", "clock", "flows"]


def test_it_reads_well(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route to host", next_step="is it switched on?")
    done = run("check")
    assert done.code == 4
    assert done.out.splitlines()[:4] == [
        f"{Path.cwd()}/hosts.yml: 2 hosts of fleet test",
        "",
        "a  up",
        "  ok  ssh          10.0.0.1",
    ]
    assert done.out.splitlines()[-3:] == [
        "b  lost",
        "  no  ssh          no route to host",
        "                   next: is it switched on?",
    ]


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (HostUnreachable("b", "x"), "ssh"),
        (HostKeyRefused("b", "x"), "host key"),
        (LoginRefused("b", "x"), "login"),
    ],
)
def test_an_error_belongs_to_its_check(
    run: Run, fleet: MemoryFleet, error: HostUnreachable, what: str
) -> None:
    fleet["b"].faults.refuse = error
    done = run("check", "--json")
    assert done.code == 4
    assert [(c["what"], c["ok"]) for c in done.rows[1]["checks"]] == [(what, False)]


def test_permission_and_engine(run: Run, fleet: MemoryFleet) -> None:
    fleet["a"].faults.forbid = EngineForbidden("a", "permission denied", next_step="join the group docker")
    fleet["b"].faults.engine_down = True
    done = run("check", "--json")
    checks = [[(c["what"], c["ok"]) for c in row["checks"]] for row in done.rows]
    assert checks == [[("ssh", True), ("permission", False)], [("ssh", True), ("engine", False)]]
    assert done.rows[0]["checks"][1]["next"] == "join the group docker"


def test_a_host_without_a_shell_is_up(run: Run, fleet: MemoryFleet) -> None:
    fleet["a"].faults.no_shell = "shells are refused"
    done = run("check", "--json")
    assert done.code == 0
    (shell,) = [c for c in done.rows[0]["checks"] if c["what"] == "shell"]
    assert (shell["ok"], shell["detail"]) == (False, "shells are refused")


def test_warnings_and_settings_are_said(run: Run, fleet: MemoryFleet, home: Path) -> None:
    text = Path("hosts.yml").read_text(encoding="utf-8")
    Path("hosts.yml").write_text(text.replace("10.0.0.2}", "10.0.0.2, identity: none.key}"), encoding="utf-8")
    done = run("check")
    assert done.code == 0
    assert "hosts.b.identity: there is no key file" in done.err
    (home / ".config/dockcon").mkdir(parents=True)
    (home / ".config/dockcon/settings.yml").write_text("fps: many\n")
    done = run("check")
    assert done.code == 2
    assert "settings.yml:1: fps:" in done.err


def test_without_a_terminal_nobody_is_asked(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.questions.append(Asked(HOST_KEY))
    done = run("check", "--json")
    assert done.code == 4
    assert done.rows[1]["state"] == "needs-you"


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Our end of a pseudo-terminal, and the path of the other."""
    ours, theirs = pty.openpty()
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


async def shown(descriptor: int, expected: str) -> str:
    """What the terminal shows until `expected` is there."""
    text = ""
    os.set_blocking(descriptor, False)
    async with asyncio.timeout(30):
        while expected not in text:
            try:
                text += os.read(descriptor, 4096).decode()
            except BlockingIOError:
                await asyncio.sleep(0.01)
    return text


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("yes\n", ("yes",)), ("y\n", ("yes",)), ("\n", None), ("no\n", None), ("\x04", None)],
)
async def test_a_host_key_is_accepted_only_by_yes(
    terminal: tuple[int, str], typed: str, answer: tuple[str, ...] | None
) -> None:
    ours, path = terminal
    asking = asyncio.create_task(TerminalPrompter(path).ask(HOST_KEY))
    text = await shown(ours, "[y/N] ")
    assert "SHA256:abc" in text
    os.write(ours, typed.encode())
    assert await asking == answer


async def test_what_is_secret_is_not_shown(terminal: tuple[int, str]) -> None:
    ours, path = terminal
    asking = asyncio.create_task(TerminalPrompter(path).ask(CODE))
    text = await shown(ours, "Password: ")
    os.write(ours, b"hunter2\n")
    text += await shown(ours, "Token: ")
    os.write(ours, b"123456\n")
    text += await shown(ours, "123456")
    assert await asking == ("hunter2", "123456")
    assert "hunter2" not in text


async def test_a_cancelled_question_leaves_the_terminal_as_it_was(terminal: tuple[int, str]) -> None:
    ours, path = terminal
    before = termios.tcgetattr(ours)
    asking = asyncio.create_task(TerminalPrompter(path).ask(CODE))
    await shown(ours, "Password: ")
    assert termios.tcgetattr(ours) != before
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert termios.tcgetattr(ours) == before


async def test_one_question_at_a_time(terminal: tuple[int, str]) -> None:
    ours, path = terminal
    prompter = TerminalPrompter(path)
    both = asyncio.gather(prompter.ask(HOST_KEY), prompter.ask(HOST_KEY))
    text = await shown(ours, "[y/N] ")
    os.write(ours, b"y\n")
    text += await shown(ours, "[y/N] ")
    assert text.count("[y/N]") == 2
    os.write(ours, b"n\n")
    assert await both == [("yes",), None]
