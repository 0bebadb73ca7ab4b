"""Rules about guests' processors."""
