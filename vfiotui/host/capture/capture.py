"""Collects a host into nodes that open as the same machine elsewhere, and hold only what the list of captures allows.

The readers themselves say which files they need: they read the machine once more while every question is recorded.
What was not asked is not taken; what was asked and was not there is noted as absent (host.captured).
"""

from __future__ import annotations

import errno
import os
import re

from vfiotui.formats.system.auxv import of_page_size
from vfiotui.host.boot import kernel_log, last_boot, mounts, trial
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.next_image import read_boots
from vfiotui.host.capture import reduce_domain, reduce_kernel
from vfiotui.host.capture.collector import KERNEL_MADE, PUBLIC_DATA, Capture, Collector
from vfiotui.host.capture.identifiers import identifiers
from vfiotui.host.capture.model_names import pci_ids
from vfiotui.host.capture.recorder import RecordingTree
from vfiotui.host.capture.scrub import Scrubber, Senseless
from vfiotui.host.capture.statement import FILE, Statement, to_json
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains, versions
from vfiotui.host.guest.access import login
from vfiotui.host.live.visibility import hidden_processes
from vfiotui.host.live.vmm import Vmm, identify
from vfiotui.host.memory.base_page import AUXV
from vfiotui.host.memory.guest_backing import BackingReader
from vfiotui.host.memory.pagetypes import read_movable
from vfiotui.host.pci.holders import NODE
from vfiotui.host.root.root import Root
from vfiotui.model.base.nodes import File, Folder, Node, Symlink
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Domain, Virt

SETTINGS = tuple(
    f"/proc/sys/{name}"
    for name in (
        "vm/nr_hugepages vm/nr_overcommit_hugepages vm/compaction_proactiveness vm/swappiness vm/zone_reclaim_mode"
        " vm/stat_interval vm/hugetlb_shm_group kernel/sched_rt_runtime_us kernel/split_lock_mitigate"
        " kernel/sched_autogroup_enabled kernel/nmi_watchdog kernel/watchdog kernel/timer_migration"
        " kernel/numa_balancing"
    ).split()
)
"""Settings that plans change beside those that a check reads."""


def _processes(root: Root, asked: RecordingTree) -> frozenset[str]:
    """The processes that matter: guests, and those that hold device nodes or do not show theirs."""
    # The first one stands for all that hold nothing: that there are processes is a fact too.
    every = sorted((n for n in asked.listed.get("/proc", ()) if n.isdigit()), key=int)
    found = set(every[:1])
    for path in asked.listed:
        parts = path.split("/")
        if len(parts) == 4 and parts[1] == "proc" and parts[3] == "fd":
            targets = (root.link(f"{path}/{n}") for n in asked.listed[path])
            if any(isinstance(t, str) and NODE.fullmatch(t) for t in targets):
                found.add(parts[2])
    for path, number in asked.failed.items():
        parts = path.split("/")
        if len(parts) == 5 and parts[1] == "proc" and parts[3] == "fd" and number in (errno.EACCES, errno.EPERM):
            found.add(parts[2])
    for path in asked.read_paths:
        parts = path.split("/")
        is_name = len(parts) == 4 and parts[1] == "proc" and parts[3] == "comm" and parts[2].isdigit()
        if is_name and isinstance(identify(root, int(parts[2]), descriptors=False), Vmm):
            found.add(parts[2])
    return frozenset(found)


def _matters(root: Root, path: str, processes: frozenset[str]) -> bool:
    """Whether a path of /proc is of a process that matters, and if it is a descriptor, one of a device node."""
    parts = path.split("/")
    if len(parts) < 3 or parts[1] != "proc" or not parts[2].isdigit():
        return True
    if parts[2] not in processes:
        return False
    if len(parts) == 5 and parts[3] == "fd":
        target = root.link(path)
        return isinstance(target, str) and NODE.fullmatch(target) is not None
    return True


