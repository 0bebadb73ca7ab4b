"""Settings of GRUB, kernel words and lists of dracut that are not taken as they were meant, and what mending gives."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from vfiotui.formats.initramfs import dracut_faults
from vfiotui.formats.loaders import cmdline_faults, grub_faults, kernel_cmdline
from vfiotui.formats.refused import EditRefused
from vfiotui.model.boot.cmdline import CommandLine

DEFAULT = "GRUB_CMDLINE_LINUX_DEFAULT"


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        ("name", 'GRUB_CMDLINE_LINUX_DEFUALT="quiet"\n', f'{DEFAULT}="quiet"\n'),
        ("name", f'{DEFAULT}="a"\nGRUB_CMD_LINUX_DEFAULT="b c"\n', f'{DEFAULT}="a b c"\n'),
        ("name", f'GRUB_CMDLINE_LINUX_DEFAUL="b"\n{DEFAULT}=""\n', f'{DEFAULT}="b"\n'),
        ("quotes", f"{DEFAULT}=quiet iommu=pt\n", f'{DEFAULT}="quiet iommu=pt"\n'),
        ("quotes", f"{DEFAULT}=quiet splash # x\n", f'{DEFAULT}="quiet splash" # x\n'),
        ("quotes", f'{DEFAULT} = "quiet"\r\n', f'{DEFAULT}="quiet"\r\n'),
        ("quotes", f'{DEFAULT}= "quiet splash"\n', f'{DEFAULT}="quiet splash"\n'),
        ("quotes", f"{DEFAULT}=\u201cquiet splash\u201d\n", f'{DEFAULT}="quiet splash"\n'),
        ("quotes", f'{DEFAULT}="quiet\nGRUB_TIMEOUT=5\n', f'{DEFAULT}="quiet"\nGRUB_TIMEOUT=5\n'),
        ("quotes", f'{DEFAULT}="quiet x="a b""\n', f"{DEFAULT}='quiet x=\"a b\"'\n"),
        ("quotes", f'{DEFAULT}="quiet\n splash"\nGRUB_TIMEOUT=5\n', f'{DEFAULT}="quiet splash"\nGRUB_TIMEOUT=5\n'),
        ("quotes", f"{DEFAULT}='quiet\r\nsplash\r\n' # x\r\n", f"{DEFAULT}='quiet splash' # x\r\n"),
        ("quotes", f'{DEFAULT}="quiet\n"', f'{DEFAULT}="quiet"'),
    ],
)
def test_a_line_of_grubs_settings_is_mended(kind: str, text: str, right: str) -> None:
    (fault,) = grub_faults.faults(text)
    assert fault.kind == kind
    assert grub_faults.repaired(text, kind) == right
    assert grub_faults.faults(right) == ()


@pytest.mark.parametrize(
    "text",
    [
        f'{DEFAULT}="quiet" # mine\nGRUB_CMDLINE_LINUX=""\n',
        f"{DEFAULT}='quiet splash'\n",
        f'{DEFAULT}="quiet \\\n splash"\nGRUB_TIMEOUT=5\n',
        'GRUB_MENU_PICTURE="a\n b"\nGRUB_TIMEOUT=5\n',
        'GRUB_CMDLINE_LINUX_MINE="a"\n' + f'{DEFAULT}="$GRUB_CMDLINE_LINUX_MINE"\n',
        "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n",
        "GRUB_DISTRIBUTOR=$( . /etc/os-release; echo ${NAME:-Ubuntu} )\n",
        'GRUB_CMDLINE_XEN_DEFAULT="iommu=on"\n',
        f'#{DEFAULT}=a b\nexport {DEFAULT}="x"\n',
        f"{DEFAULT}=\n",
        f'{DEFAULT}="a"; GRUB_TIMEOUT=3\n',
    ],
)
def test_what_the_shell_takes_as_it_was_meant_is_no_fault(text: str) -> None:
    assert grub_faults.faults(text) == ()


@pytest.mark.skipif(shutil.which("sh") is None, reason="no sh")
@pytest.mark.parametrize(
    ("line", "value"),
    [
        (f"{DEFAULT}=quiet iommu=pt", "quiet"),
        (f"{DEFAULT}=quiet splash-that-is-no-command", None),
        (f'{DEFAULT} = "quiet"', None),
        (f'{DEFAULT}="quiet x="a b-that-is-no-command""', None),
    ],
)
def test_the_shell_takes_such_lines_as_is_said(line: str, value: str | None) -> None:
    script = f'set -e\n{line}\nprintf %s "${DEFAULT}"\n'
    done = subprocess.run(("sh", "-c", script), capture_output=True, text=True, timeout=20, check=False)
    (fault,) = grub_faults.faults(line)
    assert ("grub-mkconfig fails" in fault.sentence) == (done.returncode != 0)
    assert done.returncode != 0 if value is None else done.stdout == value
    mended = f'set -e\n{grub_faults.repaired(line, "quotes")}\nprintf %s "${DEFAULT}"\n'
    again = subprocess.run(("sh", "-c", mended), capture_output=True, text=True, timeout=20, check=False)
    assert again.returncode == 0 and again.stdout.startswith("quiet")


def test_words_of_a_computed_variable_are_not_moved() -> None:
    with pytest.raises(EditRefused, match="by hand"):
        grub_faults.repaired(f'{DEFAULT}="a"\nGRUB_CMDLINE_LINUX_DEFUALT="$(cat /x)"\n', "name")


@pytest.mark.parametrize(
    "text",
    [
        "GRUB_A=" + " " * 200000 + "x", f"{DEFAULT}=" + "'" * 5001, "GRUB_B= \n" * 20000, f'{DEFAULT}="' * 5000,
        f'{DEFAULT}="a\n$(b)\n"\n', f'{DEFAULT}="a\n{"b" * 9}' * 3000, f'{DEFAULT}="{"a" * 9}\n"' * 3000,
        "GRUB_CMDLINE_LINUX_DEFUALT=x\n" * 3000, "\0" * 1000, f"\ufeff{DEFAULT}=a b\n", f"{DEFAULT}=a b\0c\n",
    ],
    ids=range(11),
)  # fmt: skip
def test_odd_settings_give_an_answer(text: str) -> None:
    assert len(grub_faults.faults(text)) <= grub_faults.MOST
    assert isinstance(grub_faults.repaired(text, "quotes"), str)


@pytest.mark.parametrize(
    ("line", "kind", "words", "right"),
    [
        ("quiet allow_unsafe_interrupts=1", "bare", 1, "vfio_iommu_type1.allow_unsafe_interrupts=1"),
        ("ids=10de:1,10de:2", "bare", 1, "vfio-pci.ids=10de:1,10de:2"),
        ("vfio-pci:ids=10de:1", "misspelt", 1, "vfio-pci.ids=10de:1"),
        ("vfio_pci.id=10de:1 x", "misspelt", 1, "vfio-pci.ids=10de:1"),
        ("vfio-pci.ids:10de:13c2,10de:0fbb", "misspelt", 1, "vfio-pci.ids=10de:13c2,10de:0fbb"),
        ("intel_iommu:on", "misspelt", 1, "intel_iommu=on"),
        ("amd_iommu_on", "misspelt", 1, "amd_iommu=on"),
        ("intel_iomu=on", "misspelt", 1, "intel_iommu=on"),
        ("vfio-pci.ids=10de:1, 10de:2 10de:3 q", "list", 3, "vfio-pci.ids=10de:1,10de:2,10de:3"),
        ("vfio-pci.ids=10de:1;10de:2", "list", 1, "vfio-pci.ids=10de:1,10de:2"),
        ("vfio-pci.ids=\u201c10de:1\u201d", "list", 1, "vfio-pci.ids=10de:1"),
        ("video=vesafb:off,efifb:off", "video", 1, ""),
    ],
)
def test_a_dead_word_is_named_with_what_was_meant(line: str, kind: str, words: int, right: str) -> None:
    (fault,) = cmdline_faults.faults(CommandLine(line, ""))
    assert (fault.kind, len(fault.words), " ".join(fault.right)) == (kind, words, right)
    assert cmdline_faults.faults(CommandLine(right, "")) == ()


@pytest.mark.parametrize(
    "line",
    [
        "root=/dev/sda1 ro quiet splash iommu=pt intel_iommu=on,sm_on vfio-pci.ids=10de:1,10de:2 video=efifb:off",
        "iommu.strict=0 iommu.passthrough=1 nohz=on pcie_ports=native kvm-intel.nested=1 video=1920x1080 pci=nommconf",
        "vfio-pci.ids=10de:1:ffffffff:ffffffff:030000:ffff0000 isolcpus=domain,managed_irq,2-5 -- ids=1:2",
        "", "=", "==", '"', "vfio-pci.ids=", "vfio-pci.ids", "ids", "video=", "a" * 5000,
    ],
)  # fmt: skip
def test_words_of_the_kernel_are_no_faults(line: str) -> None:
    assert cmdline_faults.faults(CommandLine(line, "")) == ()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('add_drivers+="vfio vfio_pci"\n', 'add_drivers+=" vfio vfio_pci "\n'),
        ("force_drivers+='vfio '\r\n", "force_drivers+=' vfio '\r\n"),
        ("add_drivers+=vfio # x\n", 'add_drivers+=" vfio "\n'),
        ('add_drivers+=" vfio "\nadd_drivers="vfio"\nhostonly+="x"\nadd_drivers+="$A"\nadd_drivers+=""\n', ""),
    ],
)
def test_lists_of_dracut_get_blanks_at_both_ends(text: str, right: str) -> None:
    assert dracut_faults.repaired(text) == (right or text)


def test_proxmox_reads_the_first_line_and_all_words_can_be_brought_there() -> None:
    text = "root=ZFS=rpool boot=zfs\niommu=pt\n# mine\n"
    assert kernel_cmdline.first_line(text) == ("root=ZFS=rpool", "boot=zfs")
    after = kernel_cmdline.joined(text)
    assert after == "root=ZFS=rpool boot=zfs iommu=pt\n# mine\n"
    assert kernel_cmdline.joined(after) == after
    assert kernel_cmdline.joined("# mine\r\na\r\n") == "a\r\n# mine\r\n"
