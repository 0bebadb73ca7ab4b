"""Rules about what the kernel said."""
