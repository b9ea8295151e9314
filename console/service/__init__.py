"""What goes on without a screen: one supervisor per host, exact tables, statistics, the feed."""
