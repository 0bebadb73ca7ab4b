"""Screen 4: memory."""
