"""A disk that is only mounted: the next boot's kernel and words tell whether the IOMMU starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfiotui.host.gather import gather
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.iommu_start import iommu_starts
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.rules import catalogue

BOTH = "CONFIG_INTEL_IOMMU=y\nCONFIG_AMD_IOMMU=y\n"
OFF = "# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n"
ON = "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n"


def disk(folder: Path, config: str | bytes | None, *lines: str) -> dict[str, Finding]:
    """What IOMMU-OFF says of a disk with this kernel, and an entry for each line of words; by subject."""
    entries = "".join(
        f"menuentry 'Debian {n}' {{\n linux /boot/vmlinuz-6.12.9 root=/dev/sda1 ro {line}\n}}\n"
        for n, line in enumerate(lines)
    )
    files: dict[str, str | bytes] = {
        "etc/os-release": "ID=debian\n",
        "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT=""\n',
        "boot/grub/grub.cfg": f"set default=0\n{entries}",
        "boot/vmlinuz-6.12.9": "kernel",
        "lib/modules/6.12.9/modules.builtin": "",
    }
    if config is not None:
        files["boot/config-6.12.9"] = config
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    facts = gather(Root.mounted(str(folder)), Unread("was not asked for"))
    rule = next(r for r in catalogue() if r.code == "IOMMU-OFF")
    return {f.subject: f for f in rule.ask(facts)}


@pytest.mark.parametrize(
    ("config", "words", "intel", "amd"),
    [
        (BOTH + ON, "", True, True),
        (BOTH + OFF, "", False, True),
        (BOTH + OFF, "intel_iommu=on", True, True),
        (BOTH + OFF, "intel_iommu=on intel_iommu=off", False, True),
        (BOTH + ON, "intel_iommu=igfx_off", True, True),
        (BOTH + ON, "amd_iommu=off", True, False),
        (BOTH + ON, "iommu=off", False, False),
        (BOTH + ON, "iommu=pt", True, True),
        ("# CONFIG_AMD_IOMMU is not set\n# CONFIG_INTEL_IOMMU is not set\n", "intel_iommu=on", False, False),
        ("CONFIG_AMD_IOMMU=y\n", "", None, True),
        ("CONFIG_KVM=m\n", "", None, None),
    ],
)
def test_on_off_or_not_known(tmp_path: Path, config: str, words: str, intel: bool | None, amd: bool | None) -> None:
    verdict = {True: Verdict.PASSED, False: Verdict.FAILED, None: Verdict.NOT_CHECKED}
    found = disk(tmp_path, config, words)
    assert {maker: f.verdict for maker, f in found.items()} == {"Intel": verdict[intel], "AMD": verdict[amd]}
    for finding in found.values():
        if finding.verdict is Verdict.FAILED:
            # Whose processor it is, a disk does not tell: sure is only what holds for both.
            assert finding.fix is not None
            assert finding.severity is (Severity.FAIL if intel is amd is False else Severity.INFO)


def test_the_fix_is_the_word_that_decides(tmp_path: Path) -> None:
    found = disk(tmp_path, BOTH + ON, "quiet amd_iommu=off")["AMD"]
    assert found.fix is not None and found.fix.goal == (("cmdline.remove", "amd_iommu=off"),)
    found = disk(tmp_path, BOTH + OFF, "quiet")["Intel"]
    assert found.fix is not None and found.fix.goal == (("cmdline.add", "intel_iommu=on"),)


def test_the_integrated_graphics_may_be_left_out() -> None:
    intel, _ = iommu_starts({"INTEL_IOMMU": "y", "INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF": "y"}, CommandLine("", ""))
    assert intel.on and intel.but == "the integrated graphics"


def test_a_kernel_for_arm() -> None:
    assert [s.on for s in iommu_starts({"ARM_SMMU_V3": "y"}, CommandLine("iommu=off", ""))] == [True]
    (arm,) = iommu_starts({"ARM_SMMU_V3": "n", "ARM_SMMU": "n"}, CommandLine("", ""))
    assert arm.on is False and "not set" in arm.why


@pytest.mark.parametrize("config", [None, b"\0\xff\xfe", b"CONFIG_INTEL_IOMMU=y" * 10, b"\xef\xbb\xbf\r\n"])
def test_a_configuration_that_tells_nothing(tmp_path: Path, config: bytes | None) -> None:
    for finding in disk(tmp_path, config, "").values():
        assert finding.verdict is Verdict.NOT_CHECKED, finding
