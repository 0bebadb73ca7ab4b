"""The host does not load drivers that only a guest needs.

Expected
    No configuration of a machine of its own loads virtio drivers at boot.
Why
    virtio_net, virtio_blk and their like drive devices that exist inside guests only. They cure no DPC latency; the
    host's part is vhost_net.
How it is read
    modules-load.d, /etc/modules and the initramfs's lists; a host that is a guest itself is left out.
Fix
    Drop the lines; load vhost_net where guests have virtio networks.
Valid for
    Every kernel.
Sources
    Linux drivers/virtio/Kconfig.
"""

from __future__ import annotations

import re

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen

DRIVERS = re.compile(r"\bvirtio[-_](pci|net|blk|scsi|balloon|console|input|gpu)\b")


@rule(
    "MODULES-VIRTIO-ON-HOST",
    Severity.INFO,
    needs=("boot", "host_kind"),
    fires="guest-qemu",
    silent="tower",
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    if known(facts.host_kind).is_inside:
        yield not_applicable("host", "this host is a guest itself and needs them")
        return
    files = (*boot.modules_load, *boot.initramfs_config)
    found = [(f.path, n, text) for f in files for n, text in f.numbered() if DRIVERS.search(text)]
    for path, number, text in found:
        yield fails(
            path,
            "It loads a driver for devices that exist inside guests only.",
            seen(f"{path}:{number}", text),
            fix=fix(
                "drop it",
                Risk.R2,
                *(("modules.remove", match[0].replace("-", "_")) for match in DRIVERS.finditer(text)),
            ),
        )
    if not found:
        known(boot.lists_seen)
        yield holds("host", f"none of {len(files)} files loads virtio drivers")
