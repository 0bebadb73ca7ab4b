"""Real boots: a passthrough host in a virtual machine, with its own GRUB, initramfs-tools and kernel."""
