"""QEMU's own command line."""
