"""Configuration files of the system and of its daemons."""
