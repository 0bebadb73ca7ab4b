"""Checks of devices and firmware: what they say where an input is missing, half there, or of another kind of host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.hosts import HOSTS, INTEL
from tests.hosts.base import CLEAN
from tests.machines import facts_of
from vfiotui.demo.builder import build
from vfiotui.host.gather import Part, gather, part, with_parts
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.gaps import concerning, missing
from vfiotui.model.base.nodes import File, Node
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import rule_of


def ask(code: str, facts: Facts) -> tuple[Finding, ...]:
    rule = rule_of(code)
    assert rule is not None
    return rule.ask(facts)


def changed(host: str, change: Callable[[str, Node], Node | None]) -> Root:
    """A machine with other files; None takes one away."""
    nodes = {path: new for path, node in build(HOSTS[host]).items() if (new := change(path, node)) is not None}
    return Root(MemoryTree(nodes), Mode.CAPTURE)


def facts(root: Root) -> Facts:
    return gather(root, domains.read(root))


def test_an_intel_host_whose_kernel_starts_the_iommu_by_itself_passes_and_nothing_else() -> None:
    found = ask("IOMMU-INTEL-DEFAULT", facts_of(INTEL))
    assert [f.verdict for f in found] == [Verdict.PASSED], found
    assert "INTEL_IOMMU_DEFAULT_ON=y" in found[0].evidence[0].seen


def test_a_kernel_that_leaves_the_integrated_graphics_out_is_seen_where_no_word_is_given() -> None:
    host = HOSTS["igpu-bypassed"]
    line = " ".join(w for w in host.cmdline.split() if not w.startswith("intel_iommu"))
    config = "CONFIG_INTEL_IOMMU=y\nCONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n"
    silent = replace(host, cmdline=line, default_cmdline=line, config=config)
    (found,) = ask("CMDLINE-IGFX-OFF", facts_of(silent))
    assert found.verdict is Verdict.FAILED and "this kernel leaves it out" in found.sentence


@pytest.mark.parametrize("code", ["IOMMU-FIRMWARE", "IOMMU-OFF"])
def test_a_host_that_is_a_virtual_machine_is_not_sent_to_a_firmware_setup(code: str) -> None:
    bare = replace(INTEL, iommu="", tables=())
    inside = replace(bare, cpu=replace(bare.cpu, flags=f"{bare.cpu.flags} hypervisor"))
    (found,) = ask(code, facts_of(bare))
    assert found.fix is not None and "firmware setup" in found.fix.text
    (found,) = ask(code, facts_of(inside))
    assert found.verdict is Verdict.FAILED and found.fix is not None
    assert "firmware setup" not in found.fix.text and "host that runs it" in found.fix.text


def header_only(path: str, node: Node) -> Node:
    return File(node.data[:64]) if path.endswith("/config") and isinstance(node, File) else node


def test_the_first_64_bytes_show_that_a_device_answers_and_nothing_of_its_access_control() -> None:
    ordinary = facts(changed("guest-devices", header_only))
    assert {f.verdict for f in ask("DEVICE-DEAD", ordinary)} == {Verdict.PASSED}
    ports = [f for f in ask("GUEST-ACS", ordinary) if f.verdict is not Verdict.PASSED]
    assert ports and {f.verdict for f in ports} == {Verdict.NOT_CHECKED}
    assert all("needs root" in f.sentence for f in ports)
    dead = [f for f in ask("DEVICE-DEAD", facts(changed("dead-card", header_only))) if f.verdict is Verdict.FAILED]
    assert [f.subject for f in dead] == ["0000:01:00.0"]


def test_the_configuration_space_of_another_device_is_none() -> None:
    root = changed("clean", lambda path, node: File(b"\x86\x80" + b"\0" * 62) if path.endswith("/config") else node)
    found = ask("DEVICE-DEAD", facts(root))
    assert Verdict.NOT_CHECKED in {f.verdict for f in found} and Verdict.PASSED not in {f.verdict for f in found}


def test_a_tree_without_reset_files_says_nothing_of_resets() -> None:
    root = changed("weak-reset", lambda path, node: None if path.rpartition("/")[2].startswith("reset") else node)
    found = ask("DEVICE-RESET-WEAK", facts(root))
    assert {f.verdict for f in found} == {Verdict.NOT_CHECKED}
    assert not any("reset_method" in e.path or e.seen == "empty" for f in found for e in f.evidence)


def test_a_device_without_a_reset_file_beside_one_that_has_it_cannot_be_reset() -> None:
    def change(path: str, node: Node) -> Node | None:
        return None if path.rpartition("/")[2] in ("reset", "reset_method") and "01:00" in path else node

    found = [f for f in ask("DEVICE-RESET-WEAK", facts(changed("weak-reset", change))) if f.verdict is Verdict.FAILED]
    assert found and all(
        [(e.path.rpartition("/")[2], e.seen) for e in f.evidence] == [("reset", "is not there")] for f in found
    )


def test_one_device_that_cannot_be_read_leaves_the_answers_about_the_others() -> None:
    def change(path: str, node: Node) -> Node:
        hidden = path.endswith("0000:01:00.0/power_state") and isinstance(node, File)
        return File(b"D0\n", mode=0) if hidden else node

    before = {f.subject: f.verdict for f in ask("DEVICE-D3-STUCK", facts_of(HOSTS["weak-reset"]))}
    after = {f.subject: f.verdict for f in ask("DEVICE-D3-STUCK", facts(changed("weak-reset", change)))}
    assert after == {**before, "0000:01:00.0": Verdict.NOT_CHECKED} and len(before) > 1


def gap(path: str, why: Why = Why.FORBIDDEN) -> Unread:
    return Unread("why", why, path)


def test_a_pass_rests_on_files_and_on_the_folders_above_them() -> None:
    reads = ("/sys/class/net/*/device?", "/proc/net/route", "/etc/modprobe.d/*")
    for path in (
        "/sys/class/net/eth0/device",
        "/sys/class/net",
        "/proc/net",
        "/etc/modprobe.d",
        "/etc/modprobe.d/a.conf",
    ):
        assert missing({"p": (gap(path),)}, reads), path
    for path in ("/sys/class/tty", "/proc/net/tcp", "/sys/class/net/eth0/device/more", "/etc/modprobe.conf"):
        assert not missing({"p": (gap(path),)}, reads), path
    assert missing({"p": (gap("/proc/net/route", Why.ABSENT),)}, reads)
    assert not missing({"p": (gap("/sys/class/net/eth0/device", Why.ABSENT),)}, reads)
    assert not missing({"p": (gap("/etc/modprobe.d", Why.ABSENT),)}, reads), "nothing is configured there"
    assert not missing({"p": (gap("/proc/net/route", Why.ABSENT),)}, reads, runs=False), "nothing runs on a disk"


def test_what_one_device_hides_says_nothing_of_another() -> None:
    hidden = (gap("/sys/bus/pci/devices/0000:01:00.0/driver"),)
    assert concerning(hidden, "0000:01:00.0") == concerning(hidden, "host") == concerning(hidden, "group 3") == hidden
    assert concerning(hidden, "0000:02:00.0") == ()
    assert concerning((gap("/proc/cmdline"),), "0000:02:00.0")


def test_a_part_that_is_read_again_brings_its_own_gaps_and_leaves_the_others() -> None:
    closed = changed("clean", lambda path, node: File(b"", mode=0) if path.endswith("/power_state") else node)
    first = facts(closed)
    assert any(g.path.endswith("/power_state") for g in first.gaps["pci"])
    again = replace(first, **with_parts({"pci": part(changed("clean", lambda _, node: node), "pci")}, first.gaps))
    assert not any(g.path.endswith("/power_state") for g in again.gaps.get("pci", ()))
    assert {k: v for k, v in again.gaps.items() if k != "pci"} == {k: v for k, v in first.gaps.items() if k != "pci"}
    assert with_parts({"pci": Part(None)}, {"pci": (gap("/a"),), "cpu": (gap("/b"),)})["gaps"] == {"cpu": (gap("/b"),)}


def test_a_file_full_of_nuls_is_no_text_and_a_broken_table_no_table() -> None:
    root = Root(
        MemoryTree(
            {
                "/zeros": File(b"\0" * 512),
                "/inside": File(b"options\0vfio\n"),
                "/padded": File(b"Board\0\0\n"),
                "/whole": File(b"a 1\nb 2\n"),
                "/cut": File(b"a 1\nb"),
                "/other": File(b"a 1\nbanana\n"),
                "/empty": File(b""),
            }
        ),
        Mode.CAPTURE,
    )

    def damaged(reading: object) -> bool:
        return isinstance(reading, Unread) and reading.why is Why.DAMAGED

    assert damaged(root.text("/zeros")) and damaged(root.text("/inside")) and root.text("/padded") == "Board"

    def fits(line: str) -> bool:
        return len(line.split()) == 2

    assert root.table("/whole", fits) == ("a 1", "b 2") and root.table("/empty", fits) == ()
    assert damaged(root.table("/cut", fits)) and damaged(root.table("/other", fits))
    value, noted = root.noted(lambda: (root.text("/zeros"), root.link("/none"), root.text("/none"), root.names("/no")))
    assert len(value) == 4 and [g.path for g in noted] == ["/zeros", "/none", "/no"]
    _, noted = root.noted(lambda: root.within(lambda: root.text("/inside"), 5))
    assert [g.path for g in noted] == ["/inside"], "what a worker could not read is noted too"


def test_a_healthy_machine_has_no_gap_that_stops_a_check() -> None:
    for code in (
        "IOMMU-RESERVED-DIRECT",
        "GROUP-FOREIGN",
        "DEVICE-D3-STUCK",
        "CMDLINE-ACS-OVERRIDE",
        "PASSTHROUGH-BRIDGE",
        "PASSTHROUGH-NETWORK",
    ):
        assert Verdict.NOT_CHECKED not in {f.verdict for f in ask(code, facts_of(CLEAN))}, code
