"""Plans of guests that are new."""
