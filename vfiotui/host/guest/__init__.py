"""Reads guests' definitions, files, and who runs them."""
