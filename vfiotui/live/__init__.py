"""Figures of running guests: sampled, kept, traced."""
