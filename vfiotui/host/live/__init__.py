"""Reads what moves while guests run."""
