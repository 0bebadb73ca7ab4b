"""What one sample costs on hosts of every size: files in a folder that stand for /proc and /sys, read for real."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from vfiotui.host.live.cpus import CpuReader
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.root.root import Root
from vfiotui.live.history import LiveHistory
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import Sample

STAT = "{tid} (CPU {n}/KVM) S 1 1 1 0 -1 0 0 0 0 0 7 5 0 0 20 0 1 0 100 " + "0 " * 16 + "{cpu} 0 0\n"


def build(folder: Path, cpus: int, guests: int, vcpus: int) -> Root:
    """A host with so many CPUs and guests."""
    (folder / "proc").mkdir()
    for cpu in range(cpus):
        place = folder / f"sys/devices/system/cpu/cpu{cpu}/cpufreq"
        place.mkdir(parents=True)
        (place / "scaling_cur_freq").write_text("3000000\n")
    for g in range(guests):
        pid = 1000 + 100 * g
        for n in range(-1, vcpus):
            tid = pid + n + 1
            task = folder / f"proc/{pid}/task/{tid}"
            task.mkdir(parents=True)
            (task / "comm").write_text(f"CPU {n}/KVM\n" if n >= 0 else "qemu-system-x86\n")
            (task / "stat").write_text(STAT.format(tid=tid, n=n, cpu=(g * vcpus + n) % cpus))
            (task / "status").write_text(
                f"Name:\tx\nCpus_allowed_list:\t{(g * vcpus + n) % cpus}\nnonvoluntary_ctxt_switches:\t9\n"
            )
        (folder / f"proc/{pid}/comm").write_text("qemu-system-x86\n")
        (folder / f"proc/{pid}/cmdline").write_bytes(b"qemu-system-x86_64\0-name\0guest=g%d\0" % g)
    touch(folder, cpus, guests, vcpus, 1)
    return Root.mounted(str(folder))


def touch(folder: Path, cpus: int, guests: int, vcpus: int, step: int) -> None:
    """All counters go on, so that nothing is saved by being the same."""
    lines = [f"cpu  {step * 9} 0 {step} 9 0 0 0 0 0 0"]
    lines += [f"cpu{c} {step * 9} 0 {step} {step * 3} 0 0 0 0 0 0" for c in range(cpus)]
    (folder / "proc/stat").write_text("\n".join([*lines, "intr 5", ""]))
    for c in range(cpus):
        (folder / f"sys/devices/system/cpu/cpu{c}/cpufreq/scaling_cur_freq").write_text(f"{3000000 + step}\n")
    for g in range(guests):
        pid = 1000 + 100 * g
        for n in range(-1, vcpus):
            (folder / f"proc/{pid}/task/{pid + n + 1}/schedstat").write_text(f"{step * 10**8} {step * 10**5} {step}\n")


def cost(cpus: int, guests: int, vcpus: int = 16, steps: int = 12) -> float:
    """Microseconds of CPU for a sample with rates and history; the least of some, as others use the machine too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = build(folder, cpus, guests, vcpus)
        reader, cpu_reader, rates, history = GuestReader(root), CpuReader(root), Rates(), LiveHistory()
        found = []
        for step in range(1, steps + 1):
            touch(folder, cpus, guests, vcpus, step)
            began = time.thread_time()
            sample = Sample(time.monotonic(), time.time(), cpu_reader.read(), reader.read("g0"))
            history.append(rates.moment(sample))
            found.append(time.thread_time() - began)
        reader.close()
        cpu_reader.close()
        return min(found[2:]) * 1e6


def growth() -> None:
    """Prints the cost of a sample by size, and what each CPU and each guest thread adds."""
    print(f"\n{'CPUs':>5} {'guests':>7} {'threads':>8} {'µs a sample':>12}")
    found = {}
    for cpus, guests in ((16, 0), (16, 1), (16, 4), (128, 8), (512, 0), (512, 64)):
        found[cpus, guests] = cost(cpus, guests)
        print(f"{cpus:5} {guests:7} {guests * 17:8} {found[cpus, guests]:12.0f}", flush=True)
    per_cpu = (found[512, 0] - found[16, 0]) / 496
    per_thread = (found[512, 64] - found[512, 0]) / (64 * 17)
    print(f"each host CPU adds {per_cpu:.2f} µs, each guest thread {per_thread:.2f} µs")
