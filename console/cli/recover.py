"""`dockcon recover`."""

from __future__ import annotations

from console.cli.redeploy import recover as run

__all__ = ["run"]
