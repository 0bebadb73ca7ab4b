"""Resolves the boot path of a root: one module for each loader, and `resolve` for the way there."""
