"""sysctl.d: the line in force is changed, whichever way its key is spelt."""

from __future__ import annotations

import pytest
from hypothesis import assume, given

from tests.formats.edits import HOSTILE, files, is_local
from vfiotui.formats.system import sysctl

PIECES = [
    "",
    "# vm.swappiness = 1",
    "; x=1",
    "vm.swappiness=10",
    "-vm/swappiness = 20 ",
    "kernel.split_lock_mitigate = 0",
]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "vm.swappiness = 5\n"),
        ("a.b=1", "a.b=1\nvm.swappiness=5"),
        ("#x\r\n", "#x\r\nvm.swappiness = 5\r\n"),
        ("vm/swappiness\t=\t60 \r\n", "vm/swappiness\t=\t5 \r\n"),
        ("-vm.swappiness=1\n", "-vm.swappiness=5\n"),
        ("vm.swappiness=1\nvm.swappiness=2\n", "vm.swappiness=1\nvm.swappiness=5\n"),
        ("vm.swappiness=\n", "vm.swappiness=5\n"),
        ("vm.swappiness = 5\n", "vm.swappiness = 5\n"),
        ("vm.swappiness\n", "vm.swappiness\nvm.swappiness = 5\n"),
    ],
)
def test_a_key_gets_its_value(before: str, after: str) -> None:
    assert sysctl.set_value(before, "vm.swappiness", "5") == after


def test_both_spellings_name_one_path() -> None:
    text = "net.ipv4.conf.enp3s0/200.forwarding = 1\nnet/ipv4/conf/enp3s0.200/forwarding = 0\n"
    assert sysctl.settings(text) == (
        ("net/ipv4/conf/enp3s0.200/forwarding", "1"),
        ("net/ipv4/conf/enp3s0.200/forwarding", "0"),
    )
    assert sysctl.remove(text, "net/ipv4/conf/enp3s0.200/forwarding") == ""


@pytest.mark.parametrize(
    ("key", "value"), [("a b", "1"), ("#a", "1"), ("-a", "1"), ("", "1"), ("a", "1\n2"), ("a=b", "1")]
)
def test_what_sysctl_would_read_otherwise_is_never_written(key: str, value: str) -> None:
    with pytest.raises(ValueError):
        sysctl.set_value("", key, value)


@given(HOSTILE | files(PIECES))
def test_edits_are_local_idempotent_and_undone_by_their_opposite(text: str) -> None:
    assert sysctl.remove(text, "never.named") == text
    edited = sysctl.set_value(text, "vm.nr_hugepages", "8")
    assert is_local(text, edited) and sysctl.set_value(edited, "vm.nr_hugepages", "8") == edited
    changed = sysctl.set_value(text, "vm.swappiness", "7")
    assert is_local(text, changed) and dict(sysctl.settings(changed))["vm/swappiness"] == "7"
    assume("hugepages" not in text)
    assert sysctl.remove(edited, "vm.nr_hugepages") == text
    assert sysctl.settings(edited) == (*sysctl.settings(text), ("vm/nr_hugepages", "8"))
