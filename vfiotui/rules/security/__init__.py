"""Rules about users, confinement, hooks and paths."""
