"""Guests are found by what they are: by program, by argv[0] and by the descriptors of KVM, whatever they are called."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.host.live.process_nodes import process, root_of
from tests.host.live.small_vmm import needs_kvm, small_vmm
from vfiotui.host.live import guests
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.live.kvm_descriptors import DEBUG, INITIAL, Descriptors, read_descriptors, vcpu_threads
from vfiotui.host.live.vmm import identify, kind_of, machine_name
from vfiotui.host.memory.guest_backing import BackingReader
from vfiotui.host.root.root import Root
from vfiotui.model.base.nodes import File, Node, Symlink
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.sample import GuestCount

VCPUS = ["vcpu 0", "vcpu 1", "vcpu 3", "emulator 0"]


def guest_of(pid: int) -> GuestCount | None:
    reader = GuestReader(Root.live())
    found = reader.read()
    reader.close()
    return None if isinstance(found, Unread) else next((g for g in found if g.pid == pid), None)


def threads_of(guest: GuestCount) -> list[str]:
    return [f"{t.kind} {t.number}" for t in guest.threads]


@needs_kvm
@pytest.mark.parametrize(
    ("arguments", "comm", "threads", "name"),
    [
        (["qemu-system-x86_64", "-name", "win11"], ".qemu-system-x8", "CPU {}/KVM", "win11"),
        (["qemu-system-x86_64", "-name", "ubuntu,process=ubuntu-22.04"], "ubuntu-22.04", "", "ubuntu"),
        (["/usr/libexec/qemu-kvm", "-name", "guest=w,process=qemu:w"], "qemu:w", "CPU {}/KVM", "w"),
        (["cloud-hypervisor", "--cpus", "boot=4"], "cloud-hyperviso", "vcpu{}", "cloud-hypervisor"),
        (["/usr/bin/crosvm", "run", "--name", "borealis"], "crosvm", "crosvm_vcpu{}", "borealis"),
        (["firecracker", "--id=web-1"], "firecracker", "fc_vcpu {}", "web-1"),
        (["lkvm", "run"], "lkvm", "kvm-vcpu-{}", "lkvm"),
        (["/opt/own/hypervisor"], "own", "", "hypervisor"),
    ],
)
def test_a_process_with_vcpus_is_a_guest_whatever_it_is_called(
    arguments: list[str], comm: str, threads: str, name: str
) -> None:
    with small_vmm(arguments, [0, 1, 3], comm=comm, threads=threads) as pid:
        # A vCPU says that it runs just before it enters KVM_RUN, which is what tells a thread without a name.
        end = time.monotonic() + 30
        while (guest := guest_of(pid)) is not None and guest.missing is not None and time.monotonic() < end:
            os.sched_yield()
        assert guest is not None and guest.name in (name, f"{name} {pid}") and guest.missing is None
        assert threads_of(guest) == VCPUS
        backing = BackingReader(Root.live()).read()
        assert not isinstance(backing, Unread) and pid in {g.pid for g in backing}
    assert guest_of(pid) is None


@needs_kvm
def test_threads_without_names_are_told_apart_by_the_descriptor_that_they_run() -> None:
    with small_vmm(["qemu-system-x86_64", "-name", "plain"], [2, 5]) as pid:
        root = Root.live()
        found = read_descriptors(root, pid)
        assert isinstance(found, Descriptors) and sorted(found.vcpus.values()) == [2, 5] and found.vms == 1
        tids = {int(t) for t in os.listdir(f"/proc/{pid}/task")}
        threads = vcpu_threads(root, pid, tids, found)
        assert sorted(threads.values()) == [2, 5] and pid not in threads
        # They were made in this order, and KVM's own worker looks as if it ran one of them.
        assert [threads[tid] for tid in sorted(threads)] == [2, 5]
        assert all(Path(f"/proc/{pid}/task/{t}/comm").read_text() != "kvm-nx-lpage-re\n" for t in threads)


@needs_kvm
def test_a_vcpu_that_never_sleeps_is_known_where_debugfs_shows_it_and_named_as_missing_where_not() -> None:
    if os.geteuid():
        pytest.skip("mounting debugfs needs root")
    code = "from tests.host.live.test_vmm import busy_vcpu; busy_vcpu()"

    def shown(mount: str) -> str:
        line = f'{mount} && exec "$@"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", line, "sh", sys.executable, "-c", code],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert shown("mount -t debugfs none /sys/kernel/debug") == "vcpu 0, vcpu 1, emulator 0: None"
    hidden = shown("mount -t tmpfs none /sys/kernel/debug")
    assert hidden.startswith("vcpu 1, emulator 0: the thread of vCPU 0 has no name: start QEMU with")


def busy_vcpu() -> None:
    """Prints what is seen of a guest without names for its threads, whose vCPU 0 does not sleep."""
    with small_vmm(["qemu-system-x86_64"], [0, 1], busy=True) as pid:
        # It runs when the kernel shows it as a thread that runs.
        while not any(
            Path(f"/proc/{pid}/task/{t}/syscall").read_text() == "running\n" for t in os.listdir(f"/proc/{pid}/task")
        ):
            pass
        guest = guest_of(pid)
        assert guest is not None
        print(f"{', '.join(threads_of(guest))}: {guest.missing}")


VM = "anon_inode:kvm-vm"
MACHINE = {9: VM, 12: "anon_inode:kvm-vcpu:0"}


@pytest.mark.parametrize(
    ("argv", "comm", "threads", "links"),
    [
        (["crosvm", "stop", "/run/vm.sock"], "crosvm", [], {}),
        (["crosvm", "device", "net"], "pcivirtio-net", ["vhost"], {9: VM}),
        (["firecracker-ctr", "run"], "firecracker-ctr", [], {}),
        (["qemu-img", "convert"], "qemu-img", [], {}),
        (["/usr/bin/qemu-ga"], "qemu-ga", [], {}),
        (
            ["qemu-system-x86_64", "-S", "-machine", "none,accel=kvm:tcg"],
            "qemu-system-x86",
            [],
            {9: VM},
        ),
        (["grep", "qemu-system-x86_64"], "grep", [], {}),
        (["my-kvm"], "my-kvm", [], {}),
        (["tool"], "tool", [], {3: "/tmp/anon_inode:kvm-vcpu:0", 4: "anon_inode:kvm-vcpu:x", 5: "/dev/kvm"}),
        (["tool"], "tool", ["vcpu0"], {}),
    ],
)
def test_what_is_near_a_guest_is_none(argv: list[str], comm: str, threads: list[str], links: dict[int, str]) -> None:
    assert identify(root_of(process(40, argv, comm, threads, links)), 40) is None


def test_a_script_with_the_name_of_qemu_is_a_shell() -> None:
    nodes = process(40, ["/bin/sh", "/usr/local/bin/qemu-system-x86_64"], "qemu-system-x86")
    assert identify(root_of(nodes | {"/proc/40/exe": Symlink("/usr/bin/dash")}), 40) is None
    found = identify(root_of(nodes | {"/proc/40/exe": Symlink("/usr/bin/qemu-system-x86_64 (deleted)")}), 40)
    assert found is not None and not isinstance(found, Unread) and found.is_qemu


def test_a_process_that_has_ended_is_no_guest() -> None:
    nodes = process(40, [], "qemu-system-x86")
    assert identify(root_of(nodes), 40) is not None
    assert identify(root_of(nodes | {"/proc/40/stat": File(b"40 (qemu) system-x86) Z 1 40\n")}), 40) is None


def test_a_program_that_nobody_has_named_is_found_by_its_descriptors() -> None:
    found = identify(root_of(process(40, ["/usr/bin/novel"], "novel", [], MACHINE)), 40)
    assert found is not None and not isinstance(found, Unread) and (found.name, found.is_qemu) == ("novel 40", False)


def test_names_of_guests_of_other_programs() -> None:
    assert machine_name(["/usr/bin/crosvm", "run", "--name", "a\x1b[31m"], 7) == "a\x1b[31m"
    assert machine_name(["firecracker", "--id", "x" * 999], 7) == "x" * 200
    assert machine_name(["firecracker-v1.7.0-x86_64"], 7) == "firecracker 7"
    assert machine_name([""], 7) == "QEMU 7"
    assert [kind_of(n, False) for n in ("vcpu12", "fc_vcpu 3", "crosvm_vcpu1", "kvm-vcpu-0")] == [
        ("vcpu", 12), ("vcpu", 3), ("vcpu", 1), ("vcpu", 0)
    ]  # fmt: skip
    assert {kind_of(n, False)[0] for n in ("vcpu", "vcpus1", "xvcpu1", "vcpu123456", "kvm-vcpu-")} == {"other"}


def test_debugfs_is_asked_only_for_the_threads_of_the_process_and_of_the_first_pid_namespace() -> None:
    nodes = process(40, ["vmm"], "vmm", ["vmm", "vmm"], MACHINE | {13: "anon_inode:kvm-vcpu:1"})
    nodes |= {
        f"{DEBUG}/40-9/vcpu0/pid": File(b"41\n"), f"{DEBUG}/40-9/vcpu1/pid": File(b"99\n"),
        f"{DEBUG}/41-9/vcpu1/pid": File(b"999999999999\n"), f"{DEBUG}/77-9/vcpu1/pid": File(b"42\n"),
        f"{DEBUG}/40-9/vcpux/pid": File(b"42\n"), f"{DEBUG}/exits": File(b"5\n"),
    }  # fmt: skip
    found = Descriptors(1, {12: 0, 13: 1})
    inside = root_of(nodes | {"/proc/self/ns/pid": Symlink(INITIAL)})
    assert vcpu_threads(inside, 40, {40, 41, 42}, found) == {41: 0}
    assert vcpu_threads(root_of(nodes), 40, {40, 41, 42}, found) == {}


@pytest.mark.parametrize(
    "text",
    ["", "running\n", "16 0xc\n", "16 0xc 0xae80 0 0 0 0 0x0 0x0\n", "16 zz 0xae80 1 1\n", "16 0xb 0xae80 0x1 0x1\n",
     "16 0xc 0xae81 0x1 0x1\n", "-1 0x7ffc 0x7f\n", "\0" * 99],
)  # fmt: skip
def test_a_thread_that_sleeps_elsewhere_runs_no_vcpu(text: str) -> None:
    nodes = process(40, ["vmm"], "vmm", ["vmm"], MACHINE) | {"/proc/40/task/41/syscall": File(text.encode())}
    assert vcpu_threads(root_of(nodes), 40, {41}, Descriptors(1, {12: 0})) == {}


def test_two_threads_never_share_a_vcpu() -> None:
    nodes = process(40, ["vmm"], "vmm", ["vmm", "vmm"], MACHINE)
    nodes |= {f"/proc/40/task/{t}/syscall": File(b"16 0xc 0xae80 0x0 0x7ff 0x7ff\n") for t in (41, 42)}
    assert vcpu_threads(root_of(nodes), 40, {40, 41, 42}, Descriptors(1, {12: 0})) == {41: 0}


def read_all(nodes: dict[str, Node]) -> Reading[tuple[GuestCount, ...]]:
    reader = GuestReader(root_of(nodes | {"/dev/kvm": File(b"")}))
    reader.read()
    found = reader.read()
    reader.close()
    return found


def test_threads_without_names_that_nothing_tells_apart_are_said_to_be_missing() -> None:
    def missing(links: dict[int, str]) -> str:
        name = "qemu-system-x86"
        found = read_all(process(40, ["qemu-system-x86_64", "-name", "p"], name, [name], links))
        assert not isinstance(found, Unread) and threads_of(found[0]) == ["emulator 0"]
        return str(found[0].missing)

    assert "the threads of vCPUs 0-1 have no names: start QEMU with" in missing(MACHINE | {13: "anon_inode:kvm-vcpu:1"})
    assert "does not use KVM" in missing({})
    assert missing({9: VM}) == "it has no vCPU yet"


def test_a_kernel_that_counts_no_times_hides_no_guest() -> None:
    nodes = process(40, ["qemu-system-x86_64", "-name", "p"], "qemu-system-x86", ["CPU 0/KVM"])
    found = read_all({p: n for p, n in nodes.items() if not p.endswith("schedstat")})
    assert not isinstance(found, Unread)
    vcpu = found[0].threads[0]
    assert (vcpu.kind, vcpu.pinned, vcpu.ran_on) == ("vcpu", frozenset({2, 3}), 0)
    assert all(isinstance(v, Unread) and "counts no scheduling delays" in v.reason for v in (vcpu.run, vcpu.wait))


def test_a_guest_without_times_is_gone_when_its_process_is(tmp_path: Path) -> None:
    task = tmp_path / "proc/40/task/40"
    task.mkdir(parents=True)
    (task.parents[1] / "comm").write_text("qemu-system-x86\n")
    (task.parents[1] / "cmdline").write_bytes(b"qemu-system-x86_64\0")
    (task / "comm").write_text("qemu-system-x86\n")
    (task / "stat").write_text("40 (qemu) S " + "0 " * 50)
    reader = GuestReader(Root.mounted(str(tmp_path)))
    assert len(reader.read()) == 1 and len(reader.read()) == 1  # type: ignore[arg-type]
    (task / "stat").write_text("")
    assert reader.read() == ()
    reader.close()


def test_descriptors_are_looked_at_when_a_process_is_new_and_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def began(pid: int) -> Path:
        place = tmp_path / f"proc/{pid}"
        (place / "task" / str(pid)).mkdir(parents=True)
        (place / "fd").mkdir()
        (place / "cmdline").write_bytes(b"novel\0")
        for file in (place / "comm", place / "task" / str(pid) / "comm"):
            file.write_text("novel\n")
        (place / f"task/{pid}/schedstat").write_text("1 1 1\n")
        (tmp_path / "proc/loadavg").write_text(f"0.00 0.00 0.00 1/99 {pid}\n")
        return place

    for pid in range(100, 110):
        began(pid)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kvm").touch()
    monkeypatch.setattr(guests, "SEARCH_SECONDS", 0.0)
    root, asked = Root.mounted(str(tmp_path)), list[int]()
    names = root.names

    def counted(path: str) -> Reading[tuple[str, ...]]:
        if path.endswith("/fd"):
            asked.append(int(path.split("/")[2]))
        return names(path)

    monkeypatch.setattr(root, "names", counted)
    reader = GuestReader(root)
    reader.read()
    assert sorted(asked) == list(range(100, 110))
    for _ in range(4):
        reader.look_again()
        reader.read()
        reader.read()
    assert len(asked) == 2 * 10, "neither an event of libvirt nor their turn makes it a third time"
    asked.clear()
    place = began(200)
    reader.read()
    assert asked.count(200) == 0, "most that come end at once"
    os.symlink("anon_inode:kvm-vcpu:0", place / "fd/7")
    found = reader.read()
    assert not isinstance(found, Unread) and [g.pid for g in found] == [200]
    reader.close()


def test_two_machines_in_one_process_are_said_to_be_so() -> None:
    nodes = process(40, ["novel"], "novel", ["a", "b"], MACHINE | {20: VM, 21: "anon_inode:kvm-vcpu:0"})
    nodes |= {"/proc/40/task/41/syscall": File(b"16 0xc 0xae80 0x0 0x7ff 0x7ff\n"),
              "/proc/40/task/42/syscall": File(b"16 0x15 0xae80 0x0 0x7ff 0x7ff\n")}  # fmt: skip
    found = read_all(nodes)
    assert not isinstance(found, Unread) and threads_of(found[0]) == ["vcpu 0", "emulator 0"]
    assert "runs 2 virtual machines" in str(found[0].missing)


def test_a_main_thread_that_runs_the_vcpu_is_that_vcpu() -> None:
    nodes = process(40, ["novel"], "novel", [], MACHINE)
    found = read_all(nodes | {"/proc/40/task/40/syscall": File(b"16 0xc 0xae80 0x0 0x7ff 0x7ff\n")})
    assert not isinstance(found, Unread) and threads_of(found[0]) == ["vcpu 0"] and found[0].missing is None
