"""Figures of running guests."""
