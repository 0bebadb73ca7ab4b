"""Undo, roll-back, and what a person must do by hand."""
