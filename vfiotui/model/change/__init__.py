"""Plans, changes and their journal."""
