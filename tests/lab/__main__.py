"""`python -m tests.lab up|down`: a lab for a person to play with, and for the benchmarks."""

from __future__ import annotations

import argparse
import sys
import time

from tests.lab.containers import start_believable
from tests.lab.lab import Lab
from tests.lab.machine import LabError
from tests.lab.sweep import sweep


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--prefix", default="dev", help="1 to 6 small letters or digits; one lab each")
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--containers", type=int, default=8, help="on each host; 0: none")
    parser.add_argument("--podman", action="store_true", help="one more host, with Podman")
    parser.add_argument("--inner", action="store_true", help="one more host, behind h1")
    options = parser.parse_args()
    try:
        lab = Lab(options.prefix, options.hosts)
        if options.what == "down":
            sweep(lab.network, lab.folder)
            return 0
        began = time.monotonic()
        lab.up()
        took = time.monotonic() - began
        if options.podman:
            lab.podman()
        if options.inner:
            lab.behind()
        start_believable([lab[name] for name in lab.names], options.containers)
        lab.leave()
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(lab.names)} hosts up in {took:.1f} s", file=sys.stderr)
    print(lab.hosts_yml)
    return 0


if __name__ == "__main__":
    sys.exit(main())
