"""Initramfs images, and the files from which they are built."""
