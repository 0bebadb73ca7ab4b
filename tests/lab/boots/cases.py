"""What is tried: each builder with ids, addresses, twins, softdeps, dead names, words."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.boots.hardware import AC97, GPU, GPU_IDS, NIC, NIC_IDS, NVME, OLD_NIC, OLD_NIC_IDS, SOUND, TWIN
from tests.lab.boots.system import INSTALL, NEEDED

VFIO = "vfio-pci"
CARD = {GPU: VFIO, SOUND: VFIO}
ONE_TWIN = {NIC: VFIO, TWIN: "e1000e"}
IDS, ADDRESS = f"isolate.ids={GPU[5:]}", f"isolate.override={NIC[5:]}"
HOSTS_DRIVERS = ("e1000e", "cirrus", "snd_hda_intel")
"""Drivers of the host that an image loads as well: whoever binds must come before them."""

DRACUT = f"""hostonly="no"
compress="zstd -1"
drivers=" {" ".join((*NEEDED, *HOSTS_DRIVERS))} "
omit_dracutmodules+=" lvm mdraid multipath dm nfs network plymouth crypt btrfs "
"""
MKINITCPIO = f"""MODULES=({" ".join(NEEDED)})
BINARIES=()
FILES=(/usr/lib/x86_64-linux-gnu/libkmod.so.2)
HOOKS=(base udev hostdrivers modconf)
COMPRESSION="zstd"
COMPRESSION_OPTIONS=(-1)
"""
SYSTEMD = "sed -i 's/^HOOKS=.*/HOOKS=(base systemd hostdrivers modconf)/' /etc/mkinitcpio.conf"
HOSTDRIVERS = f"""build() {{
    map add_module {" ".join(HOSTS_DRIVERS)}
}}
"""
"""Puts drivers of the host into the image, as the hooks kms and net do, without their hundred others."""
PRESET = """ALL_config="/etc/mkinitcpio.conf"
PRESETS=('default')
"""
MKINITCPIO_IN = f"""release=$(ls /lib/modules | tail -n 1)
{INSTALL} gawk
dpkg --purge --force-depends initramfs-tools initramfs-tools-core initramfs-tools-bin
rm -f /boot/initrd.img-* /initrd.img* /vmlinuz*
# Its home is a system where /usr/sbin is /usr/bin, and the libraries have one folder. So it is in its images too, where
# a link from one to the other would be a loop.
for file in /usr/sbin/*; do [ -e /usr/bin/${{file##*/}} ] || mv $file /usr/bin/; done
rm -r /usr/sbin
ln -s bin /usr/sbin
ln -sf x86_64-linux-gnu/libkmod.so.2 /usr/lib/libkmod.so.2
: >/etc/udev/hwdb.bin
# The hook systemd takes a program along that systemd 257 has not yet.
[ -e /usr/lib/systemd/systemd-validatefs ] || cp /bin/true /usr/lib/systemd/systemd-validatefs
cp /usr/bin/busybox /usr/lib/initcpio/busybox
printf 'ALL_kver="%s"\\ndefault_image="/boot/initrd.img-%s"\\n' "$release" "$release" >>/etc/mkinitcpio.d/linux.preset
mkinitcpio -P
update-grub
"""

BUILDERS: dict[str, tuple[str, dict[str, str], str]] = {
    "initramfs-tools": ("", {}, ""),
    "dracut": (
        f"{INSTALL} dracut; rm -f /boot/initrd.img-*; dracut -f --regenerate-all; update-grub",
        {"/etc/dracut.conf.d/small.conf": DRACUT},
        "",
    ),
    "mkinitcpio": (
        MKINITCPIO_IN,
        {
            "/etc/mkinitcpio.conf": MKINITCPIO,
            "/etc/mkinitcpio.d/linux.preset": PRESET,
            "/etc/initcpio/install/hostdrivers": HOSTDRIVERS,
        },
        "VFIOTUI_MKINITCPIO",
    ),
}
"""Name → what installs it on the system of initramfs-tools, files that are there first, the variable of its tree."""


@dataclass(frozen=True, slots=True)
class Case:
    """One start."""

    builder: str
    name: str
    goals: tuple[str, ...] = ()
    by_hand: str = ""
    """Shell lines inside, before the program sees the system."""
    right: dict[str, str] = field(default_factory=dict)
    """Address → driver that the kernel must give it."""
    start_again: bool = False
    """Whether the machine starts once more after the undo."""


def option(text: str) -> str:
    return f"printf '%s\\n' '{text}' >>/etc/modprobe.d/passthrough.conf"


def words(text: str) -> str:
    """On the command line, by GRUB's own settings."""
    return f"echo 'GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT {text}\"' >>/etc/default/grub"


