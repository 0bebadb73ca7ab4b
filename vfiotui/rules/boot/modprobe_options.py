"""Options of the vfio modules are written as the modules take them.

Expected
    options vfio-pci ids=VENDOR:DEVICE,VENDOR:DEVICE: no blank in the list or beside "=", commas between the ids, no
    typographic quotation marks, and the names of options that the module has.
Why
    A blank ends an option. What stands behind it is another option, which the module does not have: the kernel
    ignores it, and the device stays with the host's driver.
How it is read
    options lines of modprobe.d for vfio-pci and vfio_iommu_type1.
Fix
    Write the list without blanks, and build the initramfs again.
Valid for
    Every kernel.
Sources
    kernel/params.c, parse_args; drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids.
"""

from __future__ import annotations

from vfiotui.formats.modprobe import modprobe_faults
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import OPTIONS, Answers, known, rule


@rule("MODPROBE-OPTIONS", Severity.WARN, needs=("boot",), fires="torn-ids", silent="clean", reads=OPTIONS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    yield from dead_lines(boot.modprobe, lambda f: modprobe_faults.faults(f.text), "options", "write it so", boot.seen)
