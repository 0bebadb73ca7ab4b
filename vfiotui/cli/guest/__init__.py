"""Guests: listed, shown, checked, started and ended."""
