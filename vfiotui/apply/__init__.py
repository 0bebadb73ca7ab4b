"""Applies plans as journaled transactions; the only package that writes."""
