"""Readers and writers of configuration files, text in and text out."""
