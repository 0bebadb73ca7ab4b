"""The areas of the checks in words; their ids are those of the features that they belong to."""

from __future__ import annotations

AREAS = {
    "H1": "processor virtualisation",
    "H2": "firmware",
    "H3": "IOMMU",
    "H4": "interrupt remapping",
    "H5": "groups and devices",
    "H6": "group validity",
    "H7": "reset",
    "H8": "interrupt mode",
    "H9": "option ROMs",
    "H10": "boot framebuffer",
    "H11": "who holds a device",
    "H12": "address width and BARs",
    "H13": "second way in",
    "H14": "frequency and latency",
    "H15": "isolation of processors",
    "H16": "interrupts on vCPUs",
    "H17": "old advice",
    "H18": "kernel log",
    "H19": "Secure Boot and lockdown",
    "H20": "permissions",
    "H21": "host sleep and screens",
    "H22": "checks",
    "G2": "guests",
}
"""Id → words; an area that is not here is shown by its id."""


def area_words(area: str) -> str:
    """The area in words, or its id where it has none."""
    return AREAS.get(area, area)
