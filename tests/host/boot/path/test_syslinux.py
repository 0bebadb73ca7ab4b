"""What SYSLINUX, EXTLINUX and U-Boot start: DEFAULT, menus, ONTIMEOUT, words and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.test_loader import Files
from tests.trees import Link, folder_root
from vfiotui.formats.loaders import syslinux_conf
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.refused import EditRefused
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.path.resolve import find_path
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.path import BootPath

CONF = "/boot/extlinux.conf"
LABELS = """LABEL lts
  MENU LABEL Linux ^lts
  LINUX vmlinuz-lts
  INITRD initramfs-lts,extra.img
  APPEND root=UUID=1 quiet
label vfio
  kernel /vmlinuz-6.1.0
  append initrd=/initrd.img-6.1.0 root=UUID=1 vfio-pci.ids=1:2
  {mark}
LABEL bare
  LINUX vmlinuz-lts
LABEL off
  MENU HIDE
  LINUX vmlinuz-lts
LABEL hd
  LOCALBOOT 0x80
"""
KERNELS: Files = {"/boot/vmlinuz-lts": "x", "/boot/initramfs-lts": "x", "/boot/vmlinuz-6.1.0": "x",
                  "/boot/initrd.img-6.1.0": "x"}  # fmt: skip


def conf(head: str, mark: str = "") -> Files:
    return {CONF: head + "\n" + LABELS.format(mark=mark)}


def resolved(files: Files, folder: Path) -> Reading[BootPath]:
    root = folder_root(folder, files)
    return find_path(root, find_loader(root))


def path_of(files: Files, folder: Path) -> BootPath:
    found = resolved(files, folder)
    assert isinstance(found, BootPath), found
    assert found.loader == "syslinux"
    return found


@pytest.mark.parametrize(
    ("head", "mark", "name"),
    [
        ("DEFAULT vfio", "", "vfio"),
        ("default lts\nDEFAULT vfio", "", "vfio"),
        ("DEFAULT vfio single", "", "vfio"),
        # Without UI the menu's own reader does not look at DEFAULT, only at the mark.
        ("DEFAULT menu.c32\nTIMEOUT 30", "", "Linux lts"),
        ("DEFAULT menu.c32\nTIMEOUT 30", "MENU DEFAULT", "vfio"),
        ("UI vesamenu.c32\nDEFAULT vfio\nTIMEOUT 30", "", "vfio"),
        ("UI vesamenu.c32\nDEFAULT lts\nTIMEOUT 30", "MENU DEFAULT", "Linux lts"),
        ("UI vesamenu.c32\nTIMEOUT 30", "", "Linux lts"),
        ("UI vesamenu.c32\nTIMEOUT 30\nONTIMEOUT vfio", "", "vfio"),
        ("DEFAULT lts\nPROMPT 1\nTIMEOUT 30\nONTIMEOUT vfio", "", "vfio"),
        ("DEFAULT lts\nONTIMEOUT vfio\nTIMEOUT 30", "", "Linux lts"),
    ],
)
def test_the_default_is_chosen_as_the_loader_does(head: str, mark: str, name: str, tmp_path: Path) -> None:
    default = path_of(conf(head, mark), tmp_path).default
    assert default is not None and default.name == name


@pytest.mark.parametrize("head", ["", "PROMPT 1", "DEFAULT nothing", "UI menu.c32\nMENU SAVE"])
def test_where_nothing_starts_by_itself_all_linux_entries_are_kept(head: str, tmp_path: Path) -> None:
    found = path_of(conf(head), tmp_path)
    assert found.default is None and found.open
    assert [c.name for c in found.candidates] == ["Linux lts", "vfio", "bare", "off"]


def test_an_entry_tells_kernel_initrds_and_words(tmp_path: Path) -> None:
    found = path_of({**conf("DEFAULT lts\nAPPEND common"), **KERNELS}, tmp_path)
    lts, vfio, bare, hd = found.entries
    assert (lts.kernel, lts.initrds) == ("/boot/vmlinuz-lts", ("/boot/initramfs-lts", "extra.img"))
    assert not isinstance(lts.words, Unread) and lts.words.source == f"{CONF}:7"
    assert lts.words.text == "BOOT_IMAGE=vmlinuz-lts root=UUID=1 quiet initrd=initramfs-lts,extra.img"
    assert (vfio.kernel, vfio.release, vfio.initrds) == ("/boot/vmlinuz-6.1.0", "6.1.0", ("/boot/initrd.img-6.1.0",))
    assert not isinstance(bare.words, Unread) and bare.words.text == "BOOT_IMAGE=vmlinuz-lts common"
    assert hd.other_system and isinstance(hd.kernel, Unread)


def test_words_behind_the_default_s_name_are_given_too(tmp_path: Path) -> None:
    default = path_of({**conf("DEFAULT vfio single"), **KERNELS}, tmp_path).default
    assert default is not None and not isinstance(default.words, Unread)
    assert default.words.text.endswith("vfio-pci.ids=1:2 single")


def test_alpine_s_menu_is_made_from_its_settings(tmp_path: Path) -> None:
    files = {**conf("DEFAULT lts"), "/etc/update-extlinux.conf": "default_kernel_opts=quiet\n"}
    default = path_of(files, tmp_path).default
    assert default is not None and default.maker == "/etc/update-extlinux.conf"


def test_u_boot_gives_no_words_of_its_own(tmp_path: Path) -> None:
    text = "timeout 10\nlabel l0\n linux /boot/vmlinuz-6.1.0\n initrd /boot/initrd.img-6.1.0\n fdtdir /x\n append a\n"
    files: Files = {"/boot/extlinux/extlinux.conf": text, **KERNELS}
    default = path_of(files, tmp_path).default
    assert default is not None and not isinstance(default.words, Unread)
    assert (default.words.text, default.initrds) == ("a", ("/boot/initrd.img-6.1.0",))


def test_files_that_are_included_count(tmp_path: Path) -> None:
    files: Files = {
        "/boot/syslinux/syslinux.cfg": "DEFAULT vfio\nINCLUDE more.cfg\nMENU INCLUDE syslinux.cfg\n",
        "/boot/syslinux/more.cfg": LABELS.format(mark="") + "INCLUDE more.cfg\nINCLUDE ../../etc/shadow\n",
    }
    default = path_of(files, tmp_path).default
    assert default is not None and default.source == "/boot/syslinux/more.cfg:6"


@pytest.mark.parametrize(
    "text",
    [
        "", "\0", "LABEL", "LABEL a\nLABEL a\n", "DEFAULT \nLABEL \n", "\ufeffDEFAULT a\nLABEL a\nLINUX k\n",
        "TIMEOUT ²\nUI x\nLABEL a\nLINUX k\n", "DEFAULT a\nLABEL a\nLINUX ../../../etc/shadow\n", "APPEND\nMENU\nUI\n",
        "DEFAULT a\r\nLABEL a\r\nLINUX k\r\nAPPEND q\r\n", "LABEL a\nLINUX k\n" * 3000,
    ],
)  # fmt: skip
def test_damaged_configurations_give_an_answer(text: str, tmp_path: Path) -> None:
    found = resolved({CONF: text, "/etc/shadow": "x"}, tmp_path)
    assert isinstance(found, Unread | BootPath)
    if isinstance(found, BootPath):
        for entry in found.candidates:
            assert isinstance(entry.words, Unread) or "\r" not in entry.words.text
            assert entry.kernel != "/etc/shadow"


def test_a_link_out_of_the_root_is_no_kernel(tmp_path: Path) -> None:
    found = path_of({**conf("DEFAULT lts"), "/boot/vmlinuz-lts": Link("/etc/../../../../x")}, tmp_path)
    assert found.default is not None


ADD = WordEdit(add=("iommu=pt",))


def test_words_are_edited_in_every_linux_entry_or_in_one() -> None:
    text = LABELS.format(mark="")
    after = syslinux_conf.edit_words(text, ADD)
    assert after.count("iommu=pt") == 4
    assert "  APPEND root=UUID=1 quiet iommu=pt\n" in after and "  APPEND iommu=pt\n" in after
    one = syslinux_conf.edit_words(text, ADD, "vfio")
    assert one.count("iommu=pt") == 1 and "vfio-pci.ids=1:2 iommu=pt\n" in one
    assert syslinux_conf.edit_words(after, WordEdit(remove=("iommu=pt",))).count("iommu=pt") == 0
    assert syslinux_conf.edit_words(after, ADD) == after


def test_the_common_words_are_edited_once() -> None:
    text = "DEFAULT a\nAPPEND quiet\nLABEL a\nLINUX k\nLABEL b\nLINUX k\nAPPEND x\n"
    assert syslinux_conf.edit_words(text, ADD) == text.replace("quiet", "quiet iommu=pt").replace("x\n", "x iommu=pt\n")
    alone = syslinux_conf.edit_words(text, ADD, "a")
    assert alone == text.replace("LINUX k\nLABEL b", "LINUX k\nAPPEND quiet iommu=pt\nLABEL b")


def test_what_cannot_be_edited_is_refused() -> None:
    with pytest.raises(EditRefused):
        syslinux_conf.edit_words("LABEL hd\nLOCALBOOT 0\n", ADD)
    with pytest.raises(EditRefused):
        syslinux_conf.edit_words("LABEL a\nLINUX k\nAPPEND -\n", ADD, "a")
