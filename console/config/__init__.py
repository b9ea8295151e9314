"""Reading hosts.yml and settings.yml: every problem at once, nothing guessed."""
