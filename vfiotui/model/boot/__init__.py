"""How the host boots, and what the next boot will do."""
