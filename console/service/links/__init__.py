"""Links at work: hosts are observed while somebody looks, and what is seen is joined and judged."""
