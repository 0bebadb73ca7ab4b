"""Widgets that are fed with plain values."""
