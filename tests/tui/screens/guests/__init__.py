"""Screen 6: guests."""
