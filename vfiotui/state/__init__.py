"""The state that all screens share, and what keeps it true."""
