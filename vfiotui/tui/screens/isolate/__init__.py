"""Screen 2: devices for guests."""
