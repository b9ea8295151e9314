"""What hosts have in store, kept fresh while somebody looks."""
