"""Live figures of a real guest that spins on a pinned CPU, and of the host task that takes that CPU away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.tui.tmux import Tmux
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.formats.records.live_record import read_record
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import LiveMoment, Sample, ThreadCount

pytestmark = pytest.mark.needs_libvirtd

XML = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu current='1'>2</vcpu>
<cputune><vcpupin vcpu='0' cpuset='{cpu}'/><emulatorpin cpuset='{other}'/></cputune>
<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='sda'/>
<readonly/></disk></devices></domain>"""
BOOT_SECTOR = b"\xfa\xeb\xfe" + bytes(507) + b"\x55\xaa"
"""cli, and a jump to itself."""
SPIN = own_name("spin")
CPUS = sorted(os.sched_getaffinity(0))
CPU, OTHER = CPUS[-1], CPUS[0]
BURN = f"""
import contextlib, os
os.sched_setaffinity(0, {{{CPU}}})
with contextlib.suppress(OSError):
    os.nice(-5)
    open("/proc/self/autogroup", "w").write("-5")
print(flush=True)
while True: pass
"""


@pytest.fixture(scope="module")
def pid() -> Iterator[tuple[int, Daemon]]:
    """The guest's process, once its vCPU spins."""
    if len(CPUS) < 2:
        pytest.skip("needs two processors")
    with lone_daemon() as daemon:
        disk = daemon.folder / "boot.img"
        disk.write_bytes(BOOT_SECTOR + bytes(1 << 20))
        disk.chmod(0o644)
        file = daemon.folder / "guest.xml"
        file.write_text(XML.format(name=SPIN, cpu=CPU, other=OTHER, emulator=daemon.emulator, disk=disk))
        daemon.virsh("define", str(file))
        daemon.virsh("start", SPIN)
        yield int((daemon.folder / "r/libvirt/qemu/run" / f"{SPIN}.pid").read_text()), daemon


