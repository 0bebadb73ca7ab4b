"""Scripts of the initramfs that bind by address before udev looks for devices, in the form that each tool takes.

A rule alone would come too late where another device of the same driver has its turn first.
"""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.pci.selection import Chosen

SCRIPT = "/etc/initramfs-tools/scripts/init-top/bind-vfio"
"""Its name comes before that of the script udev: with no prerequisites the order is that of the names."""
DRACUT_MODULE = "/usr/lib/dracut/modules.d/09vfiotui"
"""dracut looks for modules nowhere else (dracut.modules(7))."""
DRACUT_SETUP = f"{DRACUT_MODULE}/module-setup.sh"
DRACUT_HOOK = f"{DRACUT_MODULE}/bind-vfio.sh"
HOOK_NAME = "vfiotui"
MKINITCPIO_HOOK = f"/etc/initcpio/hooks/{HOOK_NAME}"
MKINITCPIO_INSTALL = f"/etc/initcpio/install/{HOOK_NAME}"
INSIDE = "/etc/initcpio/vfiotui"
"""What our install hook takes into an image whose init is systemd; below it each file has its path in the image."""
UNIT_NAME = "vfiotui-bind-vfio.service"
UNIT = f"{INSIDE}/etc/systemd/system/{UNIT_NAME}"
UNIT_SCRIPT = f"{INSIDE}/usr/lib/vfiotui/bind-vfio"
OWN_FILES = (SCRIPT, DRACUT_SETUP, DRACUT_HOOK, MKINITCPIO_HOOK, MKINITCPIO_INSTALL, UNIT, UNIT_SCRIPT)
SYSTEMD = "mkinitcpio with systemd"
SWITCH = "# module_blacklist=vfio_pci on the kernel command line switches it off, and so does vfiotui=off."


def _binding(devices: tuple[Chosen, ...]) -> tuple[str, ...]:
    """Shell lines that end with exit where the escape's words are there, and bind the devices."""
    ids = ("vendor", "device", "subsystem_vendor", "subsystem_device")
    calls = (
        " ".join(("take", one.bdf, *(f"{name}={value}" for name in ids if (value := getattr(one, name)))))
        for one in devices
    )
    return (
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
    )


MADE = "# Made by vfiotui: these functions go to vfio-pci before udev looks for devices."


def _script(devices: tuple[Chosen, ...], shell: str, head: tuple[str, ...], *tail: str) -> str:
    return "\n".join((f"#!{shell}", MADE, SWITCH, *head, *_binding(devices), *tail, ""))


def script_text(devices: tuple[Chosen, ...]) -> str:
    """A boot script of initramfs-tools (initramfs-tools(7))."""
    return _script(devices, "/bin/sh", ('PREREQ=""', 'case $1 in prereqs) echo "$PREREQ"; exit 0 ;; esac'))


def dracut_hook_text(devices: tuple[Chosen, ...]) -> str:
    """A pre-udev hook of dracut, whose init reads it into its own shell: the parentheses keep the exits inside."""
    return _script(devices, "/bin/sh", ("(",), ")")


def mkinitcpio_hook_text(devices: tuple[Chosen, ...]) -> str:
    """An early hook of mkinitcpio's own init (mkinitcpio(8)), which runs in the order of HOOKS."""
    return _script(devices, "/usr/bin/ash", ("run_earlyhook() {", "("), ")", "}")


def unit_script_text(devices: tuple[Chosen, ...]) -> str:
    """What our unit runs in an image whose init is systemd, with the shell that the hook base brings."""
    return _script(devices, "/usr/bin/ash", ())


UNIT_TEXT = f"""# Made by vfiotui: binds chosen devices to vfio-pci by address, before udev looks for devices.
[Unit]
Description=Bind chosen devices to vfio-pci
DefaultDependencies=no
Before=systemd-modules-load.service systemd-udevd.service systemd-udev-trigger.service

[Service]
Type=oneshot
ExecStart=/usr/bin/ash {UNIT_SCRIPT.removeprefix(INSIDE)}
"""
UNIT_INSTALL_TEXT = f"""#!/usr/bin/env bash
# Made by vfiotui: takes the unit into the image, where systemd starts it before udev.
build() {{
    add_file {UNIT_SCRIPT} {UNIT_SCRIPT.removeprefix(INSIDE)} 755
    add_file {UNIT} {UNIT.removeprefix(INSIDE)} 644
    add_symlink /etc/systemd/system/sysinit.target.wants/{UNIT_NAME} ../{UNIT_NAME}
}}
help() {{
    echo "Binds chosen devices to vfio-pci by address, before udev looks for devices."
}}
"""
MKINITCPIO_INSTALL_TEXT = """#!/usr/bin/env bash
# Made by vfiotui: takes the hook of the same name into the image, where it runs before udev.
build() {
    add_runscript
}
help() {
    echo "Binds chosen devices to vfio-pci by address, before udev looks for devices."
}
"""
DRACUT_SETUP_TEXT = """#!/bin/bash
# Made by vfiotui: takes the script beside it into the image, where it runs before udev.
check() { return 0; }
install() {
    inst_multiple cat modprobe
    inst_hook pre-udev 10 "$moddir/bind-vfio.sh"
}
"""


def early_files(devices: tuple[Chosen, ...], tool: str) -> Mapping[str, tuple[str, int]]:
    """Path → text and mode of what must be there; nothing where no device is bound so, or the tool has no such place.

    `tool` is empty where its image can be given no script, and `SYSTEMD` for mkinitcpio's images with systemd.
    """
    if devices and tool == "initramfs-tools":
        return {SCRIPT: (script_text(devices), 0o755)}
    if devices and tool == "dracut":
        return {DRACUT_SETUP: (DRACUT_SETUP_TEXT, 0o755), DRACUT_HOOK: (dracut_hook_text(devices), 0o755)}
    if devices and tool == SYSTEMD:
        return {
            MKINITCPIO_INSTALL: (UNIT_INSTALL_TEXT, 0o644),
            UNIT: (UNIT_TEXT, 0o644),
            UNIT_SCRIPT: (unit_script_text(devices), 0o755),
        }
    if devices and tool == "mkinitcpio":
        hook = mkinitcpio_hook_text(devices)
        return {MKINITCPIO_INSTALL: (MKINITCPIO_INSTALL_TEXT, 0o644), MKINITCPIO_HOOK: (hook, 0o644)}
    return {}
