"""Screen 5: figures of running guests."""
