"""`python -m console` is the same program as `dockcon`."""

from console.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
