"""Plain data and pure functions, standard library only: no I/O, no loop, no screen."""
