"""What a root does not show is unknown there: no rule says "fine" of files and registers that nobody saw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui.demo.builder import build
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.nodes import Nodes
from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import judge

SEEN_IN_ETC = {
    "HOOK-CALLS-VIRSH",
    "HOOK-NOT-RUN",
    "ACCESS-PATH",
    "ACCESS-QEMU-USER",
    "MODPROBE-INSTALL-LINE",
    "SCRIPT-SSH-PASSWORD",
    "HOOK-SINGLE",
    "GRUB-CONFIG-PATH",
    "SCRIPT-CHRT-QEMU",
    "CONFIG-FILE-NAME",
    "DRACUT-BLANKS",
    "GRUB-QUOTES",
    "GRUB-VARIABLE",
    "MODPROBE-OPTIONS",
    "MODPROBE-SOFTDEP",
    "MODPROBE-VERB",
    "MODULES-LINE",
    "MODULES-UNKNOWN",
    "VFIO-IDS-TWICE",
}
"""Rules about the files of /etc alone; that a disk has none of them is seen when /etc is seen."""


def look(folder: Path) -> tuple[Facts, tuple[Finding, ...]]:
    root = Root.mounted(str(folder))
    facts = gather(root, domains.read(root))
    return facts, judge(facts)


def saying(found: tuple[Finding, ...], *verdicts: Verdict) -> set[str]:
    return {f.code for f in found if f.verdict in verdicts}


def test_of_an_empty_folder_nothing_is_known(tmp_path: Path) -> None:
    _, found = look(tmp_path)
    assert saying(found, Verdict.PASSED, Verdict.FAILED) == set()
    # A mounted disk has no command line that could differ from the next one, whatever is on it.
    assert saying(found, Verdict.NOT_APPLICABLE) <= {"CMDLINE-PENDING"}


def test_of_a_bare_etc_only_what_stands_in_etc_is_known(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("disk\n")
    _, found = look(tmp_path)
    assert saying(found, Verdict.PASSED) == SEEN_IN_ETC and saying(found, Verdict.FAILED) == set()


def without(nodes: Nodes, *tops: str) -> Nodes:
    return {path: node for path, node in nodes.items() if not path.startswith(tuple(f"/{t}/" for t in tops))}


@pytest.mark.parametrize("host", ["clean", "guest-fine", "tower"])
def test_a_disk_without_its_machine_says_nothing_fine_of_the_machine(host: str, tmp_path: Path) -> None:
    """Only /etc, /boot and /usr of a machine: a rule that needs /sys or /proc for its "fine" has no "fine"."""
    write(without(build(HOSTS[host]), "sys", "proc", "run", "dev"), str(tmp_path))
    facts, found = look(tmp_path)
    assert all(isinstance(getattr(facts, name), Unread) for name in ("cpu", "pci", "iommu", "memory", "modules"))
    for finding in found:
        if finding.verdict is Verdict.PASSED:
            assert not any(e.path.startswith(("/sys", "/proc")) for e in finding.evidence), finding


def test_a_rom_without_its_device_is_not_said_to_fit(tmp_path: Path) -> None:
    write(without(build(HOSTS["guest-fine"]), "sys", "proc"), str(tmp_path))
    _, found = look(tmp_path)
    roms = [f for f in found if f.code == "GUEST-ROM-UNFIT"]
    assert roms and {f.verdict for f in roms} == {Verdict.NOT_CHECKED}


@pytest.mark.parametrize(
    ("tops", "state"), [(("run",), "unknown"), (("run", "sys", "proc"), "defined"), ((), "shut off")]
)
def test_whether_a_guest_runs_is_unknown_where_it_is_not_captured(
    tops: tuple[str, ...], state: str, tmp_path: Path
) -> None:
    write(without(build(HOSTS["guest-fine"]), *tops), str(tmp_path))
    if not tops:
        (tmp_path / "run/libvirt/qemu").mkdir(parents=True, exist_ok=True)
        for name in os.listdir(tmp_path / "run/libvirt/qemu"):
            os.unlink(tmp_path / "run/libvirt/qemu" / name)
    facts, _ = look(tmp_path)
    assert not isinstance(facts.virt, Unread) and not isinstance(facts.virt.domains, Unread)
    assert {d.state for d in facts.virt.domains} == {state}
