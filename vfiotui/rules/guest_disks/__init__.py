"""Rules about guests' disks."""