def lines(*parts: str) -> str:
    return "\n".join(parts)


def modules(*names: str) -> str:
    return "\n".join(f"echo '{name}' >>/etc/initramfs-tools/modules" for name in names)


INITRAMFS_TOOLS, MKINITCPIO_ANEW = "update-initramfs -u -k all", "mkinitcpio -P"
DRACUT_ANEW = "dracut -f --regenerate-all"
GUIDE = ("vfio", "vfio_iommu_type1", "vfio_virqfd", f"vfio_pci ids={GPU_IDS}")
"""The lines of the old guide; no kernel since 6.2 has vfio_virqfd."""

CASES = (
    Case("initramfs-tools", "the card by its ids", (IDS,), right=CARD, start_again=True),
    Case(
        "initramfs-tools", "one of two twins by its address, the card by ids", (ADDRESS, IDS),
        modules("e1000e"), {**CARD, **ONE_TWIN},
    ),
    Case(
        "initramfs-tools", "ids on the command line, by hand", (),
        lines(modules("vfio_pci"), words(f"vfio-pci.ids={GPU_IDS}"), INITRAMFS_TOOLS, "update-grub"), CARD,
    ),
    Case(
        "initramfs-tools", "softdep, blacklist, module_blacklist, by hand", (),
        lines(
            option(f"options vfio-pci ids={OLD_NIC_IDS}"), option("softdep e1000 pre: vfio-pci"),
            option("blacklist snd_intel8x0"), words("module_blacklist=nvme"), INITRAMFS_TOOLS, "update-grub",
        ),
        {OLD_NIC: VFIO, AC97: "", NVME: "", NIC: "e1000e"},
    ),
    Case(
        "initramfs-tools", "the old guide's list, then a twin by its address", (ADDRESS,),
        lines(modules(*GUIDE), option(f"options vfio-pci ids={GPU_IDS}"), INITRAMFS_TOOLS), {**CARD, **ONE_TWIN},
    ),
    Case("dracut", "the card by its ids", (IDS,), right=CARD, start_again=True),
    Case("dracut", "one of two twins by its address", (ADDRESS,), right=ONE_TWIN),
    Case(
        "dracut", "rd.driver.pre and ids on the command line, by hand", (),
        lines(
            "echo 'add_drivers+=\" vfio-pci \"' >/etc/dracut.conf.d/passthrough.conf",
            words(f"rd.driver.pre=vfio-pci vfio-pci.ids={GPU_IDS} rd.driver.blacklist=e1000e"),
            DRACUT_ANEW, "update-grub",
        ),
        CARD,
    ),
    Case(
        "dracut", "both twins by ids in the image, by hand", (),
        lines(
            option(f"options vfio-pci ids={NIC_IDS}"),
            "printf '%s\\n' 'force_drivers+=\" vfio-pci \"' 'install_items+=\" /etc/modprobe.d/passthrough.conf \"' "
            ">/etc/dracut.conf.d/passthrough.conf", DRACUT_ANEW,
        ),
        {NIC: VFIO, TWIN: VFIO},
    ),
    Case("mkinitcpio", "udev: the card by its ids", (IDS,), right=CARD, start_again=True),
    Case("mkinitcpio", "udev: one of two twins by its address", (ADDRESS,), right=ONE_TWIN),
    Case(
        "mkinitcpio", "systemd: one of two twins by its address, the card by ids", (ADDRESS, IDS),
        lines(SYSTEMD, MKINITCPIO_ANEW), {**CARD, **ONE_TWIN},
    ),
    Case(
        "mkinitcpio", "systemd: ids without softdep, beside the host's drivers, by hand", (),
        lines(
            SYSTEMD, option(f"options vfio-pci ids={GPU_IDS}"),
            "sed -i 's/^MODULES=(/MODULES=(vfio_pci /' /etc/mkinitcpio.conf", MKINITCPIO_ANEW,
        ),
    ),
    Case(
        "mkinitcpio", "the old guide's list, whose image fails, then the card by ids", (IDS,),
        "sed -i 's/^MODULES=(/MODULES=(vfio_pci vfio vfio_iommu_type1 vfio_virqfd /' /etc/mkinitcpio.conf", CARD,
    ),
)  # fmt: skip
