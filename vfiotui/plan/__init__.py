"""Plans changes from facts and a goal, without touching anything."""
