"""Logs of many containers as one stream: read, resumed, merged, handed over. Belongs to the network loop."""
