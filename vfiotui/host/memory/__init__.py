"""Reads memory: pools, pages, and in which of them guests lie."""
