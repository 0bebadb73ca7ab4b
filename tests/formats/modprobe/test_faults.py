"""Lines of modprobe.d and of lists of modules that are not taken as they were meant, and what mending them gives."""

from __future__ import annotations

import pytest

from vfiotui.formats.modprobe import list_faults, modprobe_faults

PAIR = "10de:13c2,10de:0fbb"
RIGHT = f"options vfio-pci ids={PAIR}\n"


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        ("verb", f"option vfio-pci ids={PAIR}\n", RIGHT),
        ("verb", f"# mine\r\nOptions vfio-pci ids={PAIR}\r\n", f"# mine\r\noptions vfio-pci ids={PAIR}\r\n"),
        ("verb", "blackist nouveau", "blacklist nouveau"),
        ("options", "options vfio-pci ids=10de:13c2, 10de:0fbb\n", RIGHT),
        ("options", "options vfio-pci ids = 10de:13c2 , 10de:0fbb\n", RIGHT),
        ("options", "options vfio-pci ids=10de:13c2;10de:0fbb\n", RIGHT),
        ("options", f"options vfio-pci ids=\u201c{PAIR}\u201d\n", RIGHT),
        ("options", f"options vfio-pci vfio-pci.ids={PAIR}\n", RIGHT),
        ("options", f"options vfio-pci id={PAIR} disable_vgs=1\n", f"options vfio-pci ids={PAIR} disable_vga=1\n"),
        ("options", f"options vfio-pci {PAIR}\n", RIGHT),
        ("options", "options vfio-pci ids=10de:13c2 \\\n 10de:0fbb\n# end\n", f"{RIGHT}# end\n"),
        ("softdep", "softdep nouveau vfio-pci\n", "softdep nouveau pre: vfio-pci\n"),
        ("softdep", "softdep nouveau pre:vfio-pci\n", "softdep nouveau pre: vfio-pci\n"),
        ("softdep", "softdep nouveau post: vfio-pci\n", "softdep nouveau pre: vfio-pci\n"),
        ("softdep", "softdep drm kvm pre: a post: vfio b\n", "softdep drm pre: kvm a vfio post: b\n"),
        ("verb", f"# mine \\\n{RIGHT}", f"# mine\n{RIGHT}"),
        ("verb", f"{RIGHT[:-1]} \\\nsoftdep nouveau pre: vfio-pci\n", f"{RIGHT}softdep nouveau pre: vfio-pci\n"),
        ("verb", f"# a \\\n# b \\\n{RIGHT}", f"# a \\\n# b\n{RIGHT}"),
    ],
)
def test_a_line_is_mended_and_then_has_no_fault(kind: str, text: str, right: str) -> None:
    (fault,) = modprobe_faults.faults(text)
    assert fault.kind == kind and fault.text in text.replace("\r", "")
    assert modprobe_faults.repaired(text, kind) == right
    assert modprobe_faults.faults(right) == ()


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        'options vfio-pci ids="10de:13c2,10de:0fbb" disable_vga=1\n',
        "options vfio-pci\n",
        "options snd-hda-intel index = 1\n",
        "softdep nouveau pre: vfio-pci post: drm\n",
        "softdep vfio-pci post: vfio\n",
        "install vfio-pci /usr/local/bin/bind.sh\n",
        "# option vfio-pci ids=1:2\n",
        f"# mine \\\r\n{RIGHT}",
        f"# mine \\\n\n{RIGHT}",
        f"# mine \\\n# yours\n{RIGHT}",
        f"options vfio-pci \\\n  ids={PAIR}\n",
        "include /etc/other\n",
        "vfio-pci\n",
        "options vfio_iommu_type1 allow_unsafe_interrupts=1 disable_hugepages=1\n",
    ],
)
def test_what_kmod_takes_or_nobody_can_read_is_no_fault(text: str) -> None:
    assert modprobe_faults.faults(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "option", "softdep", "softdep a", "softdep a b:c pre:", "options vfio-pci =", "options vfio-pci , ,",
        "options vfio-pci ids=\0", "\ufeffoptions vfio-pci ids=a", "option\\", "option \\\n\\\n",
        "softdep \\\n a \\\n b", "# \\\noptions a b \\\noptions c d \\", "options a \\\n" * 9000,
        "options vfio-pci " + "10de:13c2 " * 20000, "softdep a " + "b " * 50000, "=" * 100000, "option " + " " * 100000,
    ],
    ids=range(17),
)  # fmt: skip
def test_odd_texts_have_faults_or_none_and_mending_settles(text: str) -> None:
    for kind in ("verb", "options", "softdep"):
        once = modprobe_faults.repaired(text, kind)
        assert modprobe_faults.repaired(once, kind) == once


@pytest.mark.parametrize(
    ("text", "options", "right", "moved"),
    [
        (f"vfio\nvfio_pci ids={PAIR}\n", False, "vfio\nvfio_pci\n", [("options", "vfio_pci", f"ids={PAIR}")]),
        ("vfio vfio_pci\r\nkvm\r\n", False, "vfio\r\nvfio_pci\r\nkvm\r\n", []),
        ("vfio_pci # early\n", False, "vfio_pci\n# early\n", []),
        (f"vfio kvm vfio_pci ids={PAIR}\n", True, f"vfio\nkvm\nvfio_pci ids={PAIR}\n", []),
        ("softdep nouveau pre: vfio\nvfio", True, "vfio", [("softdep", "nouveau", "pre: vfio")]),
        ("blacklist nouveau\n", False, "", [("blacklist", "nouveau", "")]),
        ("vfio vfio_pci\nvfio", False, "vfio_pci\nvfio", []),
    ],
)
def test_a_list_gets_one_module_a_line(text: str, options: bool, right: str, moved: list[tuple[str, str, str]]) -> None:
    assert len(list_faults.faults(text, options)) == 1
    after, statements = list_faults.repaired(text, options)
    assert (after, [tuple(s) for s in statements]) == (right, moved)
    assert list_faults.faults(after, options) == ()


@pytest.mark.parametrize(
    "text", ["", "# a b\n", "; a b\n", "vfio\n", "\0 b\n", "a=b c\n", "\ufeffvfio kvm\n", "options\n"]
)
def test_lines_that_are_one_name_or_none_stay(text: str) -> None:
    assert list_faults.faults(text, False) == ()
    assert list_faults.repaired(text, False) == (text, ())


def test_options_behind_a_name_are_what_initramfs_tools_takes() -> None:
    assert list_faults.faults(f"vfio_pci ids={PAIR} disable_vga=1\n", True) == ()
