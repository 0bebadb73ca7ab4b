"""What every command prints on every described machine, and what every screen shows: kept, and compared."""
