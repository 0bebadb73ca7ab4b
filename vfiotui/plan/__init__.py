"""Plans changes from facts and a wish, without touching anything."""
