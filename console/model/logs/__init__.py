"""Log lines on their way from an engine to a screen or a pipe: pure, columnar, never parsed as markup."""
