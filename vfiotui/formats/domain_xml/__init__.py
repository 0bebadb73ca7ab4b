"""XML of libvirt: guests, devices and networks, read and edited in place."""
