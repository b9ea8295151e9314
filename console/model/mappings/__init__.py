"""Address mappings: what is stated, the world it meets, and the steps that make it true. Pure."""
