"""Rules about the IOMMU and its groups."""
