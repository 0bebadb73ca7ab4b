"""The guest's firmware image and its template of variables are there.

Expected
    The file of <loader> exists, and where the guest has no variables yet, the template of <nvram> too.
Why
    Updates rename these files: Debian's ovmf of 2026 brings only the _4M images. The guest then does not
    start.
How it is read
    Paths of <loader> and <nvram>, looked for inside the root.
Fix
    Drop <loader> and <nvram> and let libvirt choose again, then start with 'virsh start NAME --reset-nvram'
    (libvirt 8.1). The guest's own boot entries are lost; Windows with BitLocker asks for its recovery key.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, loader and nvram; package lists of Debian's ovmf.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, guest_rule, holds, known, seen
from vfiotui.rules.guest_firmware_choice import choose


@guest_rule("GUEST-LOADER-MISSING", Severity.FAIL, needs=("guest_files",), fires="guest-files", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    boot = domain.boot
    wanted = [p for p in (boot.loader, boot.nvram_template) if p.startswith("/")]
    if not wanted:
        return
    files = known(facts.guest_files)
    gone = [boot.loader] if boot.loader.startswith("/") and known(files.missing(boot.loader)) else []
    template = boot.nvram_template
    own = files.missing(boot.nvram) if boot.nvram else True
    if template.startswith("/") and own is not False and known(files.missing(template)) and known(own):
        gone.append(template)
    evidence = tuple(seen(domain.source, path) for path in wanted)
    if gone:
        yield fails(
            domain.name,
            f"It cannot start: {' and '.join(gone)} {'is' if len(gone) == 1 else 'are'} not there.",
            *evidence,
            *(seen(path, "is not there") for path in gone),
            fix=choose(facts, domain, "let libvirt choose the firmware again", ("domain.firmware.again", "efi")),
        )
    else:
        yield holds(domain.name, "firmware and variables are there", *evidence)
