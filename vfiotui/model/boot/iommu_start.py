"""Whether a kernel switches the IOMMU on, by its configuration and its words: what a disk that does not run shows.

Sources: drivers/iommu/intel/Kconfig and iommu.c (no_iommu, dmar_disabled, platform_optin_force_iommu),
drivers/iommu/amd/init.c, arch/x86/kernel/pci-dma.c (iommu=off), drivers/iommu/Kconfig (ARM_SMMU, ARM_SMMU_V3).
"""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.cmdline import CommandLine

ARM = ("ARM_SMMU_V3", "ARM_SMMU")


@dataclass(frozen=True, slots=True)
class IommuStart:
    """What a kernel does with the IOMMU of one maker, where the firmware offers one."""

    maker: str
    """Intel, AMD or ARM."""
    on: bool | None
    """None where the configuration does not tell."""
    why: str
    """What decides: a word, or a line of the configuration."""
    but: str = ""
    """What is left out all the same."""


def iommu_starts(config: Mapping[str, str], line: CommandLine) -> tuple[IommuStart, ...]:
    """One answer for each maker whose IOMMU a kernel of this processor could meet.

    >>> [(s.maker, s.on) for s in iommu_starts({"INTEL_IOMMU": "y", "AMD_IOMMU": "y"}, CommandLine("", ""))]
    [('Intel', False), ('AMD', True)]
    """
    if any(name in config for name in ARM):
        built = [name for name in ARM if config.get(name) in ("y", "m")]
        return (IommuStart("ARM", bool(built), f"CONFIG_{built[0]}" if built else "CONFIG_ARM_SMMU is not set"),)
    return (_intel(config, line), _amd(config, line))


def _all_off(line: CommandLine) -> str:
    """The word that switches every IOMMU of an x86 machine off; off and soft stay, whatever follows."""
    found = [f"iommu={option}" for option in line.options("iommu") if option in ("off", "soft")]
    return found[-1] if found else ""


def _intel(config: Mapping[str, str], line: CommandLine) -> IommuStart:
    built = config.get("INTEL_IOMMU")
    if built not in ("y", "m", "n"):
        return IommuStart("Intel", None, "the configuration does not mention CONFIG_INTEL_IOMMU")
    if built != "y":
        return IommuStart("Intel", False, "CONFIG_INTEL_IOMMU is not set")
    asked = [o for o in line.options("intel_iommu") if o in ("on", "off")]
    word = _all_off(line) or ("intel_iommu=off" if asked[-1:] == ["off"] else "")
    if word:
        return IommuStart("Intel", False, word)
    if asked:
        return IommuStart("Intel", True, "intel_iommu=on")
    if config.get("INTEL_IOMMU_DEFAULT_ON") == "y":
        return IommuStart("Intel", True, "CONFIG_INTEL_IOMMU_DEFAULT_ON=y")
    if config.get("INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF") == "y":
        return IommuStart("Intel", True, "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y", "the integrated graphics")
    return IommuStart("Intel", False, "CONFIG_INTEL_IOMMU_DEFAULT_ON is not set, and intel_iommu=on is not given")


def _amd(config: Mapping[str, str], line: CommandLine) -> IommuStart:
    built = config.get("AMD_IOMMU")
    if built not in ("y", "m", "n"):
        return IommuStart("AMD", None, "the configuration does not mention CONFIG_AMD_IOMMU")
    if built != "y":
        return IommuStart("AMD", False, "CONFIG_AMD_IOMMU is not set")
    word = _all_off(line) or ("amd_iommu=off" if "off" in line.options("amd_iommu") else "")
    return IommuStart("AMD", not word, word or "CONFIG_AMD_IOMMU=y")
