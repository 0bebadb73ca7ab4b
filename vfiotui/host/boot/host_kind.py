"""Recognises the kind of host: container, WSL, virtual machine, Xen, and boards that are no x86 machines.

Sources: systemd's detect_vm() and detect_container(); WSL (microsoft/WSL and WSL2-Linux-Kernel); the kernel's
Documentation/ABI/stable/sysfs-hypervisor-xen, ABI/testing/sysfs-hypervisor-xen and xen/interface/features.h; the
Devicetree Specification (model, compatible) and its binding for hypervisors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from vfiotui.host.boot import container_marks
from vfiotui.host.cpu.cpuinfo import PATH as CPUINFO
from vfiotui.host.cpu.cpuinfo import parse_blocks
from vfiotui.host.pci import device_tree
from vfiotui.host.pci.firmware import DMI
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.boot.host_kind import HostKind, Kind, Part
from vfiotui.model.finding.finding import Evidence
from vfiotui.model.pci.iommu import TreeIommu

RELEASE = "/proc/sys/kernel/osrelease"
TREE = "/proc/device-tree"
DOM0_FEATURE = 1 << 11
"""XENFEAT_dom0."""
MAKERS = {
    "KubeVirt": "KubeVirt",
    "OpenStack": "OpenStack",
    "QEMU": "QEMU",
    "KVM": "KVM",
    "Standard PC (": "QEMU",
    "VMware": "VMware",
    "VirtualBox": "VirtualBox",
    "innotek": "VirtualBox",
    "Xen": "Xen",
    "Bochs": "Bochs",
    "BHYVE": "bhyve",
    "Parallels": "Parallels",
    "Google Compute Engine": "Google Compute Engine",
    "Apple Virtualization": "Apple Virtualization",
    "Virtual Machine": "Hyper-V",
}
"""How DMI names the vendor or product of a virtual machine → its name."""
TREE_WORDS = {
    "linux,kvm": "KVM",
    "xen,xen": "Xen",
    "qemu,pseries": "QEMU",
    "riscv-virtio": "QEMU",
    "linux,dummy-virt": "QEMU",
    "IBM,pSeries": "PowerVM",
}
"""Words of `compatible` in the device trees of virtual machines → what runs them."""
CLOUDS = ("Amazon EC2", "Alibaba Cloud", "Hetzner", "DigitalOcean")
"""Vendors that rent out real machines too: they only name what the processor says is virtual."""
GROUPS = "/sys/kernel/iommu_groups"
TREE_ARCHES = ("ARM", "RISC-V", "LoongArch")
"""Processors whose boards describe an IOMMU as a node of the device tree; POWER and IBM Z have theirs by nature."""
APPLE = re.compile(r"apple,t\d{4}")
X86_ONLY = "the check is about x86 processors and their firmware"
OUTSIDE = "its kernel and devices are set up on the host that runs it"
NO_POWER = "frequencies and idle states belong to the host that runs it"
WSL2_LACKS = {
    Part.IOMMU: "Windows hands no PCI device and no IOMMU to it",
    Part.BOOT: "Windows boots its kernel, as .wslconfig says",
    Part.POWER: "frequencies and idle states belong to Windows",
}
WSL1_LACKS = dict.fromkeys(Part, "Windows answers in place of a Linux kernel")
DOMU_LACKS = {Part.IOMMU: "Xen gives its guests no IOMMU", Part.KVM: "Xen gives its guests no hardware virtualisation"}
DOM0_LACKS = {
    Part.IOMMU: "Xen owns the IOMMU: devices are assigned with xl pci-assignable-add, not with vfio",
    Part.KVM: "Xen is the hypervisor here",
    Part.POWER: "Xen sets frequencies and idle states (xenpm)",
}


def _arch(every: Mapping[str, str]) -> str:
    """The processor's family by the keys of /proc/cpuinfo; empty where it is not seen."""
    flags = every.get("flags", "").split()
    if "CPU implementer" in every:
        return "ARM"
    if every.get("isa", "").startswith("rv"):
        return "RISC-V"
    if every.get("cpu", "").startswith(("POWER", "PPC")):
        return "POWER"
    if every.get("vendor_id") == "IBM/S390":
        return "IBM Z"
    if every.get("CPU Family", "").startswith("Loongson"):
        return "LoongArch"
    return "x86" if {"lm", "tsc", "vme", "cx8"} & set(flags) else ""


def _line(text: str) -> str:
    """A name of a board in one line of at most 60 characters."""
    return " ".join(text.replace("\0", " ").split())[:60]