def observe(root: Root, virt: Reading[Virt]) -> Facts:
    """Reads whatever any command reads of a machine that does not move."""
    facts = gather(root, virt)
    read_config_snapshot(root, SETTINGS)
    read_boots(root, facts.boot if isinstance(facts.boot, Unread) else facts.boot.path)
    trial.read(root)
    domains.read_files(root)
    BackingReader(root).read()
    read_movable(root)
    return facts


def collect(root: Root, virt: Reading[Virt]) -> Capture:
    """The capture of a host; `virt` is what is known of its guests."""
    trees: list[RecordingTree] = []

    def recorded(tree: object, moving: object) -> RecordingTree:
        trees.append(RecordingTree(tree, moving))  # type: ignore[arg-type]
        return trees[0]

    facts = observe(root.through(recorded), virt)
    asked = trees[0]
    guests = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
    scrub = Scrubber(identifiers(root, guests))
    processes = _processes(root, asked)
    files = asked.seen | {f"{p.rstrip('/')}/{n}" for p, names in asked.listed.items() for n in names}
    scrub.order(p.rpartition("/")[2] for p in files if not p.startswith(KERNEL_MADE) and _is_drop_in(p))
    roms = frozenset(h.rom_file for g in guests for h in g.hostdevs if h.rom_file)
    collector = Collector(root, asked, scrub, roms)
    _renumber_networks(root, scrub)
    for path in sorted(asked.seen):
        if path != "/" and _matters(root, path, processes):
            collector.take(path)
    for path, names in asked.listed.items():
        if _matters(root, path, processes):
            collector.take_listing(path, [n for n in names if _matters(root, f"{path.rstrip('/')}/{n}", processes)])
    for path, number in asked.failed.items():
        if path.endswith("/") and _matters(root, path.rstrip("/"), processes):
            collector.note_unlisted(path, number)
    _add_guests(collector, virt, guests)
    _add_names(collector, facts)
    size = facts.memory if isinstance(facts.memory, Unread) else facts.memory.page_size
    if isinstance(size, int) and not _has_text(collector.out.nodes.get(AUXV)):
        # Whatever showed it here, the capture shows it as a running kernel does.
        collector.put(AUXV, of_page_size(size), "the size of a page")
    said = _statement(root, facts, virt, collector)
    collector.out.nodes[FILE] = File(to_json(said))
    return collector.out


GENERATED_ENTRY = re.compile(r"[0-9a-f]{32}-\d")
"""How kernel-install names an entry: the machine-id, then the release."""


def _is_drop_in(path: str) -> bool:
    """Whether a file is read in the order of names; one that is named by a machine and a release keeps its shape."""
    above, _, name = path.rpartition("/")
    if GENERATED_ENTRY.match(name):
        return False
    return above.endswith((".d", "/entries")) or above.startswith("/etc/initramfs-tools/")


def _renumber_networks(root: Root, scrub: Scrubber) -> None:
    """The networks of the routes get their pseudonyms ahead of the addresses in them."""
    text = root.text("/proc/net/route")
    if isinstance(text, str):
        reduce_kernel.route(text, scrub)
        scrub.nets = list(dict.fromkeys(scrub.nets))


def _add_names(collector: Collector, facts: Facts) -> None:
    """The names of the models that are there, as the lists of this host have them."""
    for path in PUBLIC_DATA:
        if collector.out.nodes.pop(path, None) is not None:
            collector.errors[path] = errno.ENOENT
    if not isinstance(facts.pci, Unread):
        collector.put(PUBLIC_DATA[0], pci_ids(facts.pci).encode(), "names of the models that are there")


