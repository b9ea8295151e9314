"""Images, volumes and networks of an engine: what they are, who uses them, what removing them would free."""
