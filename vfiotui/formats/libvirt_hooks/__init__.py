"""libvirt's hook scripts: ours, and what others wrote."""
