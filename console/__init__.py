"""dockcon: one terminal console for Docker on several hosts, over plain SSH."""

__version__ = "0.1.0"
