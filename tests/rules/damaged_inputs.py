"""Machines of which one input is taken away, closed or garbled, for test_inputs_taken_away."""

from __future__ import annotations

import errno
import os
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any

from tests.hosts import HOSTS
from vfiotui.demo.builder import build
from vfiotui.host.gather import READERS, Part, files_of, part, ways, with_parts
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.nodes import File, Folder, Node, Nodes, Symlink
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules.engine import Rule

GUEST_PARTS = ("virt", "guest_files", "access")
"""Parts that are read from the root and from the guests."""


class Fault(StrEnum):
    """What is done to an input."""

    AWAY = "away"
    """It is not there, and neither is what lies below it."""
    CLOSED = "closed"
    """It may not be read, as for a user who is not root."""
    NOISE = "noise"
    """Bytes that are no text."""
    EMPTY = "empty"
    WORD = "word"
    """A word where the format wants something else."""
    CUT = "cut"
    """The second half is missing, from the middle of a line on."""


NOISE = random.Random(11).randbytes(61) + b"\0\xff\xfe\n"
TOPS = re.compile(r"/[^/]*")
RUNTIME = re.compile(r"/(?:proc|sys)/")
FREE_TEXT = re.compile(
    r"/(?:etc|boot|efi|usr|lib|home|root|opt|var|run|dev)/.*"
    r"|/proc/cmdline|/proc/\d+/(?:comm|cmdline|cgroup)|/proc/version|/proc/sys/kernel/(?:hostname|osrelease)"
    r"|.*/dmi/id/[^/]*|.*/vtcon\d+/name|.*/(?:product|manufacturer|serial|name)|.*/uevent|.*/modalias"
    r"|/sys/module/[^/]+/(?:version|parameters/.*)|.*/scaling_(?:driver|governor)|.*/cooling_device\d+/type|.*/power_state"
)
"""Files in which every word is a possible content, and each line may be missing: only what is no text is damage."""
ABSENCE_SAYS_NO = re.compile(
    r"/proc/\d+(?:/fd/\d+)?"
    r"|/sys/module/[^/]+(?:/parameters(?:/.*)?)?|.*/drivers/[^/]+"
    r"|/sys/bus/(?:pci|usb)/devices/[^/]+|/sys/class/[^/]+/[^/]+|/sys/kernel/iommu_groups/\d+(?:/devices/[^/]+)?"
    r"|.*/(?:driver|iommu_group|physfn|resource\d_resize|msi_irqs(?:/\d+)?|holders(?:/.*)?|slaves(?:/.*)?|partition)"
    r"|/sys/devices/pci[^/]+(?:/[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])*"
    r"|/sys/class/[^/]+|/sys/bus/usb(?:/devices)?|/sys/firmware/acpi/tables/[^/]+|.*/(?:max|current)_link_(?:width|speed)"
    r"|/sys/devices/.*/(?:usb\d+|\d+-[\d.]+(?::\d+\.\d+)?|net(?:/[^/]+)?)"
    r"|/sys/fs/cgroup/machine\.slice(?:/cpuset\.cpus\.effective)?"
    r"|/proc/acpi/button(?:/.*)?|/sys/firmware/acpi|/sys/firmware/acpi/platform_profile_choices|.*/thermal_throttle"
    r"|/sys/firmware/efi(?:/.*)?|/sys/block/[^/]+|/sys/devices/system/cpu/cpu\d+|/sys/devices/system/node/node\d+"
)
"""Runtime names whose absence the kernel documents as an answer: no such process, module, device, class, driver."""
EMPTY_SAYS_NONE = re.compile(r".*/reserved_regions|/proc/bus/input/devices|/proc/modules|/proc/swaps|.*/reset_method")
"""Lists of the kernel that may be empty."""
JUDGED = re.compile(r".*\.rom")
"""Files whose content a rule judges: noise makes a wrong file of it, and that is what the rule says."""
ADDRESS = re.compile(r"(?:/(?:pci)?[0-9a-f]{4,8}:[0-9a-f]{2}(?::[0-9a-f]{2}\.[0-7])?)+(?=/|$)")


def kind_of(path: str) -> str:
    """What paths of one kind have in common.

    >>> kind_of("/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/config")
    '/sys/devices/BDF/config'
    """
    return re.sub(r"\d+", "N", ADDRESS.sub("/BDF", path))


@dataclass
class Seen:
    """What one part of the facts was read from, by real paths inside the root."""

    files: set[str] = field(default_factory=set)
    """Read, or asked for what they are."""
    links: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    """Listed, or above something that was looked for."""
    missed: set[str] = field(default_factory=set)
    """Looked for, and not there."""

    @property
    def inputs(self) -> set[str]:
        """All that can be taken away."""
        return self.files | self.links | self.folders


