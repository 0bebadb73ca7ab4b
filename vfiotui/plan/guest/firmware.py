"""Goals about what a guest starts with: its firmware, and the machine that it finds."""

from __future__ import annotations

import re

from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.base.reading import Unread
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal
from vfiotui.plan.guest.disks import PREFIX, free_name

STORE = "/var/lib/libvirt/qemu/nvram"
"""Where libvirt keeps the variables of guests of the system."""
SECURE = ("secure-boot", "enrolled-keys")
OLD = re.compile(r"pc(-i440fx-.*|-\d.*)?")
OLD_CONTROLLERS = {
    ("pci", "pci-root"), ("pci", "pci-bridge"), ("pci", "pci-expander-bus"), ("ide", None), ("usb", "piix3-uhci"),
    ("usb", "piix4-uhci"),
}  # fmt: skip
"""Controllers of a PC of 1996: libvirt makes those of a q35 in their place."""


def _choose(work: Definition, value: str) -> None:
    """libvirt chooses an EFI firmware; a guest that has one keeps it."""
    if value != "efi":
        raise PlanError(f"{value!r}: only efi can be planned")
    if work.domain.boot.is_efi:
        return
    _autoselect(work)
    work.note(
        "a system that was installed with BIOS does not start with UEFI: convert its disk first (mbr2gpt in Windows), "
        "or install it again"
    )


def _again(work: Definition, value: str) -> None:
    """libvirt chooses the firmware again, with new variables: those of another build do not fit it."""
    if value != "efi":
        raise PlanError(f"{value!r}: only efi can be planned")
    boot = work.domain.boot
    if boot.autoselect == "efi" and not boot.loader:
        return
    _autoselect(work)
    _fresh(work)


def _secure(work: Definition, value: str) -> None:
    """The firmware checks signatures, and has Microsoft's keys."""
    if work.domain.machine and OLD.fullmatch(work.domain.machine):
        raise PlanError(f"secure boot needs the machine q35: domain.machine={work.name}/q35 first")
    old = work.domain.boot
    if all(old.feature(name) is True for name in SECURE) and not old.loader:
        return
    if not old.is_efi:
        work.note("a system that was installed with BIOS does not start with UEFI: convert its disk first")
    _autoselect(work, secure=True)
    xml = work.xml
    q = xml.document.quote
    for name in SECURE:
        found = next((f for f in xml.root.all("os/firmware/feature") if f.get("name") == name), None)
        if found is not None:
            xml.set_on(found, "enabled", "yes")
        else:
            xml.add("os/firmware", f"<feature enabled={q}yes{q} name={q}{name}{q}/>")
    smm = xml.root.find("features/smm")
    if smm is not None and smm.get("state") == "off":
        xml.set_on(smm, "state", "on")
    _fresh(work)


def _autoselect(work: Definition, *, secure: bool = False) -> None:
    secure = secure or work.domain.boot.feature("secure-boot") is True
    files = work.facts.guest_files
    fitting = files if isinstance(files, Unread) else files.efi(secure=secure)
    if fitting == ():
        what = "EFI with secure boot" if secure else "EFI"
        raise PlanError(f"no firmware of this host offers {what}: install ovmf or edk2-ovmf first")
    xml = work.xml
    xml.set_attribute("os", "firmware", "efi")
    for path in ("os/loader", "os/nvram"):
        if found := xml.root.all(path):
            xml.remove_all(found)


def _fresh(work: Definition) -> None:
    """Variables in a new file: libvirt takes one that is there as it is, whatever firmware made it."""
    old = work.domain.boot.nvram
    if not old and not work.domain.boot.loader:
        # It never had a firmware whose variables would be in the way.
        return
    stem, dot, ending = (old or f"{STORE}/{work.name}_VARS.fd").rpartition(".")
    path = f"{stem}.new.{ending}" if dot and "/" not in ending else f"{old}.new"
    work.xml.set_text("os/nvram", path)
    work.note(
        f"UEFI variables start anew in {path}; those of before stay where they are. Windows is found again, other "
        "systems may want their boot entry back; BitLocker may ask for its recovery key"
    )


def _machine(work: Definition, value: str) -> None:
    if value != "q35":
        raise PlanError(f"{value!r}: only q35 can be planned")
    domain, xml = work.domain, work.xml
    if domain.machine and not OLD.fullmatch(domain.machine):
        return
    xml.set_attribute("os/type", "machine", "q35")
    gone = [c for c in xml.devices("controller") if _is_old(c)]
    if gone:
        xml.remove_all(gone, prune=False)
    for disk in range(len(xml.devices("disk"))):
        _off_ide(work, disk)
    # Places on a bus that is gone: libvirt finds new ones.
    while places := [a for d in xml.root.all("devices/*") if (a := d.find("address")) and a.get("type") == "pci"]:
        xml.remove(places[-1])
    work.note(
        "its devices move to other places: Windows sees a new machine and may have to be activated again, Linux may "
        "name its network card otherwise"
    )


def _is_old(controller: Element) -> bool:
    kind, model = controller.get("type"), controller.get("model")
    return (kind, model) in OLD_CONTROLLERS or (kind, None) in OLD_CONTROLLERS


def _off_ide(work: Definition, number: int) -> None:
    """A q35 has no IDE: its disks go to SATA, where the numbers of their drives are free."""
    xml = work.xml
    target = xml.devices("disk")[number].find("target")
    if target is None or target.get("bus") != "ide":
        return
    new = free_name(work, PREFIX["sata"])
    xml.set_on(target, "bus", "sata")
    old = target.get("dev")
    if not old.startswith(PREFIX["sata"]):
        moved = xml.devices("disk")[number].find("target")
        assert moved is not None
        xml.set_on(moved, "dev", new)
    place = xml.devices("disk")[number].find("address")
    if place is not None:
        xml.remove(place)


PLANNERS = (
    definition_goal(
        "domain.firmware", "efi", "start the guest with an EFI firmware that libvirt chooses", "EFI firmware", _choose
    ),
    definition_goal(
        "domain.firmware.again",
        "efi",
        "let libvirt choose the EFI firmware again, with new variables (boot entries are lost)",
        "EFI firmware anew",
        _again,
    ),
    definition_goal(
        "domain.firmware.secure", "", "start with Secure Boot and Microsoft's keys enrolled", "secure boot", _secure
    ),
    definition_goal(
        "domain.machine", "q35", "use the machine type q35, which has PCI Express", "machine {2}", _machine
    ),
)
