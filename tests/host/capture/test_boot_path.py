"""The boot path of a capture is that of its host: firmware, Limine, rEFInd, SYSLINUX, pins; names are pseudonyms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.host.boot.path.test_firmware import MOUNTED, entry, following, order
from tests.host.boot.test_image import efi_program
from tests.host.boot.test_loader import Files, utf16
from tests.host.capture.captures import captured
from tests.hosts import HOSTS
from vfiotui.demo.builder import build
from vfiotui.host.boot.boot import read
from vfiotui.host.boot.path.limine import LAST_BOOTED
from vfiotui.host.boot.path.refind import PREVIOUS
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Symlink
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot

HASH = "ab" * 64
LIMINE = f"""timeout: 3
default_entry: Secret project/linux-lts
remember_last_entry: no
${{ROOT}}=root=UUID=8e5a4b3c-1111-4222-8333-444455556666 rw
/Arch
protocol: linux
path: boot():/vmlinuz-linux
cmdline: ${{ROOT}}
/+Secret project
//linux-lts
protocol: linux
path: boot():/vmlinuz-6.1.0#{HASH}
module_path: boot():/initrd.img-6.1.0#{HASH}
cmdline: ${{ROOT}} vfio-pci.ids=10de:13c2
"""
REFIND = (
    'scanfor manual\ndefault_selection "+,Second"\nmenuentry "First" {\n  loader /vmlinuz-6.1.0\n  options "a"\n}\n'
)
REFIND += 'menuentry "Second" {\n  loader /vmlinuz-6.2.0\n  options "root=UUID=1 iommu=pt"\n}\n'
SYSLINUX = "UI menu.c32\nDEFAULT mine\nTIMEOUT 30\nLABEL other\n LINUX vmlinuz-6.1.0\nLABEL mine\n MENU LABEL Lab ^PC\n"
SYSLINUX += " LINUX vmlinuz-6.2.0\n INITRD initrd.img-6.2.0\n APPEND root=UUID=1 iommu=pt token=hunter2\n"
KERNELS: Files = dict.fromkeys(
    [f"/boot/{kind}-{release}" for kind in ("vmlinuz", "initrd.img") for release in ("6.1.0", "6.2.0")], "x"
)
UKI = efi_program({".linux": b"k", ".cmdline": b"root=UUID=1 quiet", ".uname": b"6.2.0"})


def host(files: Files) -> Root:
    """A live machine whose loader is the one of these files."""
    nodes = dict(build(replace(HOSTS["clean"], files={})))
    for path in [p for p in nodes if p.startswith(("/boot", "/efi", "/etc/default/grub", "/proc/cmdline"))]:
        del nodes[path]
    nodes["/proc/cmdline"] = File(b"root=UUID=1 quiet\n")
    for path, data in {**KERNELS, **files}.items():
        nodes[path] = Symlink(str(data)) if "/by-partuuid/" in path else File(
            data if isinstance(data, bytes) else data.encode()
        )  # fmt: skip
    return Root(MemoryTree(nodes), Mode.LIVE)


def booted(root: Root) -> Boot:
    boot = read(root)
    assert not isinstance(boot, Unread)
    return boot


@pytest.mark.parametrize(
    "files",
    [
        {"/boot/limine.conf": LIMINE},
        {"/boot/limine.conf": LIMINE.replace("last_entry: no", "last_entry: yes"),
         LAST_BOOTED: b"\7\0\0\0" + (2).to_bytes(8, "little")},
        {"/boot/limine.conf": "/A\nprotocol: efi\npath: boot():/EFI/Linux/a.efi\n", "/boot/EFI/Linux/a.efi": UKI},
        {"/boot/efi/EFI/refind/refind.conf": REFIND, "/boot/efi/vmlinuz-6.2.0": "x"},
        {"/boot/efi/EFI/refind/refind.conf": REFIND, PREVIOUS: utf16("Boot First from ESP ")},
        {"/boot/extlinux.conf": SYSLINUX, "/etc/update-extlinux.conf": "default_kernel_opts=quiet\n"},
        {"/boot/extlinux.conf": SYSLINUX, "/etc/crypttab": "root UUID=1-2 none tpm2-device=auto\n"},
    ],
)  # fmt: skip
def test_a_capture_has_its_host_s_boot_path(files: Files) -> None:
    root = host(files)
    other, renamed = captured(root)
    ours, theirs = booted(root), booted(other)
    assert theirs.loader.name == ours.loader.name
    assert not isinstance(ours.path, Unread) and not isinstance(theirs.path, Unread), theirs.path
    assert len(theirs.path.steps) == len(ours.path.steps)
    assert bool(theirs.path.open) == bool(ours.path.open)
    assert [e.source for e in theirs.path.candidates] == [renamed(e.source) for e in ours.path.candidates]
    for one, its in zip(ours.path.candidates, theirs.path.candidates, strict=True):
        assert isinstance(one.kernel, Unread) == isinstance(its.kernel, Unread)
        assert (one.release, one.unified, len(one.initrds)) == (its.release, its.unified, len(its.initrds))
        assert not isinstance(one.words, Unread) and not isinstance(its.words, Unread)
        for key in ("vfio_pci.ids", "iommu", "quiet"):
            assert one.words.values(key) == its.words.values(key)
        assert "hunter2" not in its.words.text
    assert [(p.kind, p.renewed_by) for p in theirs.pins] == [(p.kind, p.renewed_by) for p in ours.pins]


def test_what_the_firmware_starts_is_the_same_in_a_capture() -> None:
    files: Files = {
        **MOUNTED, **order(1, 2), **following(2), **entry(1, "debian", "\\EFI\\debian\\shimx64.efi"),
        **entry(2, "Other", "\\EFI\\mine\\boot.efi"), "/boot/efi/EFI/debian/shimx64.efi": "MZ",
        "/boot/efi/EFI/mine/boot.efi": b"MZ" + b"\0" * 700 + b"++CONFIG_B2SUM_SIGNATURE++" + b"0" * 128,
        "/boot/limine.conf": LIMINE,
    }  # fmt: skip
    from vfiotui.host.boot.path.firmware import first, starts

    root = host(files)
    other, _ = captured(root)
    one, its = first(starts(root)), first(starts(other))
    assert one is not None and its is not None
    assert (one.number, one.kind, one.once) == (its.number, its.kind, its.once) == (2, "limine", True)