class FaultyTree(MemoryTree):
    """A tree that notes what is read, and in which folders can be closed."""

    def __init__(self, nodes: Nodes, closed: Iterable[str] = ()) -> None:
        super().__init__(nodes)
        self.seen = Seen()
        self._closed = tuple(closed)

    def _resolve(self, path: str, follow_last: bool = True) -> str:
        self._refuse(path)
        try:
            real = super()._resolve(path, follow_last)
        except FileNotFoundError:
            self.seen.missed.add(path)
            self._note_above(path)
            raise
        self._refuse(real)
        node = self._nodes.get(real)
        if isinstance(node, File):
            self.seen.files.add(real)
        elif isinstance(node, Symlink):
            self.seen.links.add(real)
        self._note_above(real)
        return real

    def _note_above(self, path: str) -> None:
        try:
            above = super()._resolve(path.rpartition("/")[0])
        except OSError:
            return
        if isinstance(self._nodes.get(above), Folder):
            self.seen.folders.add(above)

    def _refuse(self, path: str) -> None:
        if any(path.startswith(f"{c}/") for c in self._closed):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def names(self, path: str) -> list[str]:
        found = super().names(path)
        real = super()._resolve(path)
        self._refuse(f"{real}/")
        self.seen.folders.add(real)
        return found


