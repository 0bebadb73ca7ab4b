"""Plans for huge pages and memory."""
