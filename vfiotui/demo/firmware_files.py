"""The EFI firmware of a described machine, as the package ovmf brings it; the images themselves are left out."""

from __future__ import annotations

DESCRIPTOR_PATH = "/usr/share/qemu/firmware/60-edk2-x86_64.json"
DESCRIPTOR = """{
    "description": "UEFI firmware for x86_64",
    "interface-types": ["uefi"],
    "mapping": {
        "device": "flash",
        "executable": {"filename": "/usr/share/OVMF/OVMF_CODE_4M.fd", "format": "raw"},
        "nvram-template": {"filename": "/usr/share/OVMF/OVMF_VARS_4M.fd", "format": "raw"}
    },
    "targets": [{"architecture": "x86_64", "machines": ["pc-i440fx-*", "pc-q35-*"]}],
    "features": ["acpi-s3"],
    "tags": []
}
"""
"""Written after the form of docs/interop/firmware.json of QEMU."""
