"""All ids of vfio-pci stand in one options line.

Expected
    modprobe.d has one ids= for vfio-pci, with all ids in it.
Why
    kmod hands the module every options line, and of equal options the last one counts: the ids of the others are
    lost, and their devices stay with the host's driver.
How it is read
    options lines of modprobe.d in the order in which kmod reads them.
Fix
    One line with all ids, and build the initramfs again.
Valid for
    Every kernel.
Sources
    modprobe.d(5), options; kernel/params.c, param_set_copystring.
"""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import OPTIONS, Answers, all_files, fails, fix, holds, known, rule, seen
from vfiotui.rules.ids_in_force import FIRST


@rule("VFIO-IDS-TWICE", Severity.WARN, needs=("boot",), fires="two-id-lines", silent="clean", reads=OPTIONS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    lines = [
        (said.where, word.partition("=")[2].strip('"').strip(",").split(","))
        for said in gathered(boot.modprobe, frozenset({"options"})).of("options", "vfio_pci")
        for word in said.words
        if word.startswith("ids=")
    ]
    last = lines[-1] if lines else ("", [])
    lost = [i for _, ids in lines[:-1] for i in ids if i and i not in last[1]]
    if lost:
        file = last[0].rpartition(":")[0]
        every = ",".join(dict.fromkeys((*(i for _, ids in lines for i in ids if i),)))
        place = f"{file}:" if file.startswith("/etc/modprobe.d/") else ""
        yield fails(
            "host",
            f"Only the last ids= counts: vfio-pci does not get {', '.join(dict.fromkeys(lost))}.",
            *(seen(where, f"ids={','.join(ids)}") for where, ids in lines),
            fix=fix("put all ids into one line", Risk.R3, ("modprobe.option", f"{place}vfio-pci ids={every}"), FIRST),
        )
    else:
        all_files(boot)
        yield holds("host", "one line has all ids", *(seen(where, f"ids={','.join(ids)}") for where, ids in lines))
