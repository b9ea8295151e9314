"""The only place that knows Textual and Rich."""

from __future__ import annotations

import os

# Textual reads these once, when it is imported. Nothing is painted unless something changed; 30 a second is
# for keys that are held down, and is kind to SSH links and tmux. An operator's own choice stays.
os.environ.setdefault("TEXTUAL_FPS", "30")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
