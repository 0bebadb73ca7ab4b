"""Rules about guests' devices."""
