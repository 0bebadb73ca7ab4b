"""Files of configuration folders end in the suffix that is read.

Expected
    Files of modprobe.d, modules-load.d, dracut.conf.d, mkinitcpio.conf.d and cmdline.d end in .conf, those of
    grub.d in .cfg.
Why
    The programs pass over every other name without a word: what such a file says is not in force.
How it is read
    The names in those folders, and whether the file speaks of passthrough. Copies such as .bak and .old are meant not
    to be read.
Fix
    Give the file the suffix, and build the initramfs again.
Valid for
    kmod, systemd, dracut, mkinitcpio; grub-mkconfig of Debian and its kin.
Sources
    modprobe.d(5), modules-load.d(5), dracut.conf(5), mkinitcpio(8).
"""

from __future__ import annotations

import re

from vfiotui.formats.suffix import SUFFIXES, with_suffix
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import LISTS, OPTIONS, Answers, counted, fails, fix, holds, known, rule, seen
from vfiotui.rules.ids_in_force import with_vfio_first

ABOUT = re.compile(r"vfio|iommu|kvm|nouveau|nvidia|amdgpu|radeon|i915|snd_hda|pci[-_]stub|hugepages|isolcpus")


@rule(
    "CONFIG-FILE-NAME",
    Severity.WARN,
    needs=("boot",),
    fires="without-suffix",
    silent="clean",
    reads=(*OPTIONS, *LISTS),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    found = [(f, line) for f in boot.misnamed if (line := next((n for n in f.numbered() if ABOUT.search(n[1])), None))]
    for file, (number, text) in found:
        folder = file.path.rpartition("/")[0]
        target = with_suffix(file.path)
        there = any(f.path == target for f in (*boot.modprobe, *boot.modules_load, *boot.initramfs_config))
        yield fails(
            file.path,
            f"The name does not end in {SUFFIXES[folder]}: the file is not read.",
            seen(f"{file.path}:{number}", text),
            fix=fix(f"put its lines into {target}, which is there", Risk.R2)
            if there
            else with_vfio_first(fix(f"rename it to {target}", Risk.R2, ("config.rename", file.path)), file.text),
        )
    if not found:
        known(boot.lists_seen)
        yield holds("host", f"{counted(len(boot.misnamed), 'file')} of another name, and none about passthrough")
