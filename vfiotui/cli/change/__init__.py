"""Plans, and what applies, lists, verifies and undoes them."""
