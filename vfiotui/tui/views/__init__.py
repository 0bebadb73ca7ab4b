"""Pure functions from facts to rows: what a screen says, without how it is drawn."""
