"""Huge pages and the memory of guests."""
