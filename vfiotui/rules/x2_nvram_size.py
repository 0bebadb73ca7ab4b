"""Firmware and variables are of one build.

What must hold
    The 2 MiB build of OVMF (1966080 bytes) has variables of 131072 bytes, the 4 MiB build (3653632) has
    540672.
Why
    With variables of the other build the firmware writes past them or finds none: the guest stops before its
    first picture.
How it is read
    Sizes of the files of <loader> and <nvram>, or of its template where the guest has none yet.
Fix
    Drop <loader> and <nvram> and let libvirt choose both anew, then start with 'virsh start NAME
    --reset-nvram'.
Valid for
    OVMF images in raw format.
Sources
    edk2 OvmfPkg/OvmfPkgDefines.fdf.inc.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.domain import Domain
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, guest_rule, holds, known, seen

BUILDS = {1966080: 131072, 3653632: 540672}
"""Bytes of code → bytes of variables."""


@guest_rule("X2-NVRAM-SIZE", Severity.FAIL, needs=("guest_files",), fires="guest-sizes", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Iterator[Answer]:
    boot = domain.boot
    if not boot.loader.startswith("/") or boot.loader_format == "qcow2" or not (boot.nvram or boot.nvram_template):
        return
    files = known(facts.guest_files)
    variables = boot.nvram if boot.nvram and files.missing(boot.nvram) is False else boot.nvram_template or boot.nvram
    if files.missing(boot.loader) is True or files.missing(variables) is True:
        return
    code, stored = known(files.state(boot.loader)).size, known(files.state(variables)).size
    if code not in BUILDS or stored not in BUILDS.values():
        return
    evidence = (seen(boot.loader, f"{code} bytes"), seen(variables, f"{stored} bytes"))
    if BUILDS[code] == stored:
        yield holds(domain.name, "firmware and variables are of one build", *evidence)
    else:
        yield fails(
            domain.name,
            "Its firmware and its variables are of different builds: it stops before its first picture.",
            *evidence,
            fix=fix("let libvirt choose both anew", Risk.R2, ("domain.firmware.again", "efi")),
        )
