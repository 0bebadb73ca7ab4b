"""Reads processors, interrupts, isolation and power."""
