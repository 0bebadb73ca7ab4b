"""Versions of libvirt and QEMU from what is installed, and rules that are valid for some of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts.guest_texts import changed
from tests.hosts.guests import FINE_HOST
from tests.machines import facts_of
from tests.trees import folder_root
from vfiotui.demo.description import GuestDesc
from vfiotui.host.guest import versions
from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.report import level
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.versions import Versions
from vfiotui.rules import rule_of

DPKG = """Package: qemu-system-data
Status: install ok installed
Version: 1:9.9

Package: qemu-system-x86
Status: {}
Architecture: amd64
Version: 1:7.2+dfsg-7+deb12u1

Package: zsh
Status: install ok installed
Version: 5.9-4
"""


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        ("/var/lib/dpkg/status", DPKG.format("install ok installed"), (7, 2)),
        ("/var/lib/dpkg/status", DPKG.format("deinstall ok config-files"), None),
        ("/var/lib/pacman/local/qemu-base-10.1.0-2/desc", "", (10, 1)),
        ("/var/lib/pacman/local/qemu-audio-pipewire-10.1.0-2/desc", "", None),
        ("/lib/apk/db/installed", "C:x\nP:qemu-system-x86_64\nV:9.2.0-r1\n", (9, 2)),
        ("/var/db/pkg/app-emulation/qemu-9.1.2-r1/PF", "", (9, 1)),
        ("/var/lib/dpkg/status", "Package: qemu-system-x86\nStatus: install ok installed\nVersion: ten\n", None),
    ],
)
def test_qemus_version_is_that_of_its_package(
    path: str, content: str, found: tuple[int, int] | None, tmp_path: Path
) -> None:
    said = versions.qemu(folder_root(tmp_path, {path: content}))
    assert (None if isinstance(said, Unread) else said) == found


def test_libvirts_version_stands_in_the_name_of_its_library(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/usr/lib64/libvirt.so.0": "", "/usr/lib64/libvirt.so.0.12002.0": ""})
    assert versions.libvirt(root) == (12, 2)
    assert isinstance(versions.libvirt(folder_root(tmp_path / "none", {"/usr/lib/libvirt.so.0": ""})), Unread)


def test_the_word_of_the_daemon_goes_first() -> None:
    virt = Virt("qemu:///system", True, "", "9.0.0", "7.2.22", (), installed=Versions((12, 2), (11, 0)))
    assert virt.versions == Versions((9, 0), (7, 2))
    assert replace(virt, libvirt_version="", hypervisor_version="").versions == virt.installed


OLD, NEW, NOWHERE = "pc-q35-5.2", "pc-q35-9.2", "q35"


def asked(code: str, guest: GuestDesc, libvirt: str | None, qemu: str | None) -> str:
    """The word of one rule; a version of None is not shown."""
    files: dict[str, str | bytes] = {}
    if qemu is not None:
        status = "Status: install ok installed"
        files["/var/lib/dpkg/status"] = f"Package: qemu-system-x86\n{status}\nVersion: {qemu}\n"
    host = replace(
        FINE_HOST,
        guests=(guest,),
        libvirt=libvirt or "1.0.0",
        files={**FINE_HOST.files, **files},
        remove=(*FINE_HOST.remove, *(() if libvirt else ("/usr/lib/x86_64-linux-gnu",))),
        cpu=replace(FINE_HOST.cpu, isolated="0-2,4-6"),
    )
    rule = rule_of(code)
    assert rule is not None
    return level(rule.ask(facts_of(host))[0])


def line(machine: str, *arguments: str, env: str = "") -> GuestDesc:
    args = "".join(f"<qemu:arg value='{a}'/>" for a in arguments)
    end = f"<qemu:commandline>{args}{env}</qemu:commandline></domain>"
    return changed(("pc-q35-9.2", machine), ("</domain>", end))


AUDIO = "<qemu:env name='QEMU_AUDIO_DRV' value='pa'/>"


@pytest.mark.parametrize(
    ("code", "guest", "libvirt", "qemu", "said"),
    [
        ("GUEST-QEMU-AUDIO", line(NOWHERE, env=AUDIO), "9.0.0", "1:7.2", "holds"),
        ("GUEST-QEMU-AUDIO", line(NOWHERE, env=AUDIO), "9.0.0", "1:8.2", "fail"),
        ("GUEST-QEMU-AUDIO", line(OLD, env=AUDIO), "9.0.0", "1:8.2", "fail"),
        ("GUEST-QEMU-AUDIO", line(NEW, env=AUDIO), None, None, "fail"),
        ("GUEST-QEMU-AUDIO", line(OLD, env=AUDIO), "9.0.0", None, "unknown"),
        ("GUEST-ARG-READONLY", line(OLD, "-drive", "readonly"), None, "1:5.2", "holds"),
        ("GUEST-ARG-READONLY", line(OLD, "-drive", "readonly"), None, None, "info"),
        ("GUEST-IVSHMEM", line(OLD, "-device", "ivshmem-plain,x=y"), "7.0.0", None, "holds"),
        ("GUEST-IVSHMEM", line(OLD, "-device", "ivshmem-plain,x=y"), "9.0.0", "1:7.2", "warn"),
        ("GUEST-IVSHMEM", line(NEW, "-device", "ivshmem-plain,x=y"), None, None, "unknown"),
        ("PIN-UNPINNED-ISOLATED", changed(("<emulatorpin cpuset='0,4'/>", "")), "10.3.0", None, "info"),
        ("PIN-UNPINNED-ISOLATED", changed(("<emulatorpin cpuset='0,4'/>", "")), "10.4.0", None, "holds"),
        ("PIN-UNPINNED-ISOLATED", changed(("<emulatorpin cpuset='0,4'/>", "")), None, None, "unknown"),
    ],
)
def test_a_rule_that_is_valid_for_some_versions_reads_the_version(
    code: str, guest: GuestDesc, libvirt: str | None, qemu: str | None, said: str
) -> None:
    assert asked(code, guest, libvirt, qemu) == said
