"""Huge pages on a machine of two nodes: set aside, got in part from memory in pieces, given back; a CPU that goes."""

from __future__ import annotations

import re

from tests.lab.machine import TREE, Lab

POOL = "/sys/devices/system/node/node{}/hugepages/hugepages-2048kB/nr_hugepages"
PIECES = r"""
import ctypes, mmap, signal
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.munmap.argtypes = libc.mlock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: pages of 4 KiB
block, size = 2 << 20, 1600 << 20
begin = libc.mmap(None, size, 3, 0x22, -1, 0)
assert libc.mlock(begin, size) == 0, ctypes.get_errno()
for at in range(begin, begin + size, block):
    assert libc.munmap(at + 4096, block - 4096) == 0
print("in pieces", flush=True)
signal.pause()
"""
"""Takes a node's memory and gives all of it back but one page of each block, which may not be moved."""
GUEST = """<domain type='qemu'><name>far</name><memory unit='MiB'>128</memory>
<memoryBacking><hugepages/></memoryBacking><vcpu>2</vcpu>
<numatune><memory mode='strict' nodeset='1'/></numatune>
<cputune><vcpupin vcpu='0' cpuset='5'/><vcpupin vcpu='1' cpuset='6'/><emulatorpin cpuset='4,7'/></cputune>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model='none'/></devices></domain>"""


def pages(lab: Lab) -> tuple[int, int]:
    """What the kernel holds on node 0 and on node 1."""
    zero, one = lab.must(f"cat {POOL.format(0)} {POOL.format(1)}").split()
    return int(zero), int(one)


def test_nodes_get_their_pages_and_give_them_back(lab: Lab) -> None:
    done = lab.vfiotui("memory reserve node0:2048=16 node1:2048=24 --apply --yes")
    assert done.code == 0, done.all
    assert pages(lab) == (16, 24)
    shown = {(p["node"], p["size_kib"]): p["total"] for p in lab.json("memory")["pools"]}
    assert shown[None, 2048] == 40 and shown[0, 2048] == 16 and shown[1, 2048] == 24
    assert lab.vfiotui("memory release node1:2048=all --apply --yes").code == 0
    assert pages(lab) == (16, 0)
    assert lab.vfiotui("memory release node0:2048=all --apply --yes").code == 0
    assert pages(lab) == (0, 0)


def test_memory_in_pieces_gives_a_part_which_is_kept_and_said(lab: Lab) -> None:
    lab.must("sysctl -q vm.compact_unevictable_allowed=0")
    lab.must(f"cat >/root/pieces.py <<'END'\n{PIECES}\nEND\n")
    lab.must("systemd-run -q --unit=pieces sh -c 'taskset -c 4-7 python3 /root/pieces.py >/root/pieces.log 2>&1'")
    lab.wait("grep -q pieces /root/pieces.log", "node 1 is in pieces")
    whole = lab.vfiotui("memory reserve node1:2048=700,whole --apply --yes")
    assert whole.code == 4 and "too fragmented or too full" in whole.all, whole.all
    assert pages(lab) == (0, 0), "all or nothing"
    part = lab.vfiotui("memory reserve node1:2048=700 --apply --yes")
    assert part.code == 0, part.all
    told = re.search(r"the kernel gave (\d+) of 700 huge pages", part.all)
    assert told is not None and "they are kept" in part.all, part.all
    assert pages(lab) == (0, int(told[1])) and 0 < int(told[1]) < 700
    done = lab.vfiotui("undo --yes")
    assert done.code == 0, done.all
    assert pages(lab) == (0, 0)
    lab.must("systemctl stop pieces")


def test_a_guest_of_node_1_brings_its_pages_there(lab: Lab) -> None:
    lab.must(f"cat >/root/far.xml <<'END'\n{GUEST}\nEND\nvirsh -q define /root/far.xml")
    done = lab.vfiotui("memory hook far --apply --yes")
    assert done.code == 0, done.all
    lab.must("systemctl restart libvirtd && virsh -q start far")
    assert pages(lab) == (0, 64)
    (guest,) = lab.json("memory")["guests"]
    assert (guest["name"], guest["hugetlb_kib"], guest["coverage"]) == ("far", 131072, 1.0)
    lab.must("systemctl restart libvirtd && virsh -q domstate far | grep -q running")
    assert pages(lab) == (0, 64), "a daemon that comes back moves no page and ends no guest"


def test_a_cpu_that_goes_offline_is_told_on_the_screens(lab: Lab) -> None:
    start = f"cd {TREE} && TERM=tmux-256color LANG=C.UTF-8 python3 -m vfiotui live --guest far"
    lab.must(f"tmux -L t -f /dev/null new-session -d -x 120 -y 40 '{start}; sleep 99'")
    screen = "tmux -L t capture-pane -p"
    lab.wait(f"{screen} | grep -q 'v0 .*5'", "Live shows the guest")
    lab.must("echo 0 >/sys/devices/system/cpu/cpu5/online")
    lab.wait(f"{screen} | grep 'v0 ' | grep -vq ' 5 '", "the vCPU is seen elsewhere than on its offline CPU")
    live = lab.must(screen)
    lab.must("tmux -L t send-keys 3")
    lab.wait(f"{screen} | grep -q offline", "Pin tells the CPU as offline")
    pin = lab.must(screen)
    lab.must("tmux -L t send-keys 4")
    lab.wait(f"{screen} | grep -q 'held by far'", "Memory")
    print(live, pin, lab.must(screen), sep="\n")
    lab.must("echo 1 >/sys/devices/system/cpu/cpu5/online; tmux -L t send-keys q")
    lab.must("virsh -q destroy far")
    assert pages(lab) == (0, 0)
