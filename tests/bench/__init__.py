"""Benchmarks: figures and ratios side by side in one run, never asserted. `make bench` runs all of them."""
