"""Rules about PCI devices, their ROMs, and what the host needs of them."""
