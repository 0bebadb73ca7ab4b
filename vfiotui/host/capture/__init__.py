"""Captures: what leaves a host, and how it is refresh."""
