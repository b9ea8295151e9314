"""The only place that knows asyncssh, the docker SDK and requests."""
