"""Recordings, archives, traces and tables."""
