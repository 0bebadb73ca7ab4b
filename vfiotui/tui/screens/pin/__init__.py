"""Screen 3: pins."""
