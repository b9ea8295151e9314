"""Images, volumes and networks on the screen."""
