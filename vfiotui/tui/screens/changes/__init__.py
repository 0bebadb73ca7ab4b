"""Screen 7: changes, and how one is undone."""
