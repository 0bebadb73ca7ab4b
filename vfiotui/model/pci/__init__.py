"""PCI devices, groups, USB, and what the host needs of them."""
