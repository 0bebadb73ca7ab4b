"""The kind of a host is recognised by several marks, and marks that contradict the kernel count for nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.host.capture.captures import captured
from tests.hosts import CLEAN, HOSTS
from tests.hosts.odd import ARM
from tests.requirements import need
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host
from vfiotui.host.boot import host_kind
from vfiotui.host.boot.container_marks import INITIAL, NAMESPACE
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Node, Symlink
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.host_kind import HostKind, Kind

OWN = "pid:[4026532571]"


def kind_of(host: Host, **nodes: Node) -> HostKind:
    """The kind of a described host with more nodes, by their paths."""
    found = reading(host, Mode.CAPTURE, **nodes)
    assert isinstance(found, HostKind)
    return found


def reading(host: Host, mode: Mode, **nodes: Node) -> Reading[HostKind]:
    return host_kind.read(Root(MemoryTree({**build(host), **nodes}), mode, "/m"))


def with_files(**files: str | bytes) -> Host:
    return replace(CLEAN, files={**CLEAN.files, **files})


PID_1 = {
    "systemd": {"/run/systemd/container": "lxc\n"},
    "the environment": {"/proc/1/environ": b"TERM=linux\0container=lxc\0"},
    "the control group": {"/proc/1/cgroup": "0::/lxc.payload.box/init.scope\n"},
}


@pytest.mark.parametrize("marks", PID_1.values(), ids=PID_1)
@pytest.mark.parametrize(("namespace", "kind"), [(OWN, Kind.CONTAINER), (INITIAL, Kind.PHYSICAL)])
def test_what_pid_1_shows_counts_unless_it_is_the_first_of_the_machine(
    marks: dict[str, str | bytes], namespace: str, kind: Kind
) -> None:
    found = kind_of(with_files(**marks), **{NAMESPACE: Symlink(namespace)})
    assert found.kind is kind
    assert bool(found.doubts) is (kind is Kind.PHYSICAL)


def test_a_word_of_the_kernel_line_makes_no_container() -> None:
    # The kernel hands words with "=" that it does not know to PID 1 as its environment.
    host = with_files(**{"/proc/1/environ": b"container=lxc\0", "/run/systemd/container": "lxc\n"})
    assert kind_of(host, **{NAMESPACE: Symlink(INITIAL)}).kind is Kind.PHYSICAL


@pytest.mark.parametrize("mark", ["/run/.containerenv", "/.flatpak-info"])
def test_a_toolbox_that_shares_the_processes_of_the_host_is_a_container(mark: str) -> None:
    assert kind_of(with_files(**{mark: ""}), **{NAMESPACE: Symlink(INITIAL)}).kind is Kind.CONTAINER


@pytest.mark.parametrize(("namespace", "kind"), [(OWN, Kind.CONTAINER), (INITIAL, Kind.PHYSICAL)])
def test_the_file_of_docker_counts_in_a_namespace_of_its_own(namespace: str, kind: Kind) -> None:
    found = kind_of(with_files(**{"/.dockerenv": ""}), **{NAMESPACE: Symlink(namespace)})
    assert found.kind is kind
    assert bool(found.doubts) is (kind is Kind.PHYSICAL)


def test_a_namespace_alone_is_a_doubt() -> None:
    found = kind_of(CLEAN, **{NAMESPACE: Symlink(OWN)})
    assert found.kind is Kind.PHYSICAL and found.ordinary
    assert found.doubts == ("the PID namespace is not the initial one, and nothing else speaks of a container",)


def test_wsl_in_its_own_namespace_is_no_container() -> None:
    wsl = replace(HOSTS["wsl2"], files={"/run/systemd/container": "wsl\n"})
    found = kind_of(wsl, **{NAMESPACE: Symlink(OWN)})
    assert (found.kind, found.name, found.doubts) == (Kind.WSL, "WSL2", ())


def test_a_hyper_v_machine_with_a_kernel_of_its_own_name_is_a_virtual_machine() -> None:
    azure = replace(
        HOSTS["vm-cloud"],
        release="6.8.0-1010-azure",
        files={
            "/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n",
            "/sys/class/dmi/id/product_name": "Virtual Machine\n",
        },
    )
    assert kind_of(azure).name == "a virtual machine (Hyper-V)"


def test_the_first_domain_of_xen_is_recognised_without_xenfs() -> None:
    host = HOSTS["xen-dom0"]
    assert kind_of(replace(host, remove=(*host.remove, "/proc/xen"))).kind is Kind.XEN_DOM0
    features = {**host.files, "/sys/hypervisor/properties/features": "zz\n"}
    assert kind_of(replace(host, files=features, remove=(*host.remove, "/proc/xen"))).name == "a virtual machine (Xen)"


def test_a_device_tree_with_an_iommu_leaves_passthrough_open() -> None:
    bare = HOSTS["riscv"]
    assert kind_of(bare).lacks.keys() == {"x86", "firmware setup", "IOMMU"}
    node = {"/proc/device-tree/soc/iommu@3010000/compatible": "riscv,iommu\0"}
    assert kind_of(replace(bare, files={**bare.files, **node})).lacks.keys() == {"x86", "firmware setup"}


def test_a_folder_of_the_boot_that_may_not_be_read_is_named() -> None:
    class Closed(MemoryTree):
        def names(self, path: str) -> list[str]:
            if path == "/boot":
                raise PermissionError(13, "Permission denied")
            return super().names(path)

    found = host_kind.read(Root(Closed(build(CLEAN)), Mode.CAPTURE, "/m"))
    assert isinstance(found, HostKind)
    assert [(u.path, u.why) for u in found.unseen] == [("/boot", Why.FORBIDDEN)]


def test_a_processor_that_may_not_be_read_leaves_the_kind_open() -> None:
    found = reading(CLEAN, Mode.CAPTURE, **{"/proc/cpuinfo": File(b"", mode=0)})
    assert isinstance(found, Unread) and found.path == "/proc/cpuinfo"
    box = with_files(**{"/run/.containerenv": ""})
    assert isinstance(reading(box, Mode.CAPTURE, **{"/proc/cpuinfo": File(b"", mode=0)}), HostKind)


NOTHING_ELSE = (
    # Machines of continuous integration are booted from images of Docker.
    "container | a container (Docker) |"
    if os.path.exists("/.dockerenv")
    else "| the PID namespace is not the initial one, and nothing else speaks of a container"
)
STRANGERS: dict[str, tuple[Host, dict[str, Node], str]] = {
    "gVisor": (
        replace(HOSTS["container-docker"], release="4.4.0", files={"/.dockerenv": ""}),
        {NAMESPACE: Symlink("pid:[1]")},
        "a container (Docker)",
    ),
    "a container of ChromeOS, in a virtual machine": (
        replace(HOSTS["vm-no-nested"], files={"/run/systemd/container": "lxc\n"}),
        {NAMESPACE: Symlink(OWN)},
        "a container (LXC)",
    ),
    "Firecracker, which has no DMI": (
        replace(HOSTS["vm-cloud"], files={}, remove=("/sys/class/dmi",)),
        {},
        "a virtual machine",
    ),
    "a real machine that is rented": (
        with_files(**{"/sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "/sys/class/dmi/id/product_name": "m5.metal\n"}),
        {},
        "a physical machine",
    ),
    "Hyper-V on ARM, where no flag says so": (
        replace(
            HOSTS["vm-arm"],
            files={"/proc/cpuinfo": ARM, "/sys/class/dmi/id/product_name": "Virtual Machine\n"},
            remove=(),
        ),
        {},
        "a virtual machine (Hyper-V)",
    ),
    "a guest of IBM Z's KVM": (
        replace(HOSTS["z-lpar"], files={**HOSTS["z-lpar"].files, "/proc/sysinfo": "VM00 Control Program: KVM/Linux\n"}),
        {},
        "a virtual machine (KVM/Linux)",
    ),
    "a board with an empty model": (
        replace(HOSTS["riscv"], files={**HOSTS["riscv"].files, "/proc/device-tree/model": "\0"}),
        {},
        "a RISC-V machine (sifive,p550)",
    ),
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_strangers_are_what_they_are(stranger: tuple[Host, dict[str, Node], str]) -> None:
    host, nodes, name = stranger
    assert kind_of(host, **nodes).name == name


WHAT = (
    "from vfiotui.host.boot import host_kind; from vfiotui.host.root.root import Root;"
    "kind = host_kind.read(Root.live()); print(kind.kind, '|', kind.name, '|', *kind.doubts)"
)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("container=lxc", "container | a container (LXC) |"),
        ("other=lxc", NOTHING_ELSE),
    ],
)
def test_a_real_namespace_is_told_from_the_first(environment: str, said: str) -> None:
    unshare = need("unshare", "util-linux")
    here = host_kind.read(Root.live())
    if os.geteuid() or (isinstance(here, HostKind) and here.kind is Kind.CONTAINER):
        pytest.skip("makes PID namespaces outside of containers, as root")
    inner = [unshare, "--pid", "--fork", "--mount-proc", "env", environment, "sh", "-c", 'exec "$0" -c "$1"']
    done = subprocess.run([*inner, sys.executable, WHAT], capture_output=True, text=True, timeout=120)
    assert said in done.stdout, done.stderr


@pytest.mark.parametrize("namespace", [OWN, INITIAL])
def test_a_capture_is_of_the_kind_of_its_host(namespace: str) -> None:
    host = with_files(**{"/.dockerenv": ""})
    root = Root(MemoryTree({**build(host), NAMESPACE: Symlink(namespace)}), Mode.DEMO)
    opened, _ = captured(root)
    there, here = host_kind.read(root), host_kind.read(opened)
    assert isinstance(there, HostKind) and isinstance(here, HostKind)
    assert (here.kind, here.name, here.doubts) == (there.kind, there.name, there.doubts)


def test_a_mounted_disk_is_of_no_kind() -> None:
    assert isinstance(reading(with_files(**{"/.dockerenv": ""}), Mode.ROOT), Unread)
