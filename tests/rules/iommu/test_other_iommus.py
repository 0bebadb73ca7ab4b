"""SMMUs, device trees and virtio-iommu: what offers an IOMMU there, and words that fit the machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.host.capture.test_capture import compared
from tests.hosts import HOSTS
from tests.hosts.odd import ARM, FIRMWARE, NO_IOMMU, RISCV, WITH_GROUPS, foreign
from tests.machines import facts_of, root_of
from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder
from vfiotui.host.pci import device_tree
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.headline import headline
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.model.pci.iommu import TreeIommu
from vfiotui.rules import rule_of

TABLES = "/sys/firmware/acpi/tables"
UNIT = {"/sys/class/iommu/smmu3.0x00000000fa000000/uevent": ""}
SMMU, BRIDGE = "smmu@2b400000/compatible", "pcie@40000000/device_type"
MAP = {"pcie@40000000/iommu-map": "\0\0\0\0"}


def with_acpi(cpuinfo: str, *tables: str, groups: bool = True, **files: str) -> Host:
    """A server with ACPI whose processor is no x86; it has these tables."""
    changes = {**WITH_GROUPS, "remove": ("/sys/class/iommu/ivhd0",)} if groups else {"remove": ()}
    host = foreign(cpuinfo, {}, **changes)
    return replace(host, files={**host.files, **{f"{TABLES}/{t}": "" for t in tables}, **files})


def board(tree: dict[str, str], groups: bool = False, **files: str) -> Host:
    host = foreign(ARM, {"model": "Board\0", **tree}, **(WITH_GROUPS if groups else {"remove": FIRMWARE}))
    return replace(host, files={**host.files, **files})


def ask(host: Host, code: str = "IOMMU-FIRMWARE") -> Finding:
    rule = rule_of(code)
    assert rule is not None
    (found,) = rule.ask(facts_of(host))
    return found


PASSED = {
    "arm server": (with_acpi(ARM, "IORT", **UNIT), "the firmware has the table IORT"),
    "risc-v server": (with_acpi(RISCV, "RIMT"), "the firmware has the table RIMT"),
    "vm with virtio-iommu": (
        replace(HOSTS["vm-viommu"], tables=(), files={**HOSTS["vm-viommu"].files, f"{TABLES}/VIOT": ""}),
        "the firmware has the table VIOT",
    ),
    "board": (
        board({SMMU: "arm,smmu-v3\0", BRIDGE: "pci\0", **MAP}),
        "the device tree has smmu@2b400000, and pcie@40000000 behind it",
    ),
    "board with nested buses": (
        board({f"bus@0/soc/{n}": t for n, t in {SMMU: "x\0", BRIDGE: "pci\0", **MAP}.items()}),
        "the device tree has smmu@2b400000, and pcie@40000000 behind it",
    ),
    "board whose groups count more": (
        board({SMMU: "x\0", BRIDGE: "pci\0"}, groups=True), "the device tree has smmu@2b400000"
    ),
    "board without pci": (board({SMMU: "x\0"}), "the device tree has smmu@2b400000"),
}  # fmt: skip


@pytest.mark.parametrize("name", PASSED)
def test_what_offers_an_iommu_passes(name: str) -> None:
    host, words = PASSED[name]
    found = ask(host)
    assert (found.verdict, found.sentence) == (Verdict.PASSED, words)


NO_MAP = board({SMMU: "x\0", BRIDGE: "pci\0", "pcie@1/status": "disabled\0", "pcie@1/iommu-map": "x"})
USE_MAP = "use a device tree in which the PCI host bridge has an iommu-map"
FAILED = {
    "arm server": (
        with_acpi(ARM, groups=False),
        "neither an IORT nor a RIMT",
        "switch the SMMU or IOMMU on in the firm",
    ),
    "board": (NO_MAP, "pcie@40000000 is not behind it: it has no iommu-map", USE_MAP),
    "x86": (
        HOSTS["iommu-off"],
        "neither a DMAR nor an IVRS",
        "switch on VT-d (Intel) or IOMMU/AMD-Vi (AMD) in the firm",
    ),
}


@pytest.mark.parametrize("name", FAILED)
def test_what_lacks_one_fails_with_words_of_its_kind(name: str) -> None:
    host, sentence, advice = FAILED[name]
    found = ask(host)
    assert found.verdict is Verdict.FAILED and sentence in found.sentence
    assert found.fix is not None and found.fix.text.startswith(advice)
    off = ask(host, "IOMMU-OFF")
    assert off.verdict is Verdict.FAILED and off.fix is not None
    assert name == "x86" or ("VT-d" not in off.fix.text and "intel_iommu" not in off.fix.text)


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        (with_acpi(ARM, "IORT", groups=False), "boot a kernel that is built with the driver of this IOMMU"),
        (board({SMMU: "x\0", BRIDGE: "pci\0", **MAP}), "boot a kernel that is built with the driver of this IOMMU"),
        (NO_MAP, USE_MAP),
    ],
    ids=["server", "board", "no map"],
)
def test_where_the_firmware_offers_one_the_kernel_is_looked_at(host: Host, advice: str) -> None:
    found = ask(host, "IOMMU-OFF")
    assert found.fix is not None and found.fix.text.startswith(advice) and found.fix.goal == ()


@pytest.mark.parametrize("tree", [{}, {"smmu@1/status": "disabled\0"}, {"pcie@1/iommu-map": "x"}])
def test_a_board_without_an_iommu_has_nothing_to_switch_on(tree: dict[str, str]) -> None:
    for code in ("IOMMU-FIRMWARE", "IOMMU-OFF"):
        assert ask(board(tree), code).verdict is Verdict.NOT_APPLICABLE


def test_a_server_with_units_and_groups_can_pass_devices() -> None:
    assert "PCI passthrough is possible" in headline(facts_of(with_acpi(ARM, "IORT", **UNIT)))
    assert ask(with_acpi(ARM, "IORT", **UNIT), "IOMMU-INTERRUPT-REMAP").verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    "host",
    [with_acpi(ARM, "IORT", **UNIT), PASSED["board with nested buses"][0], NO_MAP],
    ids=["acpi", "tree", "no map"],
)
def test_a_capture_is_judged_as_its_host(host: Host) -> None:
    host_said, capture_said = compared(root_of(host))
    assert capture_said == host_said


def read(builder: TreeBuilder) -> TreeIommu | Unread | None:
    return device_tree.read(Root(MemoryTree(builder.nodes), Mode.CAPTURE))


def test_hostile_trees_end_with_an_answer() -> None:
    builder = TreeBuilder()
    builder.link("/proc/device-tree/soc/bus", "/proc/device-tree/soc")
    builder.file("/proc/device-tree/smmu@0", b"\0" * 1000)
    builder.file("/proc/device-tree/pcie@zz/iommu-map", b"")
    builder.file("/proc/device-tree/pcie@1/status", b"\xff\xfe\0")
    builder.file("/proc/device-tree/pcie@2/status", b"ok\0")
    builder.folder("/proc/device-tree/pcie@2/iommu-map")
    for number in range(5000):
        builder.folder(f"/proc/device-tree/soc/node@{number:x}")
    found = read(builder)
    assert found == TreeIommu("/proc/device-tree", ("smmu@0",), ("pcie@2",), ())


def test_without_the_link_of_proc_the_tree_itself_is_read() -> None:
    builder = TreeBuilder()
    builder.file("/sys/firmware/devicetree/base/iommu@5/x", b"")
    found = read(builder)
    assert isinstance(found, TreeIommu) and found.iommus == ("iommu@5",)
    assert read(TreeBuilder()) is None


def test_a_tree_that_may_not_be_read_is_no_tree_without_an_iommu() -> None:
    class Closed(MemoryTree):
        def names(self, path: str) -> list[str]:
            raise PermissionError(13, "Permission denied", path)

    assert isinstance(device_tree.read(Root(Closed({}), Mode.CAPTURE)), Unread)


def test_an_x86_host_is_asked_as_before() -> None:
    assert ask(replace(NO_IOMMU, tables=("IVRS",))).sentence == "the firmware has the table IVRS"
