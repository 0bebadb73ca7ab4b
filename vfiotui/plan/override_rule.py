"""Binding by address: a udev rule that sets driver_override where the stored card stands, early in the initramfs."""

from __future__ import annotations

from vfiotui.formats import dracut, mkinitcpio
from vfiotui.model.change import Effect
from vfiotui.model.finding import Risk
from vfiotui.model.selection import Chosen
from vfiotui.plan.draft import CannotPlan, Draft, Phase

RULE = "/etc/udev/rules.d/09-vfiotui-override.rules"
"""Before 80-drivers.rules, which loads the native driver (systemd, rules.d/80-drivers.rules)."""
HOOK = "/etc/initramfs-tools/hooks/vfiotui"
HOOK_TEXT = f"""#!/bin/sh
# Copies the rule of vfiotui that binds devices by address (initramfs-tools(7), hook scripts).
PREREQ="udev"
case $1 in prereqs) echo "$PREREQ"; exit 0 ;; esac
. /usr/share/initramfs-tools/hook-functions
[ -e {RULE} ] || exit 0
mkdir -p "$DESTDIR/etc/udev/rules.d"
cp -p {RULE} "$DESTDIR/etc/udev/rules.d/"
"""
DRACUT = "/etc/dracut.conf.d/vfiotui.conf"
MKINITCPIO = "/etc/mkinitcpio.conf"


def rule_line(one: Chosen) -> str:
    """The rule for one function: its ids are compared too, so that a card that took its place is left alone.

    Only a driver of exactly this name may bind then (Documentation/ABI/testing/sysfs-bus-pci, driver_override).
    """
    checks = [
        f'ATTR{{{name}}}=="0x{value}"'
        for name, value in (
            ("vendor", one.vendor),
            ("device", one.device),
            ("subsystem_vendor", one.subsystem_vendor),
            ("subsystem_device", one.subsystem_device),
        )
        if value
    ]
    words = ['ACTION=="add"', 'SUBSYSTEM=="pci"', f'KERNEL=="{one.bdf}"', *checks, 'ATTR{driver_override}="vfio-pci"']
    return ", ".join(words)


def rule_text(devices: tuple[Chosen, ...]) -> str:
    """The whole file; the words of the escape at the boot menu switch it off (udev(7), IMPORT{cmdline})."""
    return "\n".join(
        (
            "# Made by vfiotui: these functions go to vfio-pci, whatever else matches them.",
            "# module_blacklist=vfio_pci on the kernel command line switches it off, and so does vfiotui=off.",
            'SUBSYSTEM!="pci", GOTO="vfiotui_end"',
            'IMPORT{cmdline}="module_blacklist"',
            'IMPORT{cmdline}="vfiotui"',
            'ENV{module_blacklist}=="*vfio_pci*", GOTO="vfiotui_end"',
            'ENV{vfiotui}=="off", GOTO="vfiotui_end"',
            *map(rule_line, devices),
            'LABEL="vfiotui_end"',
            "",
        )
    )


def add_rule(draft: Draft, devices: tuple[Chosen, ...], tool: str) -> None:
    """The rule, and what brings it into the image of each tool."""
    why = f"bind {', '.join(d.bdf for d in devices)} to vfio-pci by address"
    draft.write(RULE, rule_text(devices), why, Phase.MODPROBE, risk=Risk.R3, effect=Effect.BOOT)
    why = "take the rule into the initramfs"
    match tool:
        case "initramfs-tools":
            draft.write(
                HOOK, HOOK_TEXT, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT, mode=0o755
            )  # fmt: skip
        case "dracut":
            text = dracut.add(draft.text(DRACUT) or "", "install_items", RULE)
            draft.write(DRACUT, text, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)
        case "mkinitcpio":
            text = mkinitcpio.add(draft.text(MKINITCPIO) or "", "FILES", RULE)
            draft.write(MKINITCPIO, text, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)
        case "booster":
            raise CannotPlan(
                "booster takes no udev rules into its image: choose the subsystem ids, or leave the binding to libvirt"
            )
