"""The initramfs is newer than what it was built from.

Expected
    No file of modprobe.d and of the initramfs tool's configuration was changed after the image was built.
Why
    The image brings its own copy of them: what was changed since has no effect at the next boot.
How it is read
    The times of the image of the kernel that runs or would run, and of its sources.
Fix
    Build it again: update-initramfs -u, mkinitcpio -P, dracut -f, or the tool of this system.
Valid for
    Hosts that bind by an initramfs; a change that does not concern the image raises it too.
Sources
    initramfs-tools(7), mkinitcpio(8), dracut(8).
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.vfio_ids import configured_ids
from vfiotui.rules.engine import OPTIONS, Answers, fails, fix, holds, known, not_applicable, rule, seen

TOOLS = {"initramfs-tools": "update-initramfs -u", "mkinitcpio": "mkinitcpio -P", "dracut": "dracut -f"}


@rule(
    "ISO-STALE-IMAGE",
    Severity.WARN,
    needs=("boot", "images"),
    fires="stale-image",
    silent="clean",
    reads=OPTIONS,
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    if not configured_ids(boot):
        yield not_applicable("host", "no ids are assigned to vfio-pci")
        return
    images = known(facts.images)
    built = max(images.built, key=lambda s: s.mtime)
    newer = [s for s in images.sources if s.mtime > built.mtime]
    tool = or_else(boot.initramfs, "")
    if newer:
        yield fails(
            built.path,
            f"{', '.join(s.path for s in newer[:4])} changed after the initramfs was built: no boot sees it.",
            seen(built.path, f"{(max(s.mtime for s in newer) - built.mtime) / 60:.0f} minutes older"),
            *(seen(s.path, "changed later") for s in newer[:4]),
            fix=fix(TOOLS.get(tool, "build the initramfs again"), Risk.R2, ("initramfs.rebuild", tool)),
        )
    else:
        yield holds("host", f"newer than {len(images.sources)} sources", seen(built.path, "newest"))
