"""The entry that boots next has the words of its sources.

Expected
    The entry has every word that its generator would give it now, and no word of passthrough that the sources have not.
Why
    Files such as /etc/default/grub change nothing by themselves: the generator must run. Without it the next boot comes
    with the old words, however often the host is booted again.
How it is read
    The words of the entry that the loader will start, against what its generator would make of the configuration.
Fix
    Run the generator. Where the entry that starts is not the generator's, it has its own words: edit that entry, or let
    another one start.
Valid for
    GRUB, GRUB with entries, systemd-boot, unified images, Limine, Proxmox: where both sides can be read.
Sources
    grub-mkconfig(8); kernel-install(8); Documentation/admin-guide/kernel-parameters.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.pins import PinKind
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.rules.boot.cmdline_pending import OF_THE_LOADER
from vfiotui.rules.engine import MEANT, Answers, fails, fix, holds, known, rule, seen

KEYS = frozenset(
    "vfio_pci.ids vfio_pci.disable_vga vfio_pci.disable_idle_d3 intel_iommu amd_iommu iommu iommu.passthrough"
    " iommu.strict pcie_acs_override rd.driver.pre rd.driver.blacklist module_blacklist modprobe.blacklist"
    " isolcpus nohz_full rcu_nocbs hugepages hugepagesz default_hugepagesz pci_stub.ids video kvm.ignore_msrs"
    " vfio_iommu_type1.allow_unsafe_interrupts".split()
)
"""Words that come from a person: what else the entry has beyond its sources its generator may have added."""

GENERATORS = ("/10_linux", "/20_linux_xen", "/10_linux_zfs", "/15_ostree")
"""Scripts of /etc/grub.d whose entries have the words of /etc/default/grub."""
MENU = "/grub.cfg"
SECURE_BOOT = 7
"""The register of a TPM that other words on the command line do not move."""
MADE = frozenset({"grub", "uki", "proxmox"})
"""Loaders whose entries a generator makes from the configuration."""


def missing(sources: CommandLine, entry: CommandLine) -> list[str]:
    """Words of the sources that the entry does not have; those that a shell or the loader may unquote are passed over.

    >>> missing(CommandLine('quiet a="b c" d=1', ""), CommandLine('"a=b c" quiet', ""))
    ['d=1']
    """
    there = {(w.key, w.value) for w in entry.words()}
    found = (w for w in sources.words() if (w.key, w.value) not in there and w.key not in OF_THE_LOADER)
    return [w.text for w in found if not set(w.text) & set("\\$`")]


def left_over(sources: CommandLine, entry: CommandLine, built_in: str) -> list[str]:
    """Words of passthrough in the entry whose key neither the sources nor the kernel's own line (CONFIG_CMDLINE) have.

    >>> left_over(CommandLine("quiet", ""), CommandLine("quiet iommu=pt video=off", ""), "video=off")
    ['iommu=pt']
    """
    keys = {w.key for line in (sources, CommandLine(built_in, "")) for w in line.words()}
    return list(dict.fromkeys(w.text for w in entry.words() if w.key in KEYS and w.key not in keys))


@rule(
    "CMDLINE-NOT-IN-MENU",
    Severity.WARN,
    needs=("boot",),
    fires="stale-menu",
    silent="clean",
    reads=MEANT,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    sources, entry = known(boot.configured), known(boot.on_disk)
    evidence = (seen(sources.source, sources.text), seen(entry.source, entry.text))
    kernel = boot.next_kernel
    config = {} if isinstance(kernel, Unread) else or_else(kernel.config, {})
    new, old = missing(sources, entry), left_over(sources, entry, config.get("CMDLINE", "").strip('"'))
    if not new and not old:
        yield holds("host", "the entry that boots next has the words of its sources", *evidence)
        return
    said = [f"lacks {' '.join(new)} of {sources.source}"] if new else []
    said += [f"still has {' '.join(old)}, which {sources.source} has no more"] if old else []
    path = known(boot.path)
    name = path.own[0].name
    yield fails(
        "host",
        f"The entry that boots next, '{name}', {' and '.join(said)}: booting again brings no change.",
        *evidence,
        *(seen(step.source, step.text) for step in path.steps[-2:]),
        fix=_fix(facts, name),
    )


def _pinned(boot: Boot) -> str:
    """What a person must do beside it where something pins what a generator writes; empty for nothing."""
    for pin in boot.pins:
        match pin.kind:
            case PinKind.GRUB_SIGNATURE:
                return f"and sign every file that it writes ('gpg --detach-sign'): GRUB loads no other ({pin.source})"
            case PinKind.SIGNED_IMAGE if not pin.renewed_by:
                return f"and sign {pin.target}: Secure Boot is on, and nothing was found that signs it"
            case PinKind.TPM if pin.others == 0 and (pin.pcrlock or pin.pcrs - {SECURE_BOOT}):
                return f"after 'systemd-cryptenroll --recovery-key {pin.target}': nothing but the TPM opens it"
    return ""


def _fix(facts: Facts, name: str) -> Fix:
    boot = known(facts.boot)
    entry = known(boot.path).own[0]
    made = boot.makers.menu
    if boot.managed.name:
        return fix(f"let {boot.managed.title} make the boot menu anew, then boot", Risk.R2)
    built = entry.unified and boot.makers.of(entry.source) is not None
    if boot.loader.name not in MADE and not built:
        return fix(f"give the entry '{name}' of {entry.source} the words: no generator of it is known", Risk.R2)
    by_hand = not entry.maker.endswith(GENERATORS) if entry.maker else not entry.source.partition(":")[0].endswith(MENU)
    if boot.loader.name == "grub" and by_hand:
        where = entry.maker or entry.source
        return fix(f"give the entry '{name}' of {where} the words, or make another entry the default", Risk.R2)
    if pinned := _pinned(boot):
        return fix(f"run the generator of the boot menu by hand, {pinned}", Risk.R3)
    if isinstance(made, Unread):
        return fix(f"make what '{name}' starts with anew from {known(boot.configured).source}: {made.reason}", Risk.R2)
    return fix("run the generator of the boot menu, then boot", Risk.R2, ("boot.menu", "refresh"))