def _add_guests(collector: Collector, virt: Reading[Virt], guests: tuple[Domain, ...]) -> None:
    """The guests as libvirt told them, where their files could not be read."""
    told = not isinstance(virt, Unread) and virt.connected and not isinstance(virt.domains, Unread)
    for domain in guests:
        name = collector.out.scrub.name("guest", domain.name)
        try:
            xml = reduce_domain.domain(domain.xml, collector.out.scrub)
        except Senseless:
            continue
        defined, running = f"{domains.DEFINED}/{name}.xml", f"{domains.RUNNING}/{name}.xml"
        fields = "the elements that are read"
        if domain.persistent and not _has_text(collector.out.nodes.get(defined)) and told:
            collector.put(defined, xml.encode(), fields)
        if domain.running and told and not _has_text(collector.out.nodes.get(running)):
            state = "paused" if domain.state == "paused" else "running"
            pid = f" pid='{domain.pid}'" if domain.pid else ""
            body = f"<domstatus state='{state}'{pid}>\n{xml}</domstatus>\n"
            collector.put(running, body.encode(), fields)
        if domain.autostart and told:
            collector.out.nodes.setdefault(f"{domains.DEFINED}/autostart/{name}.xml", Symlink(defined))
    if told:
        for folder in (domains.DEFINED, domains.RUNNING, f"{domains.DEFINED}/autostart"):
            collector.out.nodes.setdefault(folder, Folder())
            collector.listed[folder] = tuple(p for p in collector.out.nodes if p.rpartition("/")[0] == folder)
            for noted in (folder, f"{folder}/"):
                collector.errors.pop(noted, None)


def _has_text(node: Node | None) -> bool:
    return isinstance(node, File) and bool(node.data)


def _statement(root: Root, facts: Facts, virt: Reading[Virt], collector: Collector) -> Statement:
    """What the capture says beside its files."""
    unread: dict[str, Unread] = {}
    more: dict[str, object] = {}
    scrub = collector.out.scrub
    before = root.said
    for name, part in (("kernel_log", facts.kernel_log), ("last_boot", facts.last_boot), ("kvm", facts.kvm_device)):
        if isinstance(part, Unread):
            unread[name] = part
    hidden = hidden_processes(root)
    if hidden is not None:
        unread["processes"] = hidden
    for name, key in (("kernel_log", kernel_log.CUT), ("last_boot", last_boot.CUT)):
        # A capture holds no log as a whole: what its own statement says of it counts.
        lost = any(gap.reason == kernel_log.CUT_REASON for gap in facts.gaps.get(name, ()))
        if (key in before.facts) if before else lost:
            more[key] = kernel_log.CUT_REASON
    if not isinstance(facts.kernel_log, Unread):
        text = "".join(_as_dmesg(line.at, line.text) for line in facts.kernel_log)
        collector.put("/var/log/dmesg", reduce_kernel.kernel_log(text, scrub).encode(), "lines that a check looks for")
    if not isinstance(facts.last_boot, Unread):
        text = "".join(_as_dmesg(line.at, line.text) for line in facts.last_boot.lines)
        collector.put(
            "/var/log/dmesg.0", reduce_kernel.kernel_log(text, scrub).encode(), "lines that a check looks for"
        )
        more["last_boot_source"] = facts.last_boot.source
        if isinstance(facts.last_boot.shut_down, Unread):
            unread["shut_down"] = facts.last_boot.shut_down
        else:
            more["shut_down"] = facts.last_boot.shut_down
    uid = login(root)
    if isinstance(uid, int):
        collector.put("/proc/self/loginuid", f"{uid}\n".encode(), "a user's number")
    if not isinstance(virt, Unread):
        more["libvirt_version"], more["hypervisor_version"] = virt.libvirt_version, virt.hypervisor_version
        more |= versions.as_facts(virt.installed)
    more["mounted"] = sorted({scrub.path(p) for p in mounts.points_of(root)})
    return Statement(
        origin=root.origin,
        privileged=before.privileged if before else os.geteuid() == 0,
        listed=collector.names_left(),
        errors=collector.errors,
        stats=collector.stats,
        acl=frozenset(collector.acl),
        left_out={p: why for p, why in collector.left_out.items() if p in collector.out.nodes},
        damaged={p: words for p, words in collector.damaged.items() if p in collector.out.nodes},
        unread=unread,
        facts=more,
    )


def _as_dmesg(at: float | None, text: str) -> str:
    return f"{text}\n" if at is None else f"[{at:12.6f}] {text}\n"
