"""Every file of a boot chain, of each loader, damaged in each way: an answer or Unread, and no edit of another line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.host.boot.path import test_limine as limine
from tests.host.boot.path import test_refind as refind
from tests.host.boot.path import test_syslinux as syslinux
from tests.host.boot.path import test_systemd_boot as sdboot
from tests.host.boot.path.grub_menus import block, menu
from tests.host.boot.path.test_unified_start import firmware
from tests.trees import folder_root
from tests.unified_images import ARCH, addon, image
from vfiotui.host.boot import boot as reader
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs

Files = Mapping[str, str | bytes]
WORD = "vfiotui.test=1"
RELEASE = "6.12.9-arch1-1"
SYSTEM: Files = {
    "/etc/os-release": ARCH,
    "/etc/fstab": "UUID=1 / ext4 defaults 0 1\nUUID=2 /home ext4 defaults 0 2\n",
    "/etc/machine-id": f"{sdboot.MACHINE}\n",
    "/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2\nsoftdep nouveau pre: vfio-pci\n",
    "/etc/modules-load.d/vfio.conf": "vfio-pci\n",
    "/etc/udev/rules.d/10-vfio.rules": 'KERNEL=="0000:01:00.0", ATTR{driver_override}="vfio-pci"\n',
    "/etc/mkinitcpio.conf": "MODULES=(vfio_pci)\nHOOKS=(base udev modconf)\n",
    "/etc/mkinitcpio.conf.d/vfio.conf": "MODULES+=(vfio)\n",
    "/etc/mkinitcpio.d/linux.preset": "ALL_kver=\"/boot/vmlinuz-linux\"\nPRESETS=('default')\n"
    'default_image="/boot/initramfs-linux.img"\n',
    "/usr/bin/mkinitcpio": "#!/bin/sh\n",
    f"/usr/lib/modules/{RELEASE}/modules.dep": "kernel/vfio-pci.ko:\n",
    f"/usr/lib/modules/{RELEASE}/modules.builtin": "kernel/drivers/pci/pcie/pcieportdrv.ko\n",
    f"/usr/lib/modules/{RELEASE}/pkgbase": "linux\n",
    "/etc/kernel/cmdline": "root=UUID=1 rw quiet\n",
    "/etc/cmdline.d/vfio.conf": "iommu=pt\n",
    "/etc/crypttab": "root UUID=3 none luks\n",
}
GRUB: Files = {
    "/boot/grub/grub.cfg": menu('"${saved_entry}"', "vfio-pci.ids=10de:13c2"),
    "/boot/grub/grubenv": block(saved_entry="0"),
    "/etc/default/grub": 'GRUB_DEFAULT=saved\nGRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\nGRUB_CMDLINE_LINUX=""\n',
    "/etc/default/grub.d/vfio.cfg": 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX intel_iommu=on"\n',
    "/etc/grub.d/10_linux": "#!/bin/sh\n",
    "/etc/grub.d/40_custom": "#!/bin/sh\nexec tail -n +3 $0\nmenuentry 'x' {\n linux /vmlinuz quiet\n}\n",
    "/boot/grub/custom.cfg": "menuentry 'mine' {\n linux /boot/vmlinuz-6.12.9-amd64 quiet\n}\n",
    "/usr/bin/grub-mkconfig": "#!/bin/sh\n",
    "/boot/vmlinuz-6.12.9-amd64": "x",
    "/boot/initrd.img-6.12.9-amd64": "x",
}
BLS: Files = {
    "/boot/grub2/grub.cfg": 'load_env\nset default="${saved_entry}"\nblscfg\n',
    "/boot/grub2/grubenv": block(saved_entry="m-6.12.9", kernelopts="root=UUID=1 ro"),
    "/boot/loader/entries/m-6.12.9.conf": "title Fedora\nversion 6.12.9\nlinux /vmlinuz-6.12.9\n"
    "initrd /initramfs-6.12.9.img\noptions root=UUID=1 ro $tuned_params\n",
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX="rhgb quiet"\nGRUB_ENABLE_BLSCFG=true\n',
    "/etc/os-release": 'ID=fedora\nNAME="Fedora Linux"\n',
    "/usr/bin/dracut": "#!/bin/sh\n",
    "/etc/dracut.conf.d/vfio.conf": 'force_drivers+=" vfio_pci "\n',
    "/boot/vmlinuz-6.12.9": "x",
    "/boot/initramfs-6.12.9.img": "x",
}
MACHINES: Mapping[str, Files] = {
    "grub": {**SYSTEM, **GRUB},
    "bls": {**SYSTEM, **BLS},
    "systemd-boot": {**SYSTEM, **sdboot.base("default arch*"), **sdboot.three()},
    "unified": {
        **SYSTEM,
        **firmware("\\EFI\\Linux\\arch-linux.efi"),
        "/efi/EFI/Linux/arch-linux.efi": image("root=UUID=1 quiet"),
        "/efi/EFI/Linux/arch-linux.efi.extra.d/vfio.addon.efi": addon("iommu=pt"),
        "/etc/mkinitcpio.d/linux.preset": 'PRESETS=(\'default\')\ndefault_uki="/efi/EFI/Linux/arch-linux.efi"\n',
        "/etc/kernel/uki.conf": "[UKI]\nCmdline=@/etc/kernel/cmdline\n",
    },
    "limine": {**SYSTEM, **limine.two("default_entry: 1\n"), **limine.KERNELS, "/etc/default/limine": "TIMEOUT=3\n"},
    "refind": {**SYSTEM, **refind.conf("include more.conf"), **refind.MANUAL, **refind.KERNELS,
               "/boot/efi/EFI/refind/more.conf": "default_selection vmlinuz-linux\n"},
    "syslinux": {**SYSTEM, **syslinux.conf("DEFAULT vfio\nINCLUDE more.conf"), **syslinux.KERNELS,
                 "/boot/more.conf": "TIMEOUT 30\n", "/etc/update-extlinux.conf": 'default_kernel_opts="quiet"\n'},
    "stub": {**SYSTEM, **firmware("\\vmlinuz-linux", "root=UUID=1 initrd=\\initramfs-linux.img"),
             "/efi/vmlinuz-linux": b"MZ", "/efi/initramfs-linux.img": b"x"},
}  # fmt: skip


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], None]:
    def damage(place: Path, _: Path) -> None:
        place.write_bytes(change(place.read_bytes()))

    return damage


def _huge(place: Path, _: Path) -> None:
    with place.open("r+b") as file:
        file.truncate(100 << 20)


def _folder(place: Path, _: Path) -> None:
    place.unlink()
    place.mkdir()


def _link(target: str) -> Callable[[Path, Path], None]:
    def damage(place: Path, _: Path) -> None:
        name = target.format(name=place.name)
        place.unlink()
        place.symlink_to(name)

    return damage


def _outside(place: Path, outside: Path) -> None:
    """Outside of the root stands what the file would hold, with one word more."""
    outside.write_bytes(place.read_bytes().replace(b"quiet", b"outside"))
    place.unlink()
    place.symlink_to("/".join([".."] * 40) + str(outside))


DAMAGES: Mapping[str, Callable[[Path, Path], None]] = {
    "empty": _rewritten(lambda data: b""),
    "half of it": _rewritten(lambda data: data[: len(data) // 2]),
    "without its last byte": _rewritten(lambda data: data[:-1]),
    "a NUL inside": _rewritten(lambda data: data[: len(data) // 2] + b"\0" + data[len(data) // 2 :]),
    "zeros": _rewritten(lambda data: bytes(max(len(data), 512))),
    "CRLF": _rewritten(lambda data: data.replace(b"\n", b"\r\n")),
    "CR": _rewritten(lambda data: data.replace(b"\n", b"\r")),
    "a BOM": _rewritten(lambda data: b"\xef\xbb\xbf" + data),
    "UTF-16": _rewritten(lambda data: data.decode("latin-1").encode("utf-16")),
    "no UTF-8": _rewritten(lambda data: data[: len(data) // 3] + b"\xff\xfe\xc0" + data[len(data) // 3 :]),
    "absurd numbers": _rewritten(lambda data: data.replace(b"1", b"9" * 5000)),
    "braces": _rewritten(lambda data: data + b"{(\"'`$(" * 2000),
    "100 MiB": _huge,
    "a folder": _folder,
    "a link to itself": _link("{name}"),
    "a link to nothing": _link("nowhere/at/all"),
    "a link out of the root": _outside,
}


TEXTS = ("without its last byte", "a NUL inside", "CRLF", "CR", "a BOM", "UTF-16", "no UTF-8")
"""Damages with which a plan may still find its line."""
NEVER_EDITED = re.compile(
    r"/(vmlinuz|initr|grubenv|modules\.|pkgbase|intel-ucode)|\.efi$|/(machine-id|crypttab|fstab)$|^/sys"
)


@cache
def names_of(machine: str) -> tuple[str, ...]:
    """The files to damage: those that all machines have on one of them."""
    files = MACHINES[machine]
    return tuple(sorted(p for p in files if machine == "grub" or files[p] != SYSTEM.get(p)))


def made(root: Root) -> Plan | None:
    """The plan for one more word; None where it is refused."""
    virt = domains.read(root)
    try:
        return plan_goals(RootInputs(root, lambda: virt, daemon=False), [("cmdline.add", WORD)])
    except PlanError:
        return None


def strange(plan: Plan | None) -> list[str]:
    """Lines that a plan would change for something else than the word."""
    found = []
    for step in plan.steps if plan is not None else ():
        if step.before is None or step.after is None:
            continue
        before, after = (data.decode("latin-1").split("\n") for data in (step.before, step.after))
        gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
        found += [one for one in new if WORD not in one]
        # What was a line stays in the line that takes its place: only the word is new.
        found += [one for one in gone if not any(_without(other) == _without(one) for other in new)]
    return found


def _without(line: str) -> str:
    return line.replace(WORD, "").replace(" ", "")


@pytest.mark.parametrize("machine", MACHINES)
def test_whole_it_is_followed_and_changed(machine: str, tmp_path: Path) -> None:
    """What the damages are done to is a chain that is understood."""
    found = reader.read(folder_root(tmp_path, MACHINES[machine]))
    assert not isinstance(found, Unread) and not isinstance(found.path, Unread), found.path
    plan = made(Root.mounted(str(tmp_path)))
    # The words of a kernel that the firmware starts lie in its own entry, which a person makes anew.
    found = plan is not None and any(WORD.encode() in (step.after or b"") for step in plan.steps)
    assert found is (machine != "stub")
    assert strange(plan) == []


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("machine", MACHINES)
def test_each_file_damaged(machine: str, damage: str, tmp_path: Path) -> None:
    top, outside = tmp_path / "root", tmp_path / "outside"
    folder_root(top, MACHINES[machine])
    for name in names_of(machine):
        place = top / name.lstrip("/")
        content = place.read_bytes()
        DAMAGES[damage](place, outside)
        root = Root.mounted(str(top))
        found = reader.read(root)
        assert not isinstance(found, Unread) and "outside" not in str(found.path) + str(found.configured), name
        if damage in TEXTS and not NEVER_EDITED.search(name):
            assert strange(made(root)) == [], name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
        place.write_bytes(content)


LOOPS: Mapping[str, tuple[str, Files]] = {
    "grub": ("grub", {"/boot/grub/custom.cfg": "source /boot/grub/custom.cfg\nconfigfile /boot/grub/grub.cfg\n" * 3}),
    "grub's own": ("grub", {"/boot/grub/grub.cfg": "source /boot/grub/grub.cfg\nconfigfile /boot/grub/grub.cfg\n"}),
    "sourced defaults": ("grub", {"/etc/default/grub": ". /etc/default/grub\nGRUB_CMDLINE_LINUX=quiet\n"}),
    "refind": ("refind", {"/boot/efi/EFI/refind/more.conf": "include more.conf\ninclude refind.conf\n" * 3}),
    "syslinux": ("syslinux", {"/boot/more.conf": "INCLUDE more.conf\nINCLUDE extlinux.conf\n" * 3}),
    "presets": ("unified", {"/etc/mkinitcpio.d/linux.preset": ". /etc/mkinitcpio.d/linux.preset\n"}),
    "mkinitcpio": ("grub", {"/etc/mkinitcpio.conf": ". /etc/mkinitcpio.conf\nMODULES=(vfio_pci)\n"}),
    "uki.conf": ("unified", {"/etc/kernel/uki.conf": "[UKI]\nCmdline=@/etc/kernel/uki.conf\n"}),
}  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
def test_files_that_include_each_other(loop: str, tmp_path: Path) -> None:
    machine, files = LOOPS[loop]
    root = folder_root(tmp_path, {**MACHINES[machine], **files})
    assert not isinstance(reader.read(root), Unread)
    assert strange(made(root)) == []
