"""The console: the only package that draws with Textual."""
