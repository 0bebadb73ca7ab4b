"""Repeatable measurements: CPU time, bytes and ratios, never wall time alone."""
