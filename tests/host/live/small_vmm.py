"""A program that runs vCPUs of the real KVM in threads, for tests of how guests are found.

The vCPUs wait for an interrupt that never comes, inside ioctl(KVM_RUN), as those of an idle guest do. The interface is
that of linux/kvm.h on x86.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

CREATE_VM, CREATE_IRQCHIP, CREATE_VCPU, RUN = 0xAE01, 0xAE60, 0xAE41, 0xAE80
SET_MEMORY, SET_MP_STATE = 0x4020AE46, 0x4004AE99
WAITING = b"\1\0\0\0"
"""KVM_MP_STATE_UNINITIALIZED: it waits to be started."""


def has_kvm() -> bool:
    """Whether this machine lets a program make a virtual machine with an interrupt controller."""
    try:
        kvm = os.open("/dev/kvm", os.O_RDWR)
    except OSError:
        return False
    try:
        machine = fcntl.ioctl(kvm, CREATE_VM, 0)
        fcntl.ioctl(machine, CREATE_IRQCHIP, 0)
        os.close(machine)
    except OSError:
        return False
    finally:
        os.close(kvm)
    return True


needs_kvm = pytest.mark.skipif(not has_kvm(), reason="this machine has no KVM that makes virtual machines")


@contextlib.contextmanager
def small_vmm(
    arguments: list[str], numbers: list[int], *, comm: str = "", threads: str = "", busy: bool = False
) -> Iterator[int]:
    """The process of such a program, once its vCPUs run: argv, the numbers of the vCPUs, the name of the process, and
    those of the vCPU threads with {} for the number ("" leaves them as they are). A busy one's vCPU 0 never waits."""
    code = f"from tests.host.live.small_vmm import work; work({numbers!r}, {comm!r}, {threads!r}, {busy!r})"
    process = subprocess.Popen(
        [arguments[0], "-c", code, *arguments[1:]],
        executable=sys.executable,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONHOME": sys.base_prefix, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == b"runs\n"
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def work(numbers: list[int], comm: str, threads: str, busy: bool) -> None:
    """What the program does: it ends when its standard input does."""
    kvm = os.open("/dev/kvm", os.O_RDWR)
    machine = fcntl.ioctl(kvm, CREATE_VM, 0)
    fcntl.ioctl(machine, CREATE_IRQCHIP, 0)
    if comm:
        Path("/proc/self/comm").write_text(comm)
    page = mmap.mmap(-1, 4096)
    if busy:
        # Where a processor begins, it jumps to where it begins.
        page[0xFF0:0xFF2] = b"\xeb\xfe"
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        fcntl.ioctl(machine, SET_MEMORY, struct.pack("<IIQQQ", 0, 0, 0xFFFFF000, 4096, address))
    begun = []
    for number in numbers:
        vcpu = fcntl.ioctl(machine, CREATE_VCPU, number)
        if number or not busy:
            fcntl.ioctl(vcpu, SET_MP_STATE, WAITING)
        ready = threading.Event()
        threading.Thread(target=_run, args=(vcpu, threads.format(number), ready), daemon=True).start()
        ready.wait()
        begun.append(vcpu)
    print("runs", flush=True)
    sys.stdin.read()


def _run(vcpu: int, name: str, ready: threading.Event) -> None:
    if name:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
    ready.set()
    while True:
        fcntl.ioctl(vcpu, RUN, 0)
