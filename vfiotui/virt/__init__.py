"""Talks to libvirt; the only package that does."""
