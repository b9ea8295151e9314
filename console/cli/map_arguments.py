"""The options of `dockcon map`."""

from __future__ import annotations

import argparse
from typing import Protocol


class Verbs(Protocol):
    """Adds a verb: its name, its module, its help."""

    def __call__(self, name: str, module: str, text: str) -> argparse.ArgumentParser: ...


SPELLING = """\
Parties are spelled HOST/CONTAINER, or HOST/PROJECT/SERVICE for all containers of a Compose service.

  dockcon map set db --port 5432 --to db-1/postgres:5432 --for app-1/web --yes
  dockcon map set db --to db-1/postgres --to db-2/postgres=3       two endpoints, the second with weight 3
  dockcon map set mq --port 5672,15672 --to mq-1/rabbit --for app-1/shop/worker --check tcp
  dockcon map plan && dockcon map apply --yes                      after a change of mappings.yml

What `set` is not told stays as it is. `plan` ends with 3 where something is left to do, as `verify` does
where something does not hold.
"""

_VERBS = {
    "list": ("all mappings, and how they stand", ""),
    "show": ("one mapping with its endpoints, sessions and what is left to do", "1"),
    "set": ("state a mapping, or change one: plan, try, apply, verify; taken back on failure", "1"),
    "remove": ("take a mapping away, with all that carries it", "1"),
    "plan": (
        "what is left to do for these mappings (default: all of the book); exit 3 where there is any",
        "*",
    ),
    "apply": ("do it", "*"),
    "verify": ("ask the running world, by name from each consumer; exit 3 where it is not so", "*"),
    "undo": ("go back to the wording before", "1"),
    "history": ("the wordings of a mapping, newest first", "1"),
    "adopt": ("take what runs under our label into the book", "1"),
    "cut": ("end the sessions that are still on an earlier endpoint", "1"),
}
_CHANGES = ("set", "remove", "apply", "undo", "adopt", "cut")


def add_maps(verb: Verbs) -> None:
    """`map` and what stands behind it."""
    parser = verb("map", "map", "address mappings: what consumers dial, and where it leads")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = SPELLING
    verbs = parser.add_subparsers(
        metavar="WHAT", title="what", required=True, dest="action", parser_class=type(parser)
    )
    for name, (text, ids) in _VERBS.items():
        sub = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        if ids:
            sub.add_argument("query", metavar="ID", nargs="*" if ids == "*" else 1, help="of the mapping")
        if name == "set":
            _set(sub)
        if name in _CHANGES:
            _consent(sub)
        sub.add_argument("--json", action="store_true", help="machine-readable, on standard output")


def _set(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--name", metavar="NAME", default="", help="what consumers dial (default: the id)")
    add("--port", metavar="PORT", dest="ports", default="", help="what they dial it on: 5432, or 5672,15672")
    add(
        "--to",
        metavar="ENDPOINT",
        action="append",
        default=[],
        help="HOST/CONTAINER[:PORT][=WEIGHT] or HOST/PROJECT/SERVICE[:PORT][=WEIGHT]; can be repeated",
    )
    add(
        "--for",
        metavar="CONSUMER",
        dest="consumers",
        action="append",
        default=[],
        help="HOST/CONTAINER or HOST/PROJECT/SERVICE; can be repeated",
    )
    add("--via", metavar="WAY", default="", help="auto, alias, ambassador, hosts, env")
    add("--check", metavar="CHECK", default="", help="tcp, http, redis, none, pgsql:USER, mysql:USER")


def _consent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--confirm",
        metavar="ID",
        action="append",
        default=[],
        help="the mapping's id, for hosts of guard `typed`",
    )
