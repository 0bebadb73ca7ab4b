"""A firmware that opts in to DMA protection starts the IOMMU of some kernels that leave it off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import known_facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.pci.iommu import Dmar, Firmware
from vfiotui.rules import rule_of


@pytest.mark.parametrize(("flags", "severity"), [(0b001, Severity.FAIL), (0b101, Severity.WARN)])
def test_a_default_of_off_is_milder_where_the_firmware_opts_in(flags: int, severity: Severity) -> None:
    facts = known_facts("intel-default-off")
    firmware = facts.firmware
    assert isinstance(firmware, Firmware) and isinstance(firmware.dmar, Dmar)
    changed = replace(facts, firmware=replace(firmware, dmar=replace(firmware.dmar, flags=flags)))
    rule = rule_of("IOMMU-INTEL-DEFAULT")
    assert rule is not None
    (finding,) = rule.ask(changed)
    assert finding.severity is severity
    assert ("Thunderbolt" in finding.sentence) == (severity is Severity.WARN)
