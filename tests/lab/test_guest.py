"""A guest boots from the NVMe that was handed over, and the host gets it back."""

from __future__ import annotations

from tests.lab.machine import Lab

NVME = "0000:03:00.0"
LOG = "/var/log/handed-over.log"
GUEST = f"""
<domain type='qemu'>
  <name>handed-over</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/><apic/></features>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='file'><source path='{LOG}'/></serial>
    <hostdev mode='subsystem' type='pci' managed='no'>
      <source><address domain='0x0000' bus='0x03' slot='0x00' function='0x0'/></source>
      <boot order='1'/>
    </hostdev>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def test_a_guest_boots_from_the_nvme_and_gives_it_back(lab: Lab) -> None:
    assert lab.drivers()[NVME] == "nvme"
    done = lab.vfiotui("isolate 03:00.0 --method dynamic --now --apply --yes")
    assert done.code == 0, done.all
    assert lab.drivers()[NVME] == "vfio-pci"
    lab.must(
        f"cat >/root/guest.xml <<'END'\n{GUEST}\nEND\nvirsh -q define /root/guest.xml && virsh -q start handed-over"
    )
    lab.wait(f"grep -q 'VFIOLAB: booted from the passed-through NVMe' {LOG}", "the guest has booted", 300)
    answer = lab.vfiotui("apply driver.host=03:00.0 --yes")
    assert answer.code == 4 and "in use by the guest handed-over" in answer.err, answer.all
    lab.must("virsh -q destroy handed-over && virsh -q undefine handed-over")
    assert lab.drivers()[NVME] == "vfio-pci"
    done = lab.vfiotui("isolate --undo --yes")
    assert done.code == 0, done.all
    assert lab.drivers()[NVME] == "nvme"
    lab.must("test -b /dev/nvme0n1 && dd if=/dev/nvme0n1 of=/dev/null bs=512 count=1 status=none")
    assert lab.must(f"cat /sys/bus/pci/devices/{NVME}/driver_override").strip() in ("", "(null)")
