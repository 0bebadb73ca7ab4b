"""Plans for guests: their hooks."""
