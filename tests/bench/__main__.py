"""`python -m tests.bench [NAME...]`: run benchmarks; each prints its figures, none can fail a build."""

from __future__ import annotations

import argparse
import importlib
import sys
import time

LAB = (
    *("cold_start", "event_to_screen", "idle", "hundred", "restart"),
    *("logs_throughput", "logs_storm", "sight"),
)
PLAIN = ("ui_table", "log_parse", "logs_model", "logs_memory")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PLAIN + LAB)}; default: all")
    for name in parser.parse_args().names or PLAIN + LAB:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        importlib.import_module(f"tests.bench.{name}").main()
        print(f"   ({time.monotonic() - started:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
