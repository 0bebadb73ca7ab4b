"""A guest's script starts without libvirt, its QEMU sees the same devices, and everything is given back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.requirements import need
from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main

pytestmark = pytest.mark.needs_libvirtd

NAME = "a 'guest'; $(touch never) \"x\""
UUID = "00000000-0000-4000-8000-0000000000e1"
XML = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
<name>a 'guest'; $(touch never) "x"</name><uuid>{uuid}</uuid>
<memory unit='MiB'>64</memory><vcpu current='2'>3</vcpu><iothreads>1</iothreads>
<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/><emulatorpin cpuset='0'/>
<iothreadpin iothread='1' cpuset='1'/></cputune>
<os><type arch='x86_64' machine='{machine}'>hvm</type></os><features><acpi/></features>
<on_reboot>destroy</on_reboot>
<devices><emulator>{emulator}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'{thread}/><source file="{folder}/it's, a disk.img"/>
<target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='{drive}'/></disk>
<interface type='user'><mac address='52:54:00:aa:bb:01'/><model type='virtio'/><boot order='1'/></interface>
<interface type='user'><mac address='52:54:00:aa:bb:02'/><model type='e1000'/></interface>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<serial type='pty'/><input type='tablet' bus='usb'/><sound model='ich9'/>
<graphics type='vnc' autoport='yes'{password}/><video><model type='virtio'/></video>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><memballoon model='virtio'/></devices>
<qemu:commandline><qemu:env name='OWN' value="a'b $x"/></qemu:commandline></domain>"""
Q35 = {"machine": "q35", "drive": "sda", "thread": " iothread='1'", "password": ""}
PC = {"machine": "pc", "drive": "hda", "thread": "", "password": ""}
BOTH = ("query-pci", "query-cpus-fast", "query-block", "query-iothreads", "query-chardev")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("pins want two CPUs")
    with lone_daemon() as real:
        (real.folder / "it's, a disk.img").write_bytes(bytes(1 << 20))
        yield real


def defined(daemon: Daemon, words: dict[str, str]) -> None:
    file = daemon.folder / "guest.xml"
    file.write_text(XML.format(uuid=UUID, emulator=daemon.emulator, folder=daemon.folder, **words))
    for place in daemon.folder.glob("it*"):
        place.chmod(0o666)
    daemon.virsh("undefine", NAME, check=False)
    daemon.virsh("define", str(file))


def script_of(daemon: Daemon, folder: Path) -> Path:
    file = folder / "start.sh"
    file.unlink(missing_ok=True)
    assert main(["--connect", daemon.uri, "guest", "qemu", NAME, "--output", str(file)]) == Exit.FINE
    return file


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "VFIOTUI_RUN": str(folder / "run"), "VFIOTUI_STATE": str(folder / "state"), **more}


def until(folder: Path, process: subprocess.Popen[str]) -> None:
    """Waits until the script has pinned its threads, which is when only QEMU itself is left to wait for."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        if (folder / "run/qmp-monitor.sock").exists() and (folder / "run/pinned").exists():
            return
        time.sleep(0.05)
    raise AssertionError("QEMU did not come up")


@contextmanager
def running(file: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    folder = file.parent
    process = subprocess.Popen(
        ["sh", str(file)], env=environment(folder, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until(folder, process)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)
        with suppress(OSError, ValueError):
            os.kill(int((folder / "run/pid").read_text()), signal.SIGKILL)


def asked(path: Path, *commands: str) -> dict[str, Any]:
    """What QEMU answers on a socket of QMP."""
    with socket.socket(socket.AF_UNIX) as one:
        # A socket's path is limited to 107 bytes.
        os.symlink(path.parent, short := f"/tmp/q{os.getpid()}")
        try:
            one.connect(f"{short}/{path.name}")
        finally:
            os.unlink(short)
        stream = one.makefile("rw")
        stream.readline()
        answers = {}
        for command in ("qmp_capabilities", *commands):
            stream.write(json.dumps({"execute": command}) + "\n")
            stream.flush()
            while "return" not in (answer := json.loads(stream.readline())):
                assert "error" not in answer, answer
            answers[command] = answer["return"]
        return answers


def devices(found: Any) -> list[Any]:
    """Each of these PCI devices with those behind it."""
    return [
        (d["slot"], d["function"], d["qdev_id"], d["id"], d["class_info"].get("class"), devices(behind(d)))
        for d in found
    ]


def behind(device: Any) -> Any:
    return device.get("pci_bridge", {}).get("devices", ())


def numbered(found: Any) -> bool:
    """Whether the firmware has numbered the buses: before, QEMU does not list what lies on them."""
    bridges = [d["pci_bridge"] for d in found if "pci_bridge" in d]
    return all(b["bus"]["secondary"] and numbered(b.get("devices", ())) for b in bridges)


def settled(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What QEMU answers once the firmware has run."""
    end = time.monotonic() + 60
    while True:
        answers = ask()
        if all(numbered(bus["devices"]) for bus in answers["query-pci"]):
            return answers
        assert time.monotonic() < end, "the firmware numbers no buses"
        time.sleep(0.1)


