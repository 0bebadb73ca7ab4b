"""The kernel's modules: modprobe.d, modules-load.d, and how a kernel was configured."""
