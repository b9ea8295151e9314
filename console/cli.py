"""The command line: verbs and exit codes (section 14 of the design)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from console import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run `dockcon`; return its exit code."""
    parser = argparse.ArgumentParser(prog="dockcon")
    parser.add_argument("--version", action="version", version=f"dockcon {__version__}")
    parser.parse_args(argv)
    return 0
