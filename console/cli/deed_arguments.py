"""The options of verbs that change something."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Protocol


class Verbs(Protocol):
    """Adds a verb: its name, its module, its help."""

    def __call__(self, name: str, module: str, text: str) -> argparse.ArgumentParser: ...


Duration = Callable[[str], float]

ACTIONS = {
    "restart": "restart containers",
    "stop": "stop containers",
    "start": "start containers",
    "pause": "pause containers",
    "unpause": "let paused containers go on",
    "kill": "send a signal to containers (SIGKILL)",
    "remove": "remove containers; their anonymous volumes are kept",
    "rename": "give a container another name",
}


def add_deeds(verb: Verbs, ago: Duration) -> None:
    """Actions, redeploys and the audit."""
    for name, text in ACTIONS.items():
        parser = verb(name, "act", text)
        parser.set_defaults(action=name)
        if name == "rename":
            parser.add_argument("query", metavar="SELECTOR", nargs=1, help="host/name or name@host")
            parser.add_argument("name", metavar="NAME", help="the new name")
        else:
            _selectors(parser)
        add_consent(parser)
        if name in ("restart", "stop"):
            parser.add_argument(
                "--time", metavar="SECONDS", type=int, help="for the process to end by itself"
            )
        if name in ("restart", "start"):
            parser.add_argument("--wait", action="store_true", help="until it is healthy, or runs steadily")
        if name == "kill":
            parser.add_argument("--signal", metavar="SIG", default="", help="SIGHUP, TERM, 10 ...")
        if name == "remove":
            parser.add_argument("--force", action="store_true", help="also while it runs")
            parser.add_argument("--volumes", action="store_true", help="its anonymous volumes, too")
    _redeploys(verb, ago)
    _prune(verb("prune", "prune", "remove images, volumes or networks that no container uses"))
    parser = verb("audit", "audit", "what was done, by whom, and how it ended")
    parser.add_argument("--since", metavar="TIME", type=ago, help="only the last 30m, 2h, 7d")
    parser.add_argument("--json", action="store_true", help="every line of the file, as one array")


def _redeploys(verb: Verbs, ago: Duration) -> None:
    parser = verb(
        "redeploy", "redeploy", "another image or other settings; the old one comes back on failure"
    )
    _selectors(parser)
    add_consent(parser)
    add: Any = parser.add_argument
    add("--image", metavar="REF", default="", help="another image (default: the newest of the same name)")
    add("--env", metavar="NAME=VALUE", action="append", default=[], help="set; NAME- takes it away")
    add("--label", metavar="NAME=VALUE", action="append", default=[], help="set; NAME- takes it away")
    add(
        "--publish",
        metavar="PORT",
        action="append",
        default=[],
        help="all ports: [IP:][PUBLIC:]PRIVATE[/udp]",
    )
    add("--restart", metavar="POLICY", default="", help="no, always, unless-stopped, on-failure:3")
    add("--memory", metavar="SIZE", default="", help="limit: 512m, 2g; 0 for none")
    add("--cpus", metavar="CORES", type=float, help="limit: 1.5; 0 for none")
    add("--no-pull", action="store_true", help="take the image that the host has")
    add(
        "--from-host",
        metavar="GLOB",
        default="",
        help="have the image sent from another host that has it; needs no registry",
    )
    add("--no-way-back", action="store_true", help="accept it for containers that remove themselves")
    add("--dry-run", action="store_true", help="show the plan and end")
    add("--wait", action="store_true", help="for the end, as it always does")
    _way(parser, ago)
    parser = verb("rollback", "rollback", "go back to the container that the last redeploy kept")
    _selectors(parser)
    add_consent(parser)
    _way(parser, ago)
    parser = verb("recover", "recover", "what an interrupted redeploy left: show, finish or take back")
    parser.add_argument("query", metavar="SELECTOR", nargs="*", help="only these: host/name")
    goal = parser.add_mutually_exclusive_group()
    goal.add_argument(
        "--finish", dest="goal", action="store_const", const="finish", help="go on to the new one"
    )
    goal.add_argument(
        "--undo", dest="goal", action="store_const", const="undo", help="go back to the old one"
    )
    add_consent(parser)
    _way(parser, ago)


PRUNED = {
    "images": "images that nobody uses: those without a tag; --all: with tags, too",
    "volumes": "volumes that nobody uses: anonymous ones; --all: with names, too",
    "networks": "networks that nobody uses",
}


def _prune(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="KIND", title="kinds", required=True, parser_class=type(parser))
    for kind, text in PRUNED.items():
        one = kinds.add_parser(kind, help=text, description=text, allow_abbrev=False)
        one.set_defaults(action=kind)
        one.add_argument("query", metavar="QUERY", nargs="*", help="only what matches")
        if kind != "networks":
            one.add_argument("--all", action="store_true", help="not only those without a tag or name")
        one.add_argument("--dry-run", action="store_true", help="show what would go and end")
        add_consent(one, "the host's name, for hosts of guard `typed`")


def _selectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "query", metavar="SELECTOR", nargs="+", help="name, host/name, name@host, globs; project:shop narrows"
    )


def add_consent(
    parser: argparse.ArgumentParser, confirm: str = "a container's name, for hosts of guard `typed`"
) -> None:
    """What an operator agrees to, and how it is told."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--confirm",
        metavar="NAME",
        action="append",
        default=[],
        help=confirm,
    )
    parser.add_argument("--json", action="store_true", help="machine-readable, on standard output")


def _way(parser: argparse.ArgumentParser, ago: Duration) -> None:
    parser.add_argument("--timeout", metavar="TIME", type=ago, help="until the new one must be well: 2m")
    parser.add_argument("--keep", type=int, choices=(0, 1), help="previous containers left for a way back")
