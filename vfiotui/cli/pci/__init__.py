"""PCI devices, IOMMU groups, firmware tables and option ROMs."""
