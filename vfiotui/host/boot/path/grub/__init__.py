"""GRUB's part of the boot path: its menus are run as GRUB runs them, and nothing is guessed about what is not read."""