def _strings(root: Root, path: str) -> tuple[str, ...]:
    """A list of strings of the device tree: each ends with a NUL."""
    data = root.bytes(path, 4096)
    return () if isinstance(data, Unread) else tuple(w for w in data.decode("utf-8", "replace").split("\0") if w)


def _wsl(root: Root, release: str, flags: frozenset[str], arch: str) -> tuple[str, tuple[Evidence, ...], str]:
    """The name of WSL, with what speaks for it; or a doubt where one mark alone does."""
    marks = []
    if "microsoft" in release.lower():
        marks.append(Evidence(RELEASE, release))
    if "wsl" in release.lower():
        marks.append(Evidence(RELEASE, release))
    cmdline = or_else(root.text("/proc/cmdline", 1 << 16), "")
    if "WSL_ROOT_INIT=1" in cmdline.split():
        marks.append(Evidence("/proc/cmdline", "WSL_ROOT_INIT=1"))
    for path in ("/proc/sys/fs/binfmt_misc/WSLInterop", "/run/WSL"):
        if root.exists(path) is True:
            marks.append(Evidence(path, "present"))
    # A kernel of version 1 is none at all: Windows itself answers, and shows the processor as it is.
    if release.startswith("4.4.0-") and release.endswith("-Microsoft"):
        return "WSL1", tuple(dict.fromkeys(marks)), ""
    bare = arch == "x86" and "hypervisor" not in flags
    if len(marks) >= 2 and not bare:
        return "WSL2", tuple(dict.fromkeys(marks)), ""
    doubt = f"{marks[0].path} speaks of WSL ({marks[0].seen[:60]}), and too little else does" if marks else ""
    return "", (), doubt


def _xen(root: Root) -> tuple[bool, tuple[Evidence, ...]]:
    """Whether this is dom0; and what shows Xen at all."""
    seen = []
    kind = root.text("/sys/hypervisor/type", 4096)
    if kind == "xen":
        seen.append(Evidence("/sys/hypervisor/type", "xen"))
    capabilities = or_else(root.text("/proc/xen/capabilities", 4096), "")
    if "control_d" in capabilities:
        return True, (*seen, Evidence("/proc/xen/capabilities", "control_d"))
    features = or_else(root.text("/sys/hypervisor/properties/features", 4096), "")
    if seen and re.fullmatch(r"[0-9a-fA-F]{1,16}", features) and int(features, 16) & DOM0_FEATURE:
        return True, (*seen, Evidence("/sys/hypervisor/properties/features", features))
    return False, tuple(seen)


def _vm(root: Root, flags: frozenset[str]) -> tuple[str, tuple[Evidence, ...]]:
    """What runs this virtual machine, with what shows it; no evidence where it is none."""
    seen, name = [], ""
    if "hypervisor" in flags:
        seen.append(Evidence(CPUINFO, "flag hypervisor"))
    for field in ("sys_vendor", "product_name", "board_vendor", "board_name"):
        path = f"{DMI}/{field}"
        text = or_else(root.text(path, 4096), "").strip()
        found = next((v for k, v in MAKERS.items() if text.startswith(k)), "")
        if not found and "hypervisor" in flags:
            found = next((cloud for cloud in CLOUDS if text.startswith(cloud)), "")
        if found:
            name = name or found
            seen.append(Evidence(path, _line(text)))
    for path in (f"{TREE}/hypervisor/compatible", f"{TREE}/compatible"):
        for word in _strings(root, path):
            found = TREE_WORDS.get(word, "PowerVM" if word.startswith("IBM,9") else "")
            if found:
                name = name or found
                seen.append(Evidence(path, word[:40]))
    control = re.search(r"^VM00 Control Program:\s*(\S.*)$", or_else(root.text("/proc/sysinfo", 1 << 16), ""), re.M)
    if control:
        name = name or _line(control[1])
        seen.append(Evidence("/proc/sysinfo", _line(control[0])))
    return name, tuple(seen)


def _describes_none(tree: Reading[TreeIommu | None]) -> bool:
    """Whether a device tree is read and has no node of an IOMMU."""
    return isinstance(tree, TreeIommu) and not tree.iommus


