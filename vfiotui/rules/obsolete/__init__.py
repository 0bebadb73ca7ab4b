"""Rules about advice that was right once."""
