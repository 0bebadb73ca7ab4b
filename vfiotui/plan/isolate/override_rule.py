"""Binding by address: driver_override is set where the stored card stands, early in the initramfs."""

from __future__ import annotations

from vfiotui.formats.initramfs import dracut, mkinitcpio
from vfiotui.formats.refused import EditRefused
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.selection import Chosen
from vfiotui.plan.draft import Draft, Phase, PlanError
from vfiotui.plan.isolate.early_script import HOOK_NAME, OWN_FILES, early_files

RULE = "/etc/udev/rules.d/09-vfiotui-override.rules"
"""Before 80-drivers.rules, which loads the native driver (systemd, rules.d/80-drivers.rules)."""
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


def set_rule(draft: Draft, devices: tuple[Chosen, ...], tool: str) -> None:
    """The rule for exactly these devices, and what brings it into the image of each tool; no rule for none."""
    wanted = early_files(devices, tool if _takes_scripts(draft, tool) else "")
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
            text = dracut.add(draft.text(DRACUT) or "", "install_items", RULE)
            _write(draft, DRACUT, text, "take the rule into the initramfs", Phase.INITRAMFS_CONFIG)
        case "mkinitcpio":
            text = mkinitcpio.add(draft.text(MKINITCPIO) or "", "FILES", RULE)
            text = mkinitcpio.add(text, "HOOKS", HOOK_NAME, before="udev") if wanted else text
            _write(draft, MKINITCPIO, text, "take the rule into the initramfs", Phase.INITRAMFS_CONFIG)
        case "booster":
            raise PlanError(
                "booster takes no udev rules into its image: choose the subsystem ids, or leave the binding to libvirt"
            )


def _takes_scripts(draft: Draft, tool: str) -> bool:
    """Whether the tool's image can be given a script that runs before udev.

    dracut looks for modules below /usr only, which ostree keeps closed; systemd's init runs no hooks of mkinitcpio.
    """
    if tool == "mkinitcpio":
        others = (draft.text(p) or "" for p in draft.snapshot.below("/etc/mkinitcpio.conf.d", ".conf"))
        try:
            hooks = mkinitcpio.words(draft.text(MKINITCPIO) or "", "HOOKS")
        except EditRefused:
            return False
        return "udev" in hooks and "systemd" not in hooks and not any("HOOKS" in text for text in others)
    return tool != "dracut" or "rpm-ostree" not in draft.snapshot.programs


def _forget(draft: Draft) -> None:
    """Takes what is gone out of the lists: a file that is listed and missing fails the build."""
    why = "no device is bound by address any more"
    text = draft.text(DRACUT) or ""
    if RULE in text:
        after = dracut.remove(text, "install_items", RULE)
        _write(draft, DRACUT, after if after.strip() else None, why, Phase.INITRAMFS_CONFIG)
    text = draft.text(MKINITCPIO) or ""
    if RULE in text or HOOK_NAME in text:
        after = mkinitcpio.remove(text, "FILES", RULE)
        after = mkinitcpio.remove(after, "HOOKS", HOOK_NAME) if HOOK_NAME in after else after
        _write(draft, MKINITCPIO, after, why, Phase.INITRAMFS_CONFIG)


def _write(draft: Draft, path: str, text: str | None, why: str, phase: Phase, mode: int | None = None) -> None:
    risk = Risk.R2 if path in (DRACUT, MKINITCPIO) or text is None else Risk.R3
    draft.write(path, text, why, phase, risk=risk, effect=Effect.BOOT, mode=mode)
