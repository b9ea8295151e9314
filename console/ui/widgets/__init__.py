"""Widgets: they draw what `present` made and tell of keys and clicks; no domain knowledge, no I/O."""
