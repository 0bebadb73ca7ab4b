"""Processors, interrupts, isolation, power and pins."""
