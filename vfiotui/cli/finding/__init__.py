"""What the checks say of this host, and what a check means."""