def _board(root: Root, arch: str, every: Mapping[str, str]) -> HostKind:
    """A physical machine, with what it lacks for good."""
    foreign = arch not in ("", "x86")
    lacks = {Part.X86: X86_ONLY} if foreign else {}
    if foreign and root.exists("/sys/firmware/acpi") is not True:
        lacks[Part.SETUP] = "a device tree describes it, and it has no firmware setup"
        # What the kernel shows counts more than the device tree.
        if arch in TREE_ARCHES and not or_else(root.names(GROUPS), ()) and _describes_none(device_tree.read(root)):
            lacks[Part.IOMMU] = "its device tree describes no IOMMU"
    model = _line(or_else(root.text(f"{TREE}/model", 4096), "") or every.get("Model", ""))
    seen = [Evidence(f"{TREE}/model", model)] if model else []
    compatible = _strings(root, f"{TREE}/compatible")
    if model.startswith("Raspberry Pi"):
        lacks[Part.IOMMU] = "no IOMMU stands between its PCI bus and its memory"
        return HostKind(Kind.PHYSICAL, f"a {model}", tuple(seen), lacks)
    if any(APPLE.fullmatch(word) for word in compatible) or (arch == "ARM" and model.startswith("Apple ")):
        return HostKind(Kind.PHYSICAL, f"an Apple Silicon Mac ({model or 'unknown model'})", tuple(seen), lacks)
    if not foreign:
        return HostKind(Kind.PHYSICAL, "a physical machine", (), lacks, ordinary=True)
    more = model or _line(next((every[key] for key in ("machine", "uarch", "model name") if every.get(key)), ""))
    sign = next((key for key in ("isa", "cpu", "CPU implementer", "CPU Family", "vendor_id") if key in every), "")
    seen.append(Evidence(CPUINFO, _line(f"{sign}: {every.get(sign, '')}")))
    article = "an" if arch in ("ARM", "IBM Z") else "a"
    name = f"{article} {arch} machine{f' ({more})' if more else ''}"
    return HostKind(Kind.PHYSICAL, name, tuple(seen), lacks)


def _unseen(root: Root, arch: str) -> tuple[Unread, ...]:
    """Whether the folder of the boot chain may be read, and an x86 machine has the tables that name it."""
    found = []
    boot = root.names("/boot")
    if isinstance(boot, Unread) and boot.why is not Why.ABSENT:
        found.append(boot)
    shown = root.names(DMI)
    if arch == "x86" and isinstance(shown, Unread) and root.exists("/sys/class") is True:
        found.append(Unread("no DMI table names this machine", shown.why, DMI))
    return tuple(found)


def read(root: Root) -> Reading[HostKind]:
    """The kind of the host; Unread for a mounted disk, on which nothing runs."""
    if root.origin is Mode.ROOT:
        return Unread("a mounted disk does not show on what it runs", Why.NOT_HERE)
    cpuinfo = root.text(CPUINFO, 16 << 20)
    _, every = parse_blocks(or_else(cpuinfo, ""))
    arch, flags = _arch(every), frozenset(every.get("flags", "").split())
    foreign = {} if arch in ("", "x86") else {Part.X86: X86_ONLY}
    container = container_marks.read(root)
    wsl, wsl_seen, wsl_doubt = _wsl(root, or_else(root.text(RELEASE, 4096), ""), flags, arch)
    if container.manager:
        name = f"a container ({container.manager}{f' on {wsl}' if wsl else ''})"
        return HostKind(Kind.CONTAINER, name, (*container.evidence, *wsl_seen), dict.fromkeys(Part, OUTSIDE))
    if wsl:
        lacks = WSL1_LACKS if wsl == "WSL1" else {**foreign, **WSL2_LACKS}
        # Each of its systems is in a PID namespace of its own.
        return HostKind(Kind.WSL, wsl, wsl_seen, lacks)
    kind = _machine(root, arch, flags, foreign, every)
    if kind.ordinary and isinstance(cpuinfo, Unread):
        return cpuinfo
    doubts = (*container.doubts, *((wsl_doubt,) if wsl_doubt else ()))
    return replace(kind, doubts=doubts, unseen=_unseen(root, arch))


def _machine(
    root: Root, arch: str, flags: frozenset[str], foreign: Mapping[Part, str], every: Mapping[str, str]
) -> HostKind:
    """A machine with a kernel of its own: Xen's first domain, a virtual one, or a physical one."""
    dom0, xen = _xen(root)
    if dom0:
        return HostKind(Kind.XEN_DOM0, "Xen dom0", xen, {**foreign, **DOM0_LACKS})
    hypervisor, seen = _vm(root, flags)
    if not xen and not seen:
        return _board(root, arch, every)
    name = "Xen" if xen else hypervisor
    lacks = {**foreign, Part.POWER: NO_POWER, **(DOMU_LACKS if name == "Xen" else {})}
    words = f"a virtual machine ({name})" if name else "a virtual machine"
    return HostKind(Kind.VM, words, (*xen, *seen), lacks)
