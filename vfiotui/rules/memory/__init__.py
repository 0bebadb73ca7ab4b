"""Rules about memory and huge pages."""
