"""How a name on the disk changes: durable, by descriptor, only where it holds what it should."""