def vcpu_counters(pid: int) -> tuple[int, int]:
    """Run and wait time of the vCPU in nanoseconds, as /proc tells them."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("CPU 0/"):
            run, wait, _ = (task / "schedstat").read_text().split()
            return int(run), int(wait)
    raise AssertionError("no vCPU")


def may_run_on(tid: int) -> list[set[int]]:
    """The CPUs of a thread; nothing of one that has ended."""
    try:
        return [os.sched_getaffinity(tid)]
    except ProcessLookupError:
        return []


@contextmanager
def burner() -> Iterator[int]:
    """A task of the host that takes the vCPU's CPU; as root more of it than whatever else runs on this host."""
    with subprocess.Popen([sys.executable, "-c", BURN], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def recorded(path: Path, pid: int, seconds: float = 4.1) -> tuple[list[ThreadCount], list[LiveMoment]]:
    words = ["live", "--record", str(path), "--interval", "0.2", "--seconds", str(seconds), "--alarm-delay", "100"]
    done = subprocess.run([sys.executable, "-m", "vfiotui", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rates = Rates()
    with path.open() as file:
        samples = [s for s in read_record(file) if isinstance(s, Sample)]
    threads = [
        t for s in samples for g in s.guests if g.pid == pid for t in g.threads if t.kind == "vcpu"  # type: ignore
    ]  # fmt: skip
    return threads, [rates.moment(s) for s in samples]


def delays(moments: list[LiveMoment], pid: int) -> list[float]:
    return [t.delay_ms for m in moments[1:] for g in m.guests if g.pid == pid for t in g.threads if t.kind == "vcpu"]  # type: ignore


def test_the_recording_holds_what_proc_holds_and_the_delay_rises(pid: tuple[int, Daemon], tmp_path: Path) -> None:
    guest, _ = pid
    before = vcpu_counters(guest)
    calm, moments = recorded(tmp_path / "calm", guest)
    after = vcpu_counters(guest)
    assert calm[0].pinned == {CPU} and calm[-1].ran_on == CPU
    for field, (low, high) in {"run": (before[0], after[0]), "wait": (before[1], after[1])}.items():
        counts = [getattr(t, field) for t in calm]
        assert low <= counts[0] <= counts[-1] <= high, "between what /proc said before and after"
        assert counts == sorted(counts)
    with burner() as thief:
        # Who took the CPU is looked up after the alarm, which takes its time where other work wants the CPUs too.
        _, crowded = recorded(tmp_path / "crowded", guest, seconds=8.1)
    assert "waited" in (tmp_path / "crowded").read_text(), "the alarm is in the recording"
    with (tmp_path / "crowded").open() as file:
        looks = [look for look in read_record(file) if isinstance(look, Culprits)]
    assert thief in {c.tid for look in looks for c in look.on(CPU)}, "and so is who took the CPU"
    # Half of the CPU is gone: of every second about 500 ms are waited, and more where others want it too.
    waits = sorted(delays(crowded, guest))
    assert waits[len(waits) // 2] > 200
    assert all(w >= 0 for w in delays(moments, guest))


@pytest.mark.needs_tmux
def test_the_console_names_the_culprit_and_keeps_off_the_guests_cpu(pid: tuple[int, Daemon]) -> None:
    _, daemon = pid
    with Tmux(
        "--connect", daemon.uri, "live", "--guest", SPIN, columns=120, lines=30, term="tmux-256color"
    ) as terminal:
        terminal.shows("libvirt ok 1/1 running")
        terminal.shows(SPIN, f"v0   {CPU}")
        with burner() as culprit:
            terminal.shows("worst: v0 waited", f"on CPU {CPU}", "because: ", f"({culprit})")
            terminal.send("w")
            terminal.shows("v0 on CPU", "tasks seen")
            terminal.send("w")
        terminal.shows("off the guests' CPUs")
        threads = psutil.Process(terminal.console_pid()).threads()
        allowed = [cpus for thread in threads for cpus in may_run_on(thread.id)]
        assert allowed and CPU not in frozenset().union(*allowed)
        daemon.virsh("destroy", SPIN)
        terminal.until(lambda s: "libvirt ok 0/1 running" in s and f" {SPIN} ·" not in s, "the guest's end")
        daemon.virsh("start", SPIN)
        terminal.shows(SPIN, f"v0   {CPU}")
        terminal.send("q")
        terminal.shows("ended with 0")


@pytest.mark.needs_tmux
def test_a_vcpu_more_or_less_and_a_daemon_that_dies(pid: tuple[int, Daemon]) -> None:
    _, daemon = pid
    words = ("--connect", daemon.uri, "live", "--guest", SPIN)
    with Tmux(*words, columns=120, lines=30, term="tmux-256color") as terminal:
        terminal.shows("libvirt ok 1/1 running", f"v0   {CPU}")
        terminal.send("e")
        terminal.shows("exits unknown: QEMU emulates this guest (TCG): only KVM counts exits")
        terminal.send("e")
        daemon.virsh("setvcpus", SPIN, "2", "--live")
        terminal.until(lambda s: "\nv1 " in s, "the new vCPU")
        daemon.virsh("setvcpus", SPIN, "1", "--live", check=False)
        daemon.kill()
        terminal.until(
            lambda s: (
                "libvirt lost 1/1 running" in s and f"v0   {CPU}" in s and ("worst: " in s or "no vCPU waited" in s)
            ),
            "the figures go on without the daemon",
        )
        daemon.start()
        terminal.shows("libvirt ok 1/1 running", f"v0   {CPU}")
        terminal.send("Enter")
        terminal.shows(f"v0 of {SPIN} at", "delay ")
        daemon.virsh("destroy", SPIN)
        terminal.until(
            lambda s: (
                "libvirt ok 0/1 running" in s
                and f" {SPIN} ·" not in s
                and not re.search(r"v0 of \S+ at", s)
                and any(w in s for w in ("no guest runs", f"{SPIN} does not run", "not visible"))
            ),
            "the guest's end, and no other guest's thread in its place",
        )
        daemon.virsh("start", SPIN)
        terminal.shows(f" {SPIN} ·", f"v0 of {SPIN} at")
        terminal.send("Escape")
        terminal.shows(f" {SPIN} ·", f"v0   {CPU}")
        terminal.until(lambda s: "\nv1 " not in s, "it has one vCPU again")
        terminal.send("q")
        terminal.shows("ended with 0")


@pytest.mark.needs_tmux
def test_without_tracefs_the_screen_says_what_to_do(pid: tuple[int, Daemon]) -> None:
    if os.geteuid() == 0 and Path("/sys/kernel/tracing/instances").exists():
        pytest.skip("tracefs is mounted here: tests/live/test_tracing.py traces")
    _, daemon = pid
    words = ("--connect", daemon.uri, "live", "--guest", SPIN)
    with Tmux(*words, columns=120, lines=30, term="tmux-256color") as terminal:
        terminal.shows(f" {SPIN} ·", f"v0   {CPU}", "q quit")
        terminal.send("W")
        terminal.shows("precise: tr", "mount -t tracefs" if os.geteuid() == 0 else "sudo")
        terminal.send("W")
        terminal.until(lambda s: "precise: " not in s, "it is no longer asked for")
