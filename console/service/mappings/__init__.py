"""Mappings at work: the book they are kept in, the world they meet, plans carried out, and repair."""
