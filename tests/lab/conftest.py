"""The tests of a machine need VFIOTUI_LAB; without it they are left out. A boot takes as long as the host needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.machine import Lab, lab_from_environment

HERE = Path(__file__).parent
SECONDS = 4 * 3600
"""Every command to a machine has its own limit; this one is that of a whole test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def machine() -> Lab:
    """The machine, in whatever state it is."""
    found = lab_from_environment()
    if found is None:
        pytest.skip("VFIOTUI_LAB names no lab command: 'make lab' takes minutes for each boot")
    return found


@pytest.fixture(scope="module")
def lab(machine: Lab) -> Lab:
    """A fresh machine; the tests of a file follow one another on it."""
    machine.fresh()
    return machine
