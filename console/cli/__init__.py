"""The command line: verbs and exit codes (section 14 of the design).

Only what a verb needs is imported, since it is typed often and waited for; Textual is never imported here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from console.cli.arguments import Options, parse
from console.cli.exits import Exit
from console.cli.output import Output
from console.errors import ConfigError, DockconError, GuardRefused, HostError, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Run `dockcon`; return its exit code. Never raises for what an operator or a host did."""
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _close_output()
        return Exit.DONE
    return code


def _close_output() -> None:
    """Whoever read our output has seen enough. Python flushes once more when it ends: into nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _run(argv: Sequence[str]) -> int:
    try:
        options = parse(argv)
    except SystemExit as ended:  # argparse has said what there is to say
        return ended.code if isinstance(ended.code, int) else Exit.USAGE
    output = Output.of(sys.stdout, sys.stderr, color=options.color)
    try:
        return _verb(options, output)
    except DockconError as error:
        output.error(error)
        return exit_of(error)


def _verb(options: Options, output: Output) -> int:
    from console.cli.logfile import logging_to
    from console.config.paths import Homes

    homes = Homes.of()
    with logging_to(options.log, homes):
        module = import_module(f"console.cli.{options.module}")
        code: int = module.run(options, homes, output)
    return code


def exit_of(error: DockconError) -> Exit:
    """The exit code of a verb that ended with this error."""
    if isinstance(error, UsageError | ConfigError):
        return Exit.USAGE
    if isinstance(error, GuardRefused):
        return Exit.GUARD
    return Exit.UNREACHABLE if isinstance(error, HostError) else Exit.FAILED


if __name__ == "__main__":
    raise SystemExit(main())
