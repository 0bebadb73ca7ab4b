"""Reads the machine through a Root and returns model values."""
