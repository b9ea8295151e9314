"""Links on the screen: the pane, the way of one link, who depends on what."""
