"""The logs pane: what is shown of a merged stream, where the reader is in it, and how lines are drawn."""
