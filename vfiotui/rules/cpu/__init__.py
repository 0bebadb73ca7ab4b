"""Rules about processors, frequencies, interrupts and isolation."""