def view(answers: dict[str, Any]) -> dict[str, Any]:
    """What QEMU has, without the numbers of one run."""
    return {
        "pci": [devices(bus["devices"]) for bus in answers["query-pci"]],
        "cpus": [(c["cpu-index"], c["props"], c["qom-path"]) for c in answers["query-cpus-fast"]],
        "disks": [
            (d["qdev"], d["device"], (d.get("inserted") or {}).get("image", {}).get("filename"), d["removable"])
            for d in answers["query-block"]
        ],
        "iothreads": [t["id"] for t in answers["query-iothreads"]],
        "chardevs": sorted(c["label"] for c in answers["query-chardev"]),
    }


def by_libvirt(daemon: Daemon) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        return {
            c: json.loads(daemon.virsh("qemu-monitor-command", NAME, json.dumps({"execute": c})).stdout)["return"]
            for c in BOTH
        }

    daemon.virsh("start", NAME)
    try:
        return view(settled(ask))
    finally:
        daemon.virsh("destroy", NAME)


@pytest.mark.parametrize("words", [Q35, PC], ids=["q35", "pc"])
def test_both_see_the_same_devices(daemon: Daemon, tmp_path: Path, words: dict[str, str]) -> None:
    defined(daemon, words)
    file = script_of(daemon, tmp_path)
    expected = by_libvirt(daemon)
    with running(file) as process:
        answers = settled(lambda: asked(tmp_path / "run/qmp-monitor.sock", *BOTH))
        pid = int((tmp_path / "run/pid").read_text())
        threads = {
            (task / "comm").read_text().strip(): os.sched_getaffinity(int(task.name))
            for task in Path(f"/proc/{pid}/task").iterdir()
        }
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert b"OWN=a'b $x" in variables
    assert view(answers) == expected
    assert all(f"'{name}'" in str(expected["pci"]) for name in ("net0", "net1", "virtio-disk0", "video0"))
    assert len(expected["disks"]) == 2 and len(expected["cpus"]) == 2
    assert (threads["CPU 0/TCG"], threads["CPU 1/TCG"], threads["IO iothread1"]) == ({0}, {1}, {1})
    assert process.returncode == 143 and not (tmp_path / "run").exists()
    assert not Path(f"/proc/{pid}").exists() and not Path("never").exists()


def test_firmware_variables_are_a_copy_that_stays(daemon: Daemon, tmp_path: Path) -> None:
    from tests.virt.test_definition_goals import need_firmware

    need_firmware()
    file = daemon.folder / "guest.xml"
    xml = XML.format(uuid=UUID, emulator=daemon.emulator, folder=daemon.folder, **Q35)
    file.write_text(xml.replace("<os>", "<os firmware='efi'>"))
    daemon.virsh("undefine", NAME, "--nvram", check=False)
    daemon.virsh("define", str(file))
    try:
        script = script_of(daemon, tmp_path)
        with running(script):
            kept = tmp_path / "state/variables"
            assert kept.stat().st_size > 100_000
        inode = kept.stat().st_ino
        with running(script):
            assert kept.stat().st_ino == inode
    finally:
        daemon.virsh("undefine", NAME, "--nvram", check=False)


def test_a_password_is_asked_for_and_never_written(daemon: Daemon, tmp_path: Path) -> None:
    defined(daemon, {**Q35, "password": " passwd='geheim'"})
    file = script_of(daemon, tmp_path)
    assert "geheim" not in file.read_text() and file.stat().st_mode & 0o777 == 0o700
    done = subprocess.run(["sh", str(file)], env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "set VNC_PASSWORD" in done.stderr and not (tmp_path / "run").exists()
    with running(file, VNC_PASSWORD="other"):
        assert asked(tmp_path / "run/qmp-monitor.sock", "query-vnc")["query-vnc"]["auth"] == "vnc"


def test_a_killed_script_is_undone_and_a_second_start_is_refused(daemon: Daemon, tmp_path: Path) -> None:
    defined(daemon, Q35)
    file = script_of(daemon, tmp_path)

    def again(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(file), *words], env=environment(tmp_path), capture_output=True, text=True, timeout=60
        )

    with running(file) as process:
        pid = int((tmp_path / "run/pid").read_text())
        for words in ((), ("undo",)):
            done = again(*words)
            assert done.returncode == 1 and f"it runs already, as process {pid}" in done.stderr
        process.kill()
        process.wait(60)
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert "with the word undo first" in again().stderr
    done = again("undo")
    assert (done.returncode, done.stderr) == (0, "") and not (tmp_path / "run").exists()
    assert again("undo").returncode == 0


def test_shellcheck_finds_nothing(daemon: Daemon, tmp_path: Path) -> None:
    defined(daemon, Q35)
    program = need("shellcheck", "shellcheck")
    file = script_of(daemon, tmp_path)
    done = subprocess.run(
        [program, "-s", "sh", "-S", "warning", "-e", "SC3045", str(file)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
