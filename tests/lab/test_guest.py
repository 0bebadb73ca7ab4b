"""Guests boot from the NVMe that was handed over, now or at the boot, and the host gets everything back."""

from __future__ import annotations

from tests.lab.machine import Lab
from tests.lab.test_boots import GPU, NIC, SOUND, given, predicted, right

NVME, USB = "0000:03:00.0", "0000:02:00.0"
FIVE = {GPU, SOUND, USB, NVME, NIC}
LOG = "/var/log/handed-over.log"
BOOTED = "VFIOLAB: booted from the passed-through NVMe"
SPOKEN = f"grep -q '{BOOTED}' {LOG}"


def hostdev(bdf: str, managed: str, inside: str = "") -> str:
    """A device of a guest."""
    bus, slot, function = bdf[5:7], bdf[8:10], bdf[11]
    return f"""<hostdev mode='subsystem' type='pci' managed='{managed}'>
      <source><address domain='0x0000' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/></source>{inside}
    </hostdev>"""


def guest(*hostdevs: str, memory: str = "") -> str:
    """A guest that starts from its NVMe and writes what it says into a file."""
    return f"""<domain type='qemu'>
  <name>handed-over</name>
  <memory unit='MiB'>128</memory>{memory}
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/><apic/></features>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='file'><source path='{LOG}'/></serial>
    {"".join(hostdevs)}
    <memballoon model='none'/>
  </devices>
</domain>"""


def start(lab: Lab, text: str) -> None:
    """The guest runs, and has booted from the disk that was handed over."""
    lab.must(f"rm -f {LOG}; cat >/root/guest.xml <<'END'\n{text}\nEND\n")
    lab.must("virsh -q define /root/guest.xml && virsh -q start handed-over")
    lab.wait(SPOKEN, "the guest has booted", 300)


def end(lab: Lab) -> None:
    """The guest is gone."""
    lab.must("virsh -q destroy handed-over && virsh -q undefine handed-over")


def test_a_guest_boots_from_the_nvme_and_gives_it_back(lab: Lab) -> None:
    assert lab.drivers()[NVME] == "nvme"
    done = lab.vfiotui("isolate 03:00.0 --method dynamic --now --apply --yes")
    assert done.code == 0, done.all
    assert lab.drivers()[NVME] == "vfio-pci"
    start(lab, guest(hostdev(NVME, "no", "<boot order='1'/>")))
    answer = lab.vfiotui("apply driver.host=03:00.0 --yes")
    assert answer.code == 4 and "in use by the guest handed-over" in answer.err, answer.all
    end(lab)
    assert lab.drivers()[NVME] == "vfio-pci"
    done = lab.vfiotui("isolate --undo --yes")
    assert done.code == 0, done.all
    assert lab.drivers()[NVME] == "nvme"
    lab.must("test -b /dev/nvme0n1 && dd if=/dev/nvme0n1 of=/dev/null bs=512 count=1 status=none")
    assert lab.must(f"cat /sys/bus/pci/devices/{NVME}/driver_override").strip() in ("", "(null)")


def test_a_guest_runs_on_five_devices_that_the_boot_gave_it(lab: Lab) -> None:
    """A graphics card with its sound, a USB controller, the NVMe and a NIC whose ids another one shares."""
    at_first = lab.drivers()
    goals = " ".join(f"isolate.auto={bdf[5:]}" for bdf in sorted(FIVE - {SOUND}))
    done = lab.vfiotui(f"apply {goals} --yes")
    assert done.code == 0, done.all
    told = predicted(lab)
    lab.reboot()
    assert given(right(lab, "five devices", told)) == FIVE
    lab.must("echo 80 >/proc/sys/vm/nr_hugepages")
    pages = "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages><locked/></memoryBacking>"
    inside = {NVME: "<boot order='1'/>", GPU: "<rom bar='off'/>"}
    start(lab, guest(*(hostdev(bdf, "yes", inside.get(bdf, "")) for bdf in sorted(FIVE)), memory=pages))
    groups = {lab.must(f"basename $(readlink /sys/bus/pci/devices/{bdf}/iommu_group)").strip() for bdf in FIVE}
    held = lab.must("ls -l /proc/$(cat /run/libvirt/qemu/handed-over.pid)/fd | grep -oE '/dev/vfio/[0-9]+' | sort -u")
    assert set(held.split()) == {f"/dev/vfio/{group}" for group in groups}
    answer = lab.vfiotui("apply driver.host=01:00.0 --yes")
    assert answer.code == 4 and "in use by the guest handed-over" in answer.err, answer.all
    end(lab)
    assert given(lab.drivers()) == FIVE
    done = lab.vfiotui(f"apply {' '.join(f'driver.host={bdf[5:]}' for bdf in sorted(FIVE - {SOUND}))} --yes")
    assert done.code == 0, done.all
    assert lab.drivers() == at_first
    lab.must("dd if=/dev/nvme0n1 of=/dev/null bs=512 count=1 status=none")
    done = lab.vfiotui("isolate --undo --yes")
    assert done.code == 0, done.all
    told = predicted(lab)
    lab.reboot()
    assert right(lab, "five devices undone", told) == at_first
