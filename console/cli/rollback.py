"""`dockcon rollback`."""

from __future__ import annotations

from console.cli.redeploy import roll_back as run

__all__ = ["run"]
