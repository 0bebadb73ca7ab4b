"""Rules about what is configured for the next boot."""
