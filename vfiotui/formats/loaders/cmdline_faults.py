"""Words of a kernel command line that no part of the kernel takes as they were meant (kernel/params.c).

A parameter of a module is MODULE.PARAMETER=VALUE; the kernel hands what it does not know to init, without a word in its
log for most of them. A blank ends a word, and with it a list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from vfiotui.formats.modprobe.modprobe_faults import ID, QUOTES
from vfiotui.model.base.near import nearest
from vfiotui.model.boot.cmdline import CommandLine, Word

OWNERS = {
    "allow_unsafe_interrupts": "vfio_iommu_type1",
    "ids": "vfio-pci",
    "disable_idle_d3": "vfio-pci",
    "disable_vga": "vfio-pci",
    "disable_denylist": "vfio-pci",
    "ignore_msrs": "kvm",
    "report_ignored_msrs": "kvm",
    "enable_apicv": "kvm_intel",
    "npt": "kvm_amd",
    "enable_unsafe_noiommu_mode": "vfio",
}
"""Option → the module that it belongs to."""
KEYS = (
    "amd_iommu", "default_hugepagesz", "hugepages", "hugepagesz", "intel_iommu", "iommu", "irqaffinity", "isolcpus",
    "kvm.ignore_msrs", "kvm_amd.npt", "kvm_amd.avic", "kvm_intel.nested", "modprobe.blacklist", "module_blacklist",
    "nohz_full", "pci_stub.ids", "pcie_acs_override", "pcie_aspm", "rcu_nocbs", "rd.driver.blacklist", "rd.driver.pre",
    "transparent_hugepage", "vfio_iommu_type1.allow_unsafe_interrupts", "vfio_pci.disable_idle_d3",
    "vfio_pci.disable_vga", "vfio_pci.ids", "video",
)  # fmt: skip
"""Words of passthrough hosts, with _ for - (Documentation/admin-guide/kernel-parameters.txt, dracut.cmdline(7))."""
REAL = frozenset("iommu.strict iommu.passthrough iommu.forcedac nohz pcie_ports kvm_amd.sev kvm_intel.ept".split())
"""Other words of the kernel that look like one of them."""
SPELL = {"vfio_pci": "vfio-pci", "pci_stub": "pci-stub"}
IDS = re.compile(r"(vfio[-_]?pci|pci[-_]?stub)[.:,/_-]*ids?")
GLUED = re.compile(
    r"(vfio_pci\.ids|intel_iommu|amd_iommu|iommu|isolcpus|nohz_full|rcu_nocbs)[:_.]+(on|off|pt|\d[\da-f:,-]*)"
)
FRAMEBUFFERS = re.compile(r"\w+fb:off(,\w+fb:off)+")


class WordFault(NamedTuple):
    """Words that belong together and are not taken as they were meant."""

    kind: str
    """misspelt, bare, list or video."""
    words: tuple[str, ...]
    """As they stand on the line."""
    sentence: str
    right: tuple[str, ...]
    """What was meant; empty where the words can only go."""


def is_misread(key: str) -> bool:
    """Whether the kernel does not take this key, and what was meant by it can be told; a torn list of ids is one.

    >>> [is_misread(key) for key in ("intel_iomu", "ids", "vfio-pci:ids", "10de:13c2,10de:0fbb", "iommu", "secret")]
    [True, True, True, True, False, False]
    """
    if key.strip(",;") and all(ID.fullmatch(part) for part in re.split("[,;]", key.strip(",;"))):
        return True
    line = CommandLine(f"{key}=10de:1", "")
    return (
        any(f.kind in ("misspelt", "bare") for f in faults(line)) or GLUED.fullmatch(key.replace("-", "_")) is not None
    )


@lru_cache(maxsize=64)
def faults(line: CommandLine) -> tuple[WordFault, ...]:
    """All of a line, in order."""
    words = tuple(line.words())
    found: list[WordFault] = []
    place = 0
    while place < len(words):
        fault, taken = _fault(words, place)
        if fault is not None:
            found.append(fault)
        place += max(taken, 1)
    return tuple(found)


def _fault(words: tuple[Word, ...], place: int) -> tuple[WordFault | None, int]:
    word = words[place]
    key, value = _key(word), word.value
    if key in ("vfio_pci.ids", "pci_stub.ids") or (key == "ids" and value and ID.match(value)):
        return _list(words, place, _spelled(key))
    if key in OWNERS and value is not None:
        right = f"{OWNERS[key]}.{key}={value}"
        sentence = f"{key} is an option of the module {OWNERS[key]}: without its name nothing takes it."
        return WordFault("bare", (word.text,), sentence, (right,)), 1
    if key == "video" and value and FRAMEBUFFERS.fullmatch(value):
        first, _, rest = value.partition(":off,")
        sentence = f"One video= word is about one framebuffer: {rest} is taken for options of {first}."
        return WordFault("video", (word.text,), sentence, ()), 1
    if (glued := GLUED.fullmatch(word.key)) and value is None:
        right = f"{_spelled(glued[1])}={word.text[len(glued[1]) + 1 :]}"
        return WordFault(
            "misspelt", (word.text,), f"A word and its value are joined by '=': {right} is meant.", (right,)
        ), 1
    meant = "" if word.key in REAL or key in KEYS else nearest(key, KEYS, 2)
    if meant and word.text[:1] != '"':
        right = _spelled(meant) + (f"={value}" if value is not None else "")
        return WordFault("misspelt", (word.text,), f"The kernel knows no {word.text.partition('=')[0]}.", (right,)), 1
    return None, 1


def _key(word: Word) -> str:
    """The folded key, with every spelling of the ids' one as one."""
    match = IDS.fullmatch(word.key)
    if match and word.value:
        return "vfio_pci.ids" if "vfio" in match[1] else "pci_stub.ids"
    return word.key


def _spelled(key: str) -> str:
    head, dot, rest = key.partition(".")
    return SPELL.get(head, head) + dot + rest


def _list(words: tuple[Word, ...], place: int, key: str) -> tuple[WordFault | None, int]:
    """A list of ids with the words that a blank tore off it."""
    word = words[place]
    torn = [word.text]
    value = word.value or ""
    for more in words[place + 1 :]:
        bare = more.text.strip(f",;{QUOTES}")
        if more.value is not None or not all(ID.fullmatch(p) for p in re.split("[,;]", bare)):
            break
        torn.append(more.text)
        value += f",{bare}"
    clean = ",".join(p for p in re.split("[,;]+", re.sub(rf"[{QUOTES}]", "", value)) if p)
    spelled = _spelled(word.key)
    if key == "ids":
        sentence = "ids is an option of the module vfio-pci: without its name nothing takes it."
        return WordFault("bare", tuple(torn), sentence, (f"vfio-pci.ids={clean}",)), len(torn)
    if spelled != key:
        shown = word.text.partition("=")[0]
        sentence = f"No module has a parameter {shown}: the ids reach nothing."
        return WordFault("misspelt", tuple(torn), sentence, (f"{key}={clean}",)), len(torn)
    if len(torn) > 1 or clean != (word.value or "").strip(","):
        if any(q in value for q in QUOTES):
            sentence = "Typographic quotation marks are part of the value: no device has such an id."
        elif len(torn) > 1:
            sentence = f"A blank ends the list: {' '.join(torn[1:])} does not reach it."
        else:
            sentence = "The ids are separated by commas: ';' ends the list, and in GRUB the command."
        return WordFault("list", tuple(torn), sentence, (f"{key}={clean}",)), len(torn)
    return None, 1