class Asked:
    """Facts that note which parts a rule looks at."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.parts: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.parts.add(name)
        return getattr(self._facts, name)


class Machine:
    """A machine of tests/hosts, whole and with one input at fault."""

    def __init__(self, name: str) -> None:
        self.nodes: dict[str, Node] = dict(build(HOSTS[name]))
        for path in list(self.nodes):
            above = path.rpartition("/")[0]
            while above and above not in self.nodes:
                self.nodes[above] = Folder()
                above = above.rpartition("/")[0]
        self.seen: dict[str, Seen] = {}
        """By part."""
        self._readings: dict[tuple[Fault, frozenset[str], str], Part] = {}
        self._parts: dict[str, Part] = {}
        for name_ in (*READERS, *GUEST_PARTS):
            tree = FaultyTree(self.nodes)
            root = Root(tree, Mode.CAPTURE, "/m")
            self._parts[name_] = self._read(root, name_, self._parts)
            self.seen[name_] = tree.seen
        self.facts = Facts(mode=Mode.CAPTURE, label="/m", privileged=True, **with_parts(self._parts))

    @staticmethod
    def _read(root: Root, name: str, parts: Mapping[str, Part]) -> Part:
        match name:
            case "virt":
                return Part(domains.read(root))
            case "guest_files":
                return files_of(root, parts["virt"].value)
            case "access":
                return ways(root, parts["virt"].value)
        return part(root, name)

    def faulty(self, fault: Fault, paths: frozenset[str]) -> Root | None:
        """The machine with the fault at these paths; None where the fault changes nothing there."""
        nodes = dict(self.nodes)
        closed: list[str] = []
        for path in paths:
            node = nodes.get(path)
            match fault, node:
                case Fault.AWAY, _:
                    below = f"{path}/"
                    for other in [p for p in nodes if p == path or p.startswith(below)]:
                        del nodes[other]
                case Fault.CLOSED, File():
                    nodes[path] = replace_node(node, mode=0)
                case Fault.CLOSED, Folder():
                    closed.append(path)
                case _, File():
                    nodes[path] = replace_node(node, data=garbled(fault, node.data))
        if not closed and nodes == self.nodes:
            return None
        return Root(FaultyTree(nodes, closed) if closed else MemoryTree(nodes), Mode.CAPTURE, "/m")

    def facts_with(self, fault: Fault, paths: frozenset[str], wanted: frozenset[str]) -> Facts:
        """The facts of the machine with the fault, of which a rule looks only at the wanted parts."""
        parts: dict[str, Part] = {}
        root: Root | None = None
        affected = {n for n in self.seen if paths & self.seen[n].inputs}
        if "virt" in affected:
            affected |= set(GUEST_PARTS)
        for name in (*READERS, *GUEST_PARTS):
            if name not in affected or name not in (*wanted, "virt"):
                continue
            key = (fault, paths, name)
            if key not in self._readings:
                root = root or self.faulty(fault, paths)
                before = self._parts[name]
                now = before if root is None else self._read(root, name, {**self._parts, **parts})
                self._readings[key] = before if now == before else now
            if self._readings[key] is not self._parts[name]:
                parts[name] = self._readings[key]
        return replace(self.facts, **with_parts(parts, self.facts.gaps)) if parts else self.facts


def replace_node(node: File, **changes: Any) -> File:
    """The file with another mode or content."""
    return File(**{"data": node.data, "mode": node.mode, "mtime": node.mtime, **changes})


def garbled(fault: Fault, data: bytes) -> bytes:
    """What is read instead."""
    match fault:
        case Fault.EMPTY:
            return b""
        case Fault.WORD:
            return b"banana\n"
        case Fault.CUT:
            middle = len(data) // 2
            return data[: middle - 1 if data[middle - 1 : middle] == b"\n" else middle]
    return NOISE


@cache
def machine(name: str) -> Machine:
    """The machine; read once."""
    return Machine(name)


@dataclass(frozen=True)
class Trial:
    """One rule, one machine, one kind of input, one fault."""

    rule: Rule
    host: str
    fault: Fault
    kind: str
    paths: frozenset[str]

    @property
    def line(self) -> str:
        """As it stands in the list of what is known to be wrong."""
        return f"{self.rule.code} {self.fault} {self.kind}"


def applies(fault: Fault, path: str, node: Node | None) -> bool:
    """Whether the fault is damage, and no other answer of the machine."""
    match fault:
        case Fault.AWAY:
            return bool(RUNTIME.match(path)) and not ABSENCE_SAYS_NO.fullmatch(path)
        case Fault.CLOSED:
            return not isinstance(node, Symlink) and not TOPS.fullmatch(path)
    if not isinstance(node, File):
        return False
    if fault is Fault.NOISE:
        return not JUDGED.fullmatch(path)
    if fault is Fault.CUT and len(node.data) < 64:
        return False
    if fault is Fault.EMPTY and EMPTY_SAYS_NONE.fullmatch(path):
        return False
    return not FREE_TEXT.fullmatch(path)


@cache
def whole(rule: Rule, host: str) -> tuple[tuple[Finding, ...], frozenset[str]]:
    """What a rule says of a whole machine, and the parts that it looks at."""
    asked = Asked(machine(host).facts)
    found = rule.ask(asked)  # type: ignore[arg-type]
    return found, frozenset(asked.parts & machine(host).seen.keys())


def trials(rule: Rule, every: bool = False) -> Iterator[Trial]:
    """The trials of a rule: each kind of input at once, and alone what its failure is about; `every` path alone too."""
    for host in (rule.fires, rule.silent):
        here = machine(host)
        found, parts = whole(rule, host)
        subjects = {f.subject for f in found} - {"host"}
        shown = tuple({"/" + "/".join(e.path.split("/")[-2:]) for f in found for e in f.evidence})
        inputs = set().union(*(here.seen[p].inputs for p in parts)) if parts else set()
        kinds: dict[str, set[str]] = {}
        for path in sorted(inputs):
            kinds.setdefault(kind_of(path), set()).add(path)
        for kind, paths in kinds.items():
            alone = [p for p in sorted(paths) if every or p.endswith(shown) or subjects & set(p.split("/"))]
            for fault in Fault:
                for group in (paths, *({p} for p in alone if len(paths) > 1)):
                    hit = frozenset(p for p in group if applies(fault, p, here.nodes.get(p)))
                    if hit:
                        yield Trial(rule, host, fault, kind, hit)


def judged(trial: Trial) -> str:
    """What the rule says wrongly after the fault, as a sentence; empty where it is "not checked" or as before."""
    here = machine(trial.host)
    before, parts = whole(trial.rule, trial.host)
    facts = here.facts_with(trial.fault, trial.paths, parts)
    if facts is here.facts:
        return ""
    return compared(before, trial.rule.ask(facts))


def compared(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> str:
    """How the answers after a fault go beyond the ones before; empty where each is the same or "not checked"."""
    old: dict[str, set[Verdict]] = {}
    new: dict[str, set[Verdict]] = {}
    for findings, verdicts in ((before, old), (after, new)):
        for f in findings:
            verdicts.setdefault(f.subject, set()).add(f.verdict)
    unseen = any(Verdict.NOT_CHECKED in v for v in new.values())
    broken = [f.sentence for f in after if "the check itself failed" in f.sentence]
    if broken:
        return broken[0]
    for subject, verdicts in new.items():
        more = verdicts - old.get(subject, set()) - {Verdict.NOT_CHECKED}
        if more and not (subject not in old and more == {Verdict.NOT_APPLICABLE} and unseen):
            was = ", ".join(sorted(old.get(subject, {"no subject"})))
            return f"{subject}: {was} -> {', '.join(sorted(verdicts))}"
    for subject, verdicts in old.items():
        lost = subject not in new or (
            Verdict.FAILED in verdicts and not new[subject] & {Verdict.FAILED, Verdict.NOT_CHECKED}
        )
        if lost and not unseen:
            return f"{subject}: {', '.join(sorted(verdicts))} -> nothing"
    return ""
