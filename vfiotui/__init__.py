"""vfiotui: a text console for hosts that pass PCI devices through to virtual machines."""

__version__ = "0.1.0"
