"""The words of /etc/kernel/cmdline stand on its first line where Proxmox boots.

Expected
    /etc/kernel/cmdline has one line.
Why
    proxmox-boot-tool reads the first line only and writes it into the entries: words below it reach no kernel.
How it is read
    /etc/kernel/cmdline, on a host whose boot partitions proxmox-boot-tool keeps.
Fix
    All words on one line, then proxmox-boot-tool refresh.
Valid for
    Proxmox VE with systemd-boot.
Sources
    /etc/kernel/postinst.d/zz-proxmox-boot; Proxmox VE administration guide, editing the kernel command line.
"""

from __future__ import annotations

from vfiotui.formats.loaders import kernel_cmdline
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import (
    LINES,
    Answers,
    all_files,
    fails,
    fix,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)

FILE = "/etc/kernel/cmdline"


@rule("CMDLINE-SECOND-LINE", Severity.WARN, needs=("boot",), fires="second-line", silent="clean", reads=LINES)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    if boot.loader.name == "unknown":
        yield unknown("host", "the boot loader is not known", seen("/boot", boot.loader.evidence[-1]))
        return
    if boot.loader.name != "proxmox":
        yield not_applicable("host", "other loaders' tools read all lines of the file")
        return
    for file in (f for f in boot.loader_config if f.path == FILE):
        lost = [w for w in kernel_cmdline.words(file.text) if w not in kernel_cmdline.first_line(file.text)]
        if lost:
            number = next((n for n, line in file.numbered() if lost[0] in line.split()), 2)
            yield fails(
                FILE,
                f"proxmox-boot-tool reads the first line only: no kernel gets {' '.join(lost)}.",
                seen(f"{FILE}:{number}", " ".join(lost)),
                fix=fix("put all words on the first line", Risk.R2, ("config.repair", f"cmdline:{FILE}")),
            )
            return
    all_files(boot)
    yield holds("host", "its words stand on one line")
