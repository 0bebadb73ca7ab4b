"""The boot image of a described machine, as initramfs-tools would build it from the described files."""

from __future__ import annotations

from vfiotui.demo.description import Host

MODULES = "/etc/initramfs-tools/modules"
VFIO = ("vfio", "vfio_iommu_type1", "pci/vfio-pci-core", "pci/vfio-pci")
TRAILER = "TRAILER!!!"


def initramfs(host: Host) -> bytes:
    """An archive that is not packed, with the lists and the modules that decide about devices.

    Where the configuration was changed after the building, it knows nothing of that configuration.
    """
    said = host.files if host.built >= 0 else {}
    contents = {
        "conf/initramfs.conf": "MODULES=most\nCOMPRESS=zstd\n",
        "conf/modules": said.get(MODULES, ""),
        **{f"usr/lib/modules/{host.release}/kernel/drivers/vfio/{name}.ko": "" for name in VFIO},
        **{path[1:]: text for path, text in said.items() if path.startswith("/etc/modprobe.d/")},
    }
    numbered = enumerate(sorted(contents.items()), 1)
    return b"".join(_member(number, name, _bytes(body)) for number, (name, body) in numbered) + _member(0, TRAILER, b"")


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()


def _member(number: int, name: str, body: bytes) -> bytes:
    """One file of the archive (buffer-format.rst): thirteen numbers, the name and the body, each filled up to four."""
    path = name.encode() + b"\0"
    numbers = (number, 0o100644 if number else 0, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % n for n in numbers) + path
    return head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4)
