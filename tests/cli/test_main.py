"""The command line itself: usage, configuration, output, interruption."""

from __future__ import annotations

import functools
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.cli import main
from console.cli.exits import Exit, worst
from console.cli.output import Cell, Output
from console.model.width import cells, cut
from console.transport.memory import MemoryFleet
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


def dockcon(*argv: str, **kwargs: object) -> subprocess.Popen[str]:
    """A real process of it, from any directory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, "-m", "console", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **kwargs,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nope"], "invalid choice"),
        (["ps", "--nope"], "unrecognized arguments: --nope"),
        (["ps", "--host", "a"], "Global options stand before the verb"),
        (["events", "--since", "soon"], "is no time such as"),
        (["--hos", "a", "ps"], "VERB"),
    ],
)
def test_mistakes_are_exit_2(run: Run, argv: list[str], said: str) -> None:
    done = run(*argv)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_help_and_version(run: Run) -> None:
    assert run("--version").out.startswith("dockcon ")
    done = run("--help")
    assert done.code == 0
    for verb in ("ps", "hosts", "events", "problems", "logs", "check", "bundle"):
        assert f"\n    {verb} " in done.out
        assert run(verb, "--help").code == 0


def test_without_hosts_yml_it_says_where_it_looked(run: Run, home: Path) -> None:
    done = run("ps")
    assert (done.code, done.out) == (2, "")
    assert str(Path.cwd() / "hosts.yml") in done.err
    assert str(home / ".config/dockcon/hosts.yml") in done.err


def test_every_problem_of_the_file_is_said(run: Run) -> None:
    Path("hosts.yml").write_text("hosts:\n  a: {adress: x}\n  b: {address: y, port: 0}\n", encoding="utf-8")
    for verb in ("ps", "check", "problems", "bundle"):
        done = run(verb)
        assert (done.code, done.out) == (2, "")
        assert [line.split(": ")[1] for line in done.err.splitlines()][:1] == [f"{Path.cwd()}/hosts.yml:2"]
        assert "did you mean `address`?" in done.err
        assert "hosts.b.port" in done.err


def test_a_stated_file(run: Run, fleet: MemoryFleet, tmp_path: Path) -> None:
    Path("hosts.yml").rename(tmp_path / "other.yml")
    assert run("-c", str(tmp_path / "other.yml"), "ps").code == 0
    done = run("-c", str(tmp_path / "none.yml"), "ps")
    assert done.code == 2
    assert "cannot be read" in done.err


def test_a_stated_file_is_read_beside_the_demo(run: Run) -> None:
    Path("bad.yml").write_text("hosts: {a: {adress: x}}\n", encoding="utf-8")
    assert run("-c", "bad.yml", "--demo", "check").code == 2


def test_a_host_that_does_not_exist(run: Run, fleet: MemoryFleet) -> None:
    done = run("--host", "c", "ps")
    assert done.code == 2
    assert "no host matches `c`" in done.err


def test_the_console_wants_a_terminal(run: Run) -> None:
    done = run("--demo")
    assert done.code == 2
    assert "needs a terminal" in done.err


def test_the_log_goes_where_it_is_told(run: Run, home: Path, tmp_path: Path) -> None:
    assert run("--demo", "ps").code == 0
    assert (home / ".local/state/dockcon/log").stat().st_mode & 0o777 == 0o600
    assert run("--log", str(tmp_path / "my.log"), "--demo", "ps").code == 0
    assert (tmp_path / "my.log").exists()
    done = run("--log", str(tmp_path), "--demo", "ps")
    assert done.code == 2
    assert "cannot write the log" in done.err


def test_a_home_that_cannot_be_written_is_no_obstacle(run: Run, home: Path) -> None:
    home.write_text("not a directory")
    assert run("--demo", "ps").code == 0


def test_nothing_heavy_is_imported_for_a_verb() -> None:
    code = (
        "import sys; from console.cli import main; main(['--demo', 'ps']); heavy = "
        "('textual', 'rich', 'docker', 'requests', 'yaml', 'asyncssh'); print(*{*heavy} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_a_closed_pipe_ends_cleanly() -> None:
    process = dockcon("--demo", "events", "--since", "2h", "--json")
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith("{")
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.parametrize("argv", [["events", "--since", "2h"], ["problems", "--watch"]])
def test_ctrl_c_is_quiet(argv: list[str]) -> None:
    # A job in the background of a shell inherits an ignored SIGINT.
    default = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = dockcon("--demo", *argv, start_new_session=True, preexec_fn=default)
    assert process.stdout
    assert process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


def test_a_locale_without_the_characters_is_no_error() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1")
    output = Output.of(out, io.StringIO(), color=True)
    output.table(["NAME"], [[Cell("あ\u2026")]])
    output.array([{"name": "あ"}])
    assert raw.getvalue().decode("latin-1") == 'NAME\n\\u3042\\u2026\n[\n{"name": "\\u3042"}\n]\n'


def test_colours_only_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for color, stream, expected in (
        (True, Terminal(), True),
        (False, Terminal(), False),
        (True, io.StringIO(), False),
    ):
        Output.of(stream, io.StringIO(), color=color).table(["A"], [[Cell("x", "bad")]])
        assert ("\x1b[" in stream.getvalue()) is expected


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_the_environment_can_refuse_colours(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    from console.cli.arguments import parse

    monkeypatch.setenv("TERM", "xterm")
    assert parse(["ps"]).color
    assert not parse(["--no-color", "ps"]).color
    monkeypatch.setenv(name, value)
    assert not parse(["ps"]).color


def test_cells_are_counted_as_a_terminal_does() -> None:
    assert [cells(t) for t in ("abc", "あい", "e\u0301", "")] == [3, 4, 1, 0]
    assert cut("あいう", 5) == "あい\u2026"
    assert cut("あいう", 4) == "あ\u2026"
    assert cut("abc", 3) == "abc"


def test_the_worst_code_counts() -> None:
    assert worst([]) is Exit.DONE
    assert worst([Exit.PENDING, Exit.UNREACHABLE, Exit.DONE]) is Exit.UNREACHABLE
    assert worst([Exit.FAILED, Exit.UNKNOWN, Exit.GUARD]) is Exit.UNKNOWN


def test_quick_enough_to_be_typed_often() -> None:
    """Not a benchmark: only that nobody puts a sleep or a time-out into the way."""
    started = time.monotonic()
    assert main(["--demo", "ps"]) == 0
    assert time.monotonic() - started < 10
