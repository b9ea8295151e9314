"""What goes on inside containers: shells, single commands, files. All of it guarded and on record."""
