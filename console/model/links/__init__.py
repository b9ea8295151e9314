"""Links: which container depends on which, as it really is: what was seen, and what follows from it. Pure."""
