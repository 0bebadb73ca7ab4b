"""Options, blacklists, softdep and install lines that go wherever they stand, and nothing beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import CLEAN
from tests.plan.guest.definitions import planned
from vfiotui.demo.description import Host
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError

KVM = "/etc/modprobe.d/kvm.conf"


def host(text: str, words: str = "", **files: str) -> Host:
    line = {"cmdline": f"{CLEAN.cmdline} {words}", "default_cmdline": f"quiet {words}"} if words else {}
    return replace(CLEAN, files={**CLEAN.files, KVM: text, **files}, **line)  # type: ignore[arg-type]


def after(plan: Plan, path: str) -> bytes | None:
    (step,) = (s for s in plan.steps if s.subject == path)
    return step.after


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("options kvm_amd avic=0\n", b""),
        ("# mine\noptions kvm_amd avic=0 nested=1\n", b"# mine\noptions kvm_amd nested=1\n"),
        ("options kvm-amd avic=0\r\noptions kvm_intel x=1\r\n", b"options kvm_intel x=1\r\n"),
        ("options kvm_amd \\\n  avic=0 npt=1\n", b"options kvm_amd npt=1\n"),
    ],
)
def test_an_option_goes_from_its_line(text: str, wanted: bytes) -> None:
    assert after(planned(host(text), ("modprobe.option.drop", "kvm_amd avic")), KVM) == wanted


def test_an_option_goes_from_files_and_words_alike() -> None:
    plan = planned(host("options kvm_amd avic=0\n", "kvm-amd.avic=0"), ("modprobe.option.drop", "kvm_amd avic"))
    assert after(plan, KVM) == b""
    assert b"avic" not in (after(plan, "/etc/default/grub") or b"avic")


def test_a_packages_file_is_named_and_not_edited() -> None:
    packaged = "/usr/lib/modprobe.d/kvm2.conf"
    with pytest.raises(PlanError, match=r"belongs to a package: copy it to /etc/modprobe\.d/kvm2\.conf"):
        planned(host("", **{packaged: "options kvm_amd avic=0\n"}), ("modprobe.option.drop", "kvm_amd avic"))
    hidden = host("", **{packaged: "options kvm_amd avic=0\n", "/etc/modprobe.d/kvm2.conf": "\n"})
    assert planned(hidden, ("modprobe.option.drop", "kvm_amd avic")).steps == ()


def test_a_blacklist_goes_from_files_and_from_the_list_of_a_word() -> None:
    plan = planned(
        host("blacklist i915\nblacklist nouveau\n", "module_blacklist=i915,nouveau"),
        ("modprobe.blacklist.drop", "i915"),
    )
    assert after(plan, KVM) == b"blacklist nouveau\n"
    assert b"module_blacklist=nouveau" in (after(plan, "/etc/default/grub") or b"")


def test_install_and_softdep_lines_go() -> None:
    text = "install vfio-pci /x.sh\nsoftdep nouveau pre: vfio-pci drm\n"
    assert after(planned(host(text), ("modprobe.install.drop", "vfio-pci")), KVM) == (
        b"softdep nouveau pre: vfio-pci drm\n"
    )
    assert b"pre: drm" in (after(planned(host(text), ("modprobe.softdep.drop", "nouveau")), KVM) or b"")


@pytest.mark.parametrize(
    "goal",
    [
        ("modprobe.option.drop", "kvm_amd"),
        ("modprobe.option.drop", "kvm amd avic"),
        ("modprobe.blacklist.drop", "a b"),
        ("modprobe.install.drop", "../x"),
        ("modprobe.softdep.drop", ""),
    ],
)
def test_what_is_no_name_is_refused(goal: tuple[str, str]) -> None:
    with pytest.raises(PlanError, match="is no"):
        planned(host(""), goal)
