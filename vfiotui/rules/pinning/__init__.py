"""Rules about the CPUs of guests' threads."""
