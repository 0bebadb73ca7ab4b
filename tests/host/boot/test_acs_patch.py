"""Whether a kernel has the patch for pcie_acs_override=: its functions, its message, its name; and bad lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.capture.captures import captured
from tests.hosts.base import CLEAN
from tests.machines import root_of
from tests.trees import folder_root
from vfiotui.demo.tower import TOWER
from vfiotui.host.boot.acs_patch import KALLSYMS, LIMIT, read_patch
from vfiotui.host.gather import gather
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.acs_patch import AcsPatch, find_patch

PLAIN = b"ffffffff81c50970 T pci_acs_enabled\nffffffff81c509f0 T pci_acs_path_enabled\n"
PATCHED = PLAIN + b"ffffffff81c6a630 t pcie_acs_overrides\n"
STUB = b"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n"
WARNING = "[    0.1] Warning: PCIe ACS overrides enabled; This may allow non-IOMMU protected peer-to-peer DMA\n"


def patch_of(root: Root) -> AcsPatch:
    facts = gather(root, only=("boot", "kernel_log"))
    return find_patch(facts.boot, facts.kernel_log)


@pytest.mark.parametrize(("symbols", "present"), [(PLAIN, False), (PATCHED, True)])
def test_the_running_kernel_lists_its_functions(symbols: bytes, present: bool) -> None:
    root = root_of(replace(TOWER, files={**TOWER.files, KALLSYMS: symbols}))
    found = patch_of(root)
    assert (found.present, found.sure) == (present, True)
    again = patch_of(captured(root)[0])
    assert (again.present, again.sure) == (present, True), "a capture is judged as its host"


def test_a_capture_holds_no_address_of_the_kernel() -> None:
    root, _ = captured(root_of(replace(TOWER, files={**TOWER.files, KALLSYMS: PATCHED})))
    text = root.bytes(KALLSYMS)
    assert isinstance(text, bytes) and b"81c5" not in text and b"pcie_acs_overrides" in text


def test_functions_are_looked_up_only_where_a_group_holds_several_slots() -> None:
    found = read_patch(root_of(replace(CLEAN, files={**CLEAN.files, KALLSYMS: PATCHED})), "6.12", runs=True)
    assert isinstance(found, Unread) and "no group holds several slots" in found.reason


@pytest.mark.parametrize(
    "release", ["6.8.12-4-pve", "6.12.1-zen1-1-zen", "6.6.9-1-cachyos-lts", "6.12.1-1-liquorix-amd64"]
)
def test_a_name_is_a_hint(release: str) -> None:
    found = patch_of(root_of(replace(TOWER, release=release)))
    assert (found.present, found.sure) == (True, False)


@pytest.mark.parametrize("release", ["6.8.0-49-generic", "6.12.9-amd64", "6.11.4-301.fc41.x86_64", "6.12.4-arch1-1"])
def test_a_distributions_kernel_is_without_it_by_its_name(release: str) -> None:
    found = patch_of(root_of(replace(TOWER, release=release)))
    assert (found.present, found.sure) == (False, False)


def test_a_kernel_of_ones_own_is_not_known() -> None:
    assert patch_of(root_of(replace(TOWER, release="6.12.0-mine"))).present is None


def test_the_kernels_own_message_is_enough() -> None:
    found = patch_of(root_of(replace(TOWER, log=TOWER.log + WARNING)))
    assert (found.present, found.sure, found.active) == (True, True, True)


def test_how_a_host_boots_may_not_be_known(tmp_path: Path) -> None:
    assert patch_of(folder_root(tmp_path, {"/etc/hostname": "x"})).present is None
    assert find_patch(Unread("closed"), ()).why == "how this host boots is not known: closed"


@pytest.mark.parametrize("place", ["/boot/System.map-6.12", "/lib/modules/6.12/System.map"])
@pytest.mark.parametrize(
    ("content", "present"), [(PATCHED, True), (PLAIN, False), (STUB, None), (b"", None), (b"\xff\0\r\n" * 9, None)]
)
def test_an_installed_kernel_is_known_by_its_map(
    tmp_path: Path, place: str, content: bytes, present: bool | None
) -> None:
    found = read_patch(folder_root(tmp_path, {place: content}), "6.12", runs=True)
    assert (None if isinstance(found, Unread) else found) is present


def test_a_map_that_is_none_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "boot/System.map-6.12").mkdir(parents=True)
    (tmp_path / "lib/modules/6.12").mkdir(parents=True)
    (tmp_path / "lib/modules/6.12/System.map").symlink_to("/../../../../etc/passwd")
    assert isinstance(read_patch(folder_root(tmp_path, {}), "6.12", runs=False), Unread)
    with (tmp_path / "lib/modules/6.12/big").open("wb") as file:
        file.truncate(LIMIT + 1)
    (tmp_path / "lib/modules/6.12/System.map").unlink()
    (tmp_path / "lib/modules/6.12/big").rename(tmp_path / "lib/modules/6.12/System.map")
    found = read_patch(folder_root(tmp_path, {}), "6.12", runs=False)
    assert isinstance(found, Unread) and found.why in (Why.TOO_BIG, Why.NOT_A_FILE)
