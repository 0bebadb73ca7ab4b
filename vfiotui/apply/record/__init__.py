"""What a change keeps and notes: its journal, the kept copies, what generators left."""
