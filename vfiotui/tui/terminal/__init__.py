"""The terminal: its abilities, its driver, and what is written to it past Textual."""
