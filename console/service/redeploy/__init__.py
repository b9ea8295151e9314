"""Another image or other settings for a container, ending in the new one well or the old one running."""
