"""Words about passthrough stand in a file that this boot reads.

Expected
    What /etc/default/grub, /etc/kernel/cmdline and uki.conf say of passthrough is part of the next command line.
Why
    Each loader has its own file. /etc/default/grub is for GRUB's menu alone: systemd-boot, unified images, Limine and
    Proxmox with systemd-boot never see it, and Fedora's entries keep their own words. kernel-install's plugin 60-ukify
    takes its words from /etc/kernel/cmdline, whatever Cmdline= of uki.conf says.
How it is read
    The loader and its next command line, and the words of the files that it does not read.
Fix
    Put the words where this loader reads them.
Valid for
    Every host.
Sources
    kernel-install(8), ukify(1); Proxmox VE administration guide, editing the kernel command line; Fedora's grubby(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.formats.loaders import grub_default, kernel_cmdline
from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot, ConfigFile
from vfiotui.model.boot.cmdline import CommandLine, Word
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import LINES, Answers, all_files, fails, fix, holds, known, rule, seen, unknown
from vfiotui.rules.ids_in_force import with_vfio_first

ABOUT = re.compile(
    r"vfio\w*(\..*)?|(amd_|intel_)?iommu|pcie_acs_override|isolcpus|nohz_full|rcu_nocbs|(default_)?hugepages\w*"
    r"|kvm\w*\..*|pci_stub\.ids|module_blacklist|modprobe\.blacklist|rd\.driver\..*|pcie_aspm|irqaffinity"
)
"""Keys of words about passthrough."""
GRUB, CMDLINE = "/etc/default/grub", "/etc/kernel/cmdline"
ENTRIES = frozenset({"systemd-boot", "grub-bls", "uki", "proxmox", "limine", "unknown"})
"""Loaders whose next entries are made from /etc/kernel/cmdline."""
UNREAD = ("/boot/loader/entries/*?", "/etc/kernel/uki.conf?")
"""What says, beside the words, which files this boot reads."""
UKI = re.compile(r"\s*Cmdline\s*=\s*(?!@)(.*)", re.IGNORECASE)


def _unread(boot: Boot) -> Iterator[tuple[ConfigFile, tuple[str, ...]]]:
    """The files that this boot does not read, with their words."""
    source = boot.configured.source if isinstance(boot.configured, CommandLine) else ""
    for file in boot.loader_config:
        grub = file.path == GRUB or file.path.startswith(f"{GRUB}.d/")
        try:
            if grub and boot.loader.name not in ("grub", "unknown") and not source.startswith(GRUB):
                yield file, grub_default.words(file.text)
            elif file.path == CMDLINE and boot.loader.name not in ENTRIES:
                yield file, kernel_cmdline.words(file.text)
        except EditRefused:
            continue
    for file in boot.ukify[:1]:
        words = [match[1] for _, line in file.numbered() if (match := UKI.fullmatch(line))]
        yield file, tuple(words[-1].split()) if words else ()


def _place(file: ConfigFile, word: str) -> str:
    return next((f"{file.path}:{n}" for n, line in file.numbered() if word in line), file.path)


@rule("CMDLINE-WRONG-FILE", Severity.WARN, needs=("boot",), fires="wrong-file", silent="clean", reads=(*LINES, *UNREAD))
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    line = known(boot.next_line)
    keys = {w.key for w in line.words()}
    found = False
    for file, texts in _unread(boot):
        words: list[Word] = [w for w in CommandLine(" ".join(texts), file.path).words() if ABOUT.fullmatch(w.key)]
        lost = [w.text for w in words if w.key not in keys]
        if not lost:
            continue
        found = True
        yield fails(
            file.path,
            f"{boot.loader.name} does not read this file: no kernel gets {' '.join(lost)}.",
            seen(_place(file, lost[0]), " ".join(lost)),
            seen(line.source, line.text),
            fix=with_vfio_first(
                fix("put the words where this loader reads them", Risk.R2, *(("cmdline.add", w) for w in lost)),
                " ".join(lost),
            ),
        )
    unseen = boot.lists_seen
    if not boot.ukify and isinstance(unseen, Unread) and unseen.path.endswith("/uki.conf"):
        yield unknown(unseen.path, "which words it holds cannot be read", seen(unseen.path, unseen.reason))
    if not found:
        all_files(boot)
        yield holds(
            "host", "every word about passthrough stands where the loader reads it", seen(line.source, line.text)
        )
