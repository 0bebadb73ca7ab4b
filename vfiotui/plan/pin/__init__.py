"""Pins: proposed, checked, edited and planned."""
