"""These tests need VFIOTUI_LAB; without it they are left out."""

from __future__ import annotations

import pytest

from tests.lab.machine import Lab, lab_from_environment


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
