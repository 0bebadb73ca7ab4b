"""No configuration names the module vfio_virqfd.

Expected
    On kernel 6.2 and later no initramfs or module list names vfio_virqfd.
Why
    The module was folded into vfio in 6.2. mkinitcpio warns, dracut refuses to build the image: the next boot
    may start an old one, or none.
How it is read
    The initramfs tool's configuration, modules-load.d and modprobe.d, with the kernel's release.
Fix
    Take the word out and build the image again.
Valid for
    Kernel 6.2 and later; before that the module is needed.
Sources
    drivers/vfio/Makefile since 6.2.
"""

from __future__ import annotations

from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.gone_modules import GONE
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.versions import at_least
from vfiotui.rules.engine import LISTS, OPTIONS, Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule(
    "MODULES-VFIO-VIRQFD",
    Severity.WARN,
    needs=("boot",),
    fires="tower",
    silent="clean",
    reads=(*OPTIONS, *LISTS),
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    release = known(boot.kernel).release
    if not known(at_least(release, GONE["vfio_virqfd"], "the kernel")):
        yield not_applicable("host", f"kernel {release} still has the module")
        return
    files: tuple[ConfigFile, ...] = (*boot.initramfs_config, *boot.modules_load, *boot.modprobe)
    found = [(f, n, text) for f in files for n, text in f.numbered() if "vfio_virqfd" in text.replace("-", "_")]
    for file, number, text in found:
        yield fails(
            file.path,
            f"vfio_virqfd does not exist on kernel {release}: building the initramfs warns or fails.",
            seen(f"{file.path}:{number}", text),
            fix=fix("take vfio_virqfd out of the list", Risk.R2, ("modules.remove", "vfio_virqfd")),
        )
    if not found:
        yield holds("host", f"none of {len(files)} files names it")
