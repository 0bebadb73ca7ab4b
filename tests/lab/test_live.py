"""Live figures in a machine of several nodes: a CPU goes offline and comes back, and a traced guest names its thief."""

from __future__ import annotations

import json

from tests.lab.machine import TREE, Lab

CPU, GONE = 3, 5
SPIN = f"""import os
os.sched_setaffinity(0, {{{CPU}}})
while True: pass"""
START = f"""
cd {TREE}
printf '\\372\\353\\376' >/root/spin.img
printf '\\125\\252' | dd of=/root/spin.img bs=1 seek=510 status=none
truncate -s 1M /root/spin.img
taskset -c {CPU} qemu-system-x86_64 -name guest=spin,debug-threads=on -accel tcg -m 32 -display none -nodefaults \\
  -drive file=/root/spin.img,format=raw,snapshot=on -daemonize -pidfile /root/spin.pid
(python3 -c '{SPIN}' & echo $! >/root/thief.pid) >/dev/null 2>&1
"""


def test_a_traced_guest_names_its_thief(lab: Lab) -> None:
    lab.must(START)
    done = lab.vfiotui("live --precise --guest spin --seconds 8")
    assert done.code == 0, done.all
    thief = lab.must("cat /root/thief.pid").strip()
    assert f"({thief})" in done.out and f"on CPU {CPU} behind" in done.out, done.all
    assert "vfiotui-" not in lab.must("ls /sys/kernel/tracing/instances"), "nothing is left"


def test_a_cpu_goes_offline_and_comes_back(lab: Lab) -> None:
    """One recording over both: the CPU has no figures while it is gone, no other one takes its place."""
    lab.must(
        f"cd {TREE}; (sleep 6; echo 0 >/sys/devices/system/cpu/cpu{GONE}/online; sleep 6; "
        f"echo 1 >/sys/devices/system/cpu/cpu{GONE}/online) & "
        "python3 -m vfiotui live --record /root/offline.jsonl --interval 1 --seconds 20"
    )
    out = lab.must(f"cd {TREE}; python3 -m vfiotui live --replay /root/offline.jsonl --json")
    moments: dict[float, set[int]] = {}
    for record in map(json.loads, out.splitlines()):
        if record["thread"] == "cpu":
            moments.setdefault(record["at"], set()).add(record["number"])
            assert record["busy"] is None or 0 <= record["busy"] <= 1
    seen = [GONE in cpus for _, cpus in sorted(moments.items())]
    whole = set(range(8))
    assert all(cpus in (whole, whole - {GONE}) for cpus in moments.values())
    assert seen[0] and seen[-1] and not all(seen), seen
    lab.must("kill $(cat /root/spin.pid /root/thief.pid)")
