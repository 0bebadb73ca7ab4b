"""Figures of running guests as lines, recordings and metrics."""
