"""Binding by address: driver_override is set where the stored card stands, early in the initramfs."""

from __future__ import annotations

from vfiotui.formats import dracut, mkinitcpio
from vfiotui.model.change import Effect
from vfiotui.model.finding import Risk
from vfiotui.model.selection import Chosen
from vfiotui.plan.draft import CannotPlan, Draft, Phase

RULE = "/etc/udev/rules.d/09-vfiotui-override.rules"
"""Before 80-drivers.rules, which loads the native driver (systemd, rules.d/80-drivers.rules)."""
SCRIPT = "/etc/initramfs-tools/scripts/init-top/bind-vfio"
"""Its name comes before that of the script udev: with no prerequisites the order is that of the names."""
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
    # A vfio-pci that is loaded already does not look again by itself, so the bus is told to.
    acts = ('ATTR{driver_override}="vfio-pci"', 'ATTR{[subsystem/pci]drivers_probe}="$kernel"')
    return ", ".join(('ACTION=="add"', 'SUBSYSTEM=="pci"', f'KERNEL=="{one.bdf}"', *checks, *acts))


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


def script_text(devices: tuple[Chosen, ...]) -> str:
    """A boot script of initramfs-tools (initramfs-tools(7)) that binds before udev loads the first driver.

    A rule alone would come too late where another device of the same driver has its turn first.
    """
    ids = ("vendor", "device", "subsystem_vendor", "subsystem_device")
    calls = (
        " ".join(("take", one.bdf, *(f"{name}={value}" for name in ids if (value := getattr(one, name)))))
        for one in devices
    )
    return "\n".join(
        (
            "#!/bin/sh",
            "# Made by vfiotui: these functions go to vfio-pci before udev looks for devices.",
            "# module_blacklist=vfio_pci on the kernel command line switches it off, and so does vfiotui=off.",
            'PREREQ=""',
            'case $1 in prereqs) echo "$PREREQ"; exit 0 ;; esac',
            "for word in $(cat /proc/cmdline); do",
            "    case $word in vfiotui=off | module_blacklist=*vfio_pci*) exit 0 ;; esac",
            "done",
            "",
            "# take ADDRESS ID=DIGITS…: a card that took its place is left alone.",
            "take() {",
            "    address=$1 folder=/sys/bus/pci/devices/$1",
            "    shift",
            "    for id; do",
            '        [ "$(cat "$folder/${id%%=*}" 2>/dev/null)" = "0x${id#*=}" ] || return 0',
            "    done",
            '    echo vfio-pci >"$folder/driver_override" && echo "$address" >/sys/bus/pci/drivers_probe',
            "}",
            "",
            "modprobe vfio-pci || exit 0",
            *calls,
            "exit 0",
            "",
        )
    )


def set_rule(draft: Draft, devices: tuple[Chosen, ...], tool: str) -> None:
    """The rule for exactly these devices, and what brings it into the image of each tool; no rule for none."""
    if not devices:
        for path in (RULE, SCRIPT):
            draft.write(
                path, None, "no device is bound by address any more", Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT
            )  # fmt: skip
        return
    why = f"bind {', '.join(d.bdf for d in devices)} to vfio-pci by address"
    draft.write(RULE, rule_text(devices), why, Phase.MODPROBE, risk=Risk.R3, effect=Effect.BOOT)
    why = "take the rule into the initramfs"
    match tool:
        case "initramfs-tools":
            why = "bind by address in the initramfs, before udev"
            draft.write(
                SCRIPT, script_text(devices), why, Phase.INITRAMFS_CONFIG,
                risk=Risk.R3, effect=Effect.BOOT, mode=0o755,
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
