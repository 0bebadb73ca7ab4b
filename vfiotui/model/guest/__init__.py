"""Guests as their definitions describe them, and what the host has of their files."""
