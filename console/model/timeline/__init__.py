"""What happened on all hosts, in order of time: engine events, states of hosts, problems, bookmarks."""
