"""Planners of processors: frequency and power."""
