"""What the next boot binds to vfio-pci, and the warning before a reboot that would lose it."""
