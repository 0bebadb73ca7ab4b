"""A guest as a script that starts QEMU without libvirt."""
