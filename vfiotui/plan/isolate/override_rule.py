"""Binding by address: driver_override is set where the stored card stands, early in the initramfs."""

from __future__ import annotations

from vfiotui.formats.initramfs import dracut, mkinitcpio
from vfiotui.formats.refused import EditRefused
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.selection import Chosen
from vfiotui.plan.boot.image_edits import (
    DRACUT,
    DRACUT_LAST,
    OWN_DROP_IN,
    add_to_dracut,
    add_to_mkinitcpio,
    edited_builds,
    planned,
)
from vfiotui.plan.boot.image_sources import hooks_of, mkinitcpio_files
from vfiotui.plan.draft import Draft, Phase, PlanError
from vfiotui.plan.isolate.early_script import HOOK_NAME, OWN_FILES, SYSTEMD, early_files

RULE = "/etc/udev/rules.d/09-vfiotui-override.rules"
"""Before 80-drivers.rules, which loads the native driver (systemd, rules.d/80-drivers.rules)."""
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


def set_rule(draft: Draft, devices: tuple[Chosen, ...], tool: str) -> None:
    """The rule for exactly these devices, and what brings it into the image of each tool; no rule for none."""
    place = _place(draft, tool)
    wanted = early_files(devices, place)
    for path in OWN_FILES:
        if path not in wanted:
            _write(draft, path, None, "no device is bound by address any more", Phase.INITRAMFS_CONFIG)
    if not devices:
        _write(draft, RULE, None, "no device is bound by address any more", Phase.MODPROBE)
        _forget(draft)
        return
    _write(draft, RULE, rule_text(devices), f"bind {', '.join(d.bdf for d in devices)} to vfio-pci by address",
           Phase.MODPROBE)  # fmt: skip
    for path, (text, mode) in wanted.items():
        _write(draft, path, text, "bind by address in the initramfs, before udev", Phase.INITRAMFS_CONFIG, mode)
    match tool:
        case "dracut":
            add_to_dracut(draft, "install_items", RULE, "take the rule into the initramfs")
        case "mkinitcpio":
            add_to_mkinitcpio(draft, "FILES", RULE, "take the rule into the initramfs")
            if wanted:
                why = "bind by address in the initramfs, before udev"
                add_to_mkinitcpio(draft, "HOOKS", HOOK_NAME, why, before="" if place == SYSTEMD else "udev")
        case "booster":
            raise PlanError(
                "booster takes no udev rules into its image: choose the subsystem ids, or leave the binding to libvirt"
            )


def _place(draft: Draft, tool: str) -> str:
    """For which kind of image a script is written that runs before udev; empty where the tool's can be given none.

    dracut looks for modules below /usr only, which ostree keeps closed. systemd's init runs no hooks of mkinitcpio, but
    units, for which the hook base brings a shell.
    """
    if tool == "mkinitcpio":
        files = planned(draft)
        try:
            kinds = {
                SYSTEMD if "systemd" in hooks and "base" in hooks else tool if "udev" in hooks else ""
                for hooks in (hooks_of(files, build) for build in edited_builds(files))
            }
        except EditRefused:
            return ""
        return kinds.pop() if len(kinds) == 1 else ""
    return "" if tool == "dracut" and "rpm-ostree" in draft.snapshot.programs else tool


def _forget(draft: Draft) -> None:
    """Takes what is gone out of the lists: a file that is listed and missing fails the build."""
    why = "no device is bound by address any more"
    for path in (*draft.snapshot.below("/etc/dracut.conf.d", ".conf"), DRACUT, DRACUT_LAST):
        text = draft.text(path) or ""
        if RULE in text:
            after = dracut.remove(text, "install_items", RULE)
            own = path in (DRACUT, DRACUT_LAST)
            _write(draft, path, after if after.strip() or not own else None, why, Phase.INITRAMFS_CONFIG)
    for path in dict.fromkeys(p for b in edited_builds(planned(draft)) for p in mkinitcpio_files(planned(draft), b)):
        text = draft.text(path) or ""
        if RULE in text or HOOK_NAME in text:
            after = mkinitcpio.remove(text, "FILES", RULE)
            after = mkinitcpio.remove(after, "HOOKS", HOOK_NAME) if HOOK_NAME in after else after
            own = path == OWN_DROP_IN and not after.strip()
            _write(draft, path, None if own else after, why, Phase.INITRAMFS_CONFIG)


def _write(draft: Draft, path: str, text: str | None, why: str, phase: Phase, mode: int | None = None) -> None:
    risk = Risk.R2 if path.endswith(".conf") or text is None else Risk.R3
    draft.write(path, text, why, phase, risk=risk, effect=Effect.BOOT, mode=mode)
