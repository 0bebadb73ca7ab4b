"""A plan, shown before it is applied."""
