"""What is known: frozen values and pure functions, without input or output."""
