"""How mappings are made true: each way says whether it fits and what it wants, and one comparison of all that
is wanted with the world gives the steps. Pure.
"""
