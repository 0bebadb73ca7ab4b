"""Modules from outside the kernel can be loaded.

Expected
    Where Secure Boot is on, no configuration asks for vendor-reset or kvmfr that is not loaded.
Why
    Secure Boot lets signed modules in only: one that was built here needs a key of its own (MOK), else it is
    refused without a word on the screen.
How it is read
    The SecureBoot variable of the firmware; modules-load.d, modprobe.d and the initramfs configuration;
    /proc/modules.
Fix
    Sign the module with a machine owner key (dkms does it where mokutil has enrolled one), or switch Secure Boot
    off.
Valid for
    UEFI hosts.
Sources
    Documentation/admin-guide/module-signing.rst; dkms(8).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import by_whom
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import (
    LISTS,
    OPTIONS,
    Answers,
    ByHand,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
)

ASKED = ("vendor_reset", "kvmfr")


@rule(
    "SECURE-BOOT-MODULES",
    Severity.WARN,
    needs=("firmware", "boot"),
    fires="locked",
    silent="clean",
    reads=(*OPTIONS, *LISTS, "/proc/modules"),
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    firmware = known(facts.firmware)
    secure = known(firmware.secure_boot)
    path = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    if firmware.efi is False:
        yield not_applicable("host", "the firmware is no UEFI", seen("/sys/firmware/efi", "is not there"))
        return
    if not secure:
        yield not_applicable("host", "Secure Boot is off", seen(path, "0"))
        return
    files: tuple[ConfigFile, ...] = (*boot.modules_load, *boot.initramfs_config, *boot.modprobe)
    asked = [(m, f, n, t) for f in files for n, t in f.numbered() for m in ASKED if m in t.replace("-", "_")]
    loaded = frozenset[str]() if isinstance(facts.modules, Unread) else or_else(facts.modules.loaded, frozenset())
    missing = [a for a in asked if a[0] not in loaded]
    for module, file, number, text in missing:
        yield fails(
            module,
            f"{module} is asked for and not loaded, and Secure Boot is on: it must be signed with a known key.",
            seen(f"{file.path}:{number}", text),
            seen(path, "1"),
            fix=by_hand(
                by_whom(facts, ByHand.FIRMWARE),
                "enrol a key with mokutil and sign the module, or switch Secure Boot off",
                Risk.R2,
            ),
        )
    if not missing:
        yield holds("host", "Secure Boot is on, and every module that is asked for is loaded", seen(path, "1"))
