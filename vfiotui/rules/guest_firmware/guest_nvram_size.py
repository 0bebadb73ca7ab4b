"""Firmware and variables are of one build.

Expected
    The 2 MiB build of OVMF (1966080 bytes) has variables of 131072 bytes, the 4 MiB build (3653632) has
    540672.
Why
    With variables of the other build the firmware writes past them or finds none: the guest stops before it
    shows anything.
How it is read
    Sizes of the files of <loader> and <nvram>, or of its template where the guest has none yet.
Fix
    Drop <loader> and <nvram> and let libvirt choose both again, then start with 'virsh start NAME
    --reset-nvram'.
Valid for
    OVMF images in raw format.
Sources
    edk2 OvmfPkg/OvmfPkgDefines.fdf.inc.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, guest_rule, holds, known, seen, unknown
from vfiotui.rules.guest_firmware_choice import choose

BUILDS = {1966080: 131072, 3653632: 540672}
"""Bytes of code → bytes of variables."""


@guest_rule("GUEST-NVRAM-SIZE", Severity.FAIL, needs=("guest_files",), fires="guest-sizes", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    boot = domain.boot
    if not boot.loader.startswith("/") or not (boot.nvram or boot.nvram_template):
        return
    if "qcow2" in (boot.loader_format, boot.nvram_format):
        return
    files = known(facts.guest_files)
    own = bool(boot.nvram) and not known(files.missing(boot.nvram))
    variables = boot.nvram if own or not boot.nvram_template else boot.nvram_template
    if known(files.missing(boot.loader)) or known(files.missing(variables)):
        return
    code, stored = known(files.state(boot.loader)).size, known(files.state(variables)).size
    if code not in BUILDS or stored not in BUILDS.values():
        yield unknown(
            domain.name,
            f"firmware of {code} and variables of {stored} bytes: of no build whose sizes are known",
            seen(boot.loader, f"{code} bytes"),
            seen(variables, f"{stored} bytes"),
        )
        return
    evidence = (seen(boot.loader, f"{code} bytes"), seen(variables, f"{stored} bytes"))
    if BUILDS[code] == stored:
        yield holds(domain.name, "firmware and variables are of one build", *evidence)
    else:
        yield fails(
            domain.name,
            "Its firmware and its variables are of different builds: it stops before it shows anything.",
            *evidence,
            fix=choose(facts, domain, "let libvirt choose both again", ("domain.firmware.again", "efi")),
        )
