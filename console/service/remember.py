"""What is remembered of hosts from one run to the next."""

from __future__ import annotations


class Forgetful:
    """Remembers nothing: for the demo, for tests, and where there is nowhere to write."""

    def carrier(self, host: str) -> str:
        """The carrier that worked last time, or empty."""
        return ""

    def keep_carrier(self, host: str, carrier: str) -> None:
        """Remember a carrier."""

    def is_off(self, host: str) -> bool:
        """Whether the operator took this host out."""
        return False

    def keep_off(self, host: str, off: bool) -> None:
        """Remember that the operator took it out or back in."""
