"""Files that a shell reads."""
