"""Reads PCI, USB, IOMMU, firmware tables, and what the host uses of them."""
