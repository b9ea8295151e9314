"""The options of verbs that work inside containers."""

from __future__ import annotations

from collections.abc import Sequence

from console.cli.deed_arguments import Verbs, add_consent


def split_command(argv: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The command line, and what stands after `--` where it is one of a verb that runs a command: that is
    not ours to read.
    """
    words = list(argv)
    if "exec" not in words or "--" not in words:
        return words, ()
    at = words.index("--")
    return (words[:at], tuple(words[at + 1 :])) if "exec" in words[:at] else (words, ())


def add_inside(verb: Verbs) -> None:
    """exec, shell and cp."""
    parser = verb("exec", "exec", "run a command in containers: exec SELECTOR -- COMMAND ...")
    parser.usage = "dockcon exec [-i] [-t] [--yes] [--confirm NAME] [--json] SELECTOR ... -- COMMAND ..."
    parser.epilog = (
        "One container: its output as it is, and the exit code of the command, which may look like one of "
        "dockcon's own (--json tells them apart). Several: lines with name@host before them, and 1 where one "
        "of the commands did not end with 0."
    )
    parser.add_argument(
        "query", metavar="SELECTOR", nargs="+", help="name, host/name, name@host, globs; project:shop narrows"
    )
    parser.add_argument("-i", "--interactive", action="store_true", help="pass standard input on")
    parser.add_argument("-t", "--tty", action="store_true", help="with a terminal of its own; needs one here")
    add_consent(parser)
    parser = verb("shell", "shell", "a shell in a container: bash where there is one, else sh")
    parser.add_argument("query", metavar="SELECTOR", nargs=1, help="host/name or name@host")
    add_consent(parser)
    parser = verb("cp", "cp", "copy files out of a container, into one, or from one to another")
    parser.add_argument("source", metavar="FROM", help="HOST/NAME:PATH, a path here, or - for an archive")
    parser.add_argument("target", metavar="TO", help="the same; from one container only into a directory")
    parser.add_argument("--force", action="store_true", help="replace what is there")
    add_consent(parser)
