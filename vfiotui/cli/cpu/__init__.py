"""Processors, and which of them the threads of guests run on."""
