"""A host on which people keep secrets wherever people keep them; each is one of a kind, so that a leak names itself."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from tests.hosts.base import CLEAN, gpu
from vfiotui.demo.builder import build
from vfiotui.demo.description import GuestDesc, Host
from vfiotui.formats.option_rom import read_rom
from vfiotui.model.base.nodes import File, Folder, Node, Symlink

MACHINE_ID = "5ec4e7aa0bb14c77a1f0c0ffee5ec4e7"
PEOPLE = ("zwetschke", "quittenbaum")
HOST = "mirabelle"
DOMAIN = "obstgarten.example"
GUEST = "reineclaude"
MACS = ("7c:10:c9:5e:c4:e7", "7c:10:c9:a1:b2:c3", "7c:10:c9:d4:e5:f6")
IPS = ("10.97.86.75", "172.29.31.37", "2001:db8:cafe:5ec::4e7")
UUIDS = ("6f1d2c3b-aaaa-4bbb-8ccc-5ec4e75ec4e7", "7a8b9c0d-1234-4abc-9def-0fedcba98765")
USED: list[str] = []
SECRETS: dict[str, str] = {}
"""Secret → where it was put."""


def secret(where: str) -> str:
    """A new secret that stands at one place."""
    word = f"Zq{len(USED):03d}xGeheim{(len(USED) * 7919 + 104729) % 99991:05d}"
    USED.append(word)
    SECRETS[word] = where
    return word


def short(where: str, length: int) -> str:
    """A secret of no more than this length."""
    word = secret(where)
    del SECRETS[word]
    SECRETS[word[:length]] = where
    return word[:length]


def guest_xml() -> str:
    """A definition with something private in every place."""
    return f"""<!-- {secret("comment of a guest")} -->
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{GUEST}</name><uuid>{UUIDS[0]}</uuid><genid>{UUIDS[1]}</genid>
  <title>{secret("title of a guest")}</title>
  <description>{secret("description of a guest")} f\u00fcr B\u00f6b</description>
  <metadata><my:note xmlns:my='http://x/{secret("namespace")}'>{secret("metadata")}</my:note></metadata>
  <memory unit='KiB'>4194304</memory><vcpu placement='static'>2</vcpu>
  <sysinfo type='smbios'><system><entry name='serial'>{secret("smbios serial")}</entry>
    <entry name='manufacturer'>{secret("smbios manufacturer")}</entry></system>
    <oemStrings><entry>{secret("oem strings")}</entry></oemStrings></sysinfo>
  <os firmware='efi'><type arch='x86_64' machine='pc-q35-9.2'>hvm</type>
    <loader readonly='yes' type='pflash'>/srv/{secret("loader path")}/code.fd</loader>
    <nvram>/srv/{secret("nvram path")}/{GUEST}_VARS.fd</nvram>
    <kernel>/srv/{secret("direct kernel")}</kernel><cmdline>pw={secret("direct cmdline")}</cmdline></os>
  <features><hyperv><vendor_id state='on' value='Zq9vendor'/></hyperv></features>
  <cpu mode='host-passthrough'/>
  <keywrap><cipher name='{secret("keywrap")}' state='on'/></keywrap>
  <launchSecurity type='sev'><session>{secret("launch session")}</session></launchSecurity>
  <devices>
    <emulator>/opt/{secret("emulator path")}/qemu</emulator>
    <graphics type='vnc' passwd='{secret("vnc")} two words' listen='{IPS[0]}'/>
    <graphics type='spice' passwd="{secret("spice")}'apos"><listen type='address' address='{IPS[1]}'/></graphics>
    <disk type='network'><auth username='{PEOPLE[0]}'><secret type='ceph' uuid='{UUIDS[1]}'/></auth>
      <source protocol='https' name='{secret("network disk")}'><host name='nas.{DOMAIN}'/>
      <cookies><cookie name='s'>{secret("cookie")}</cookie></cookies></source></disk>
    <disk type='file'><source file='/srv/{secret("customer folder")}/disk.qcow2'/><target dev='vda' bus='virtio'/>
      <serial>{secret("disk serial")}</serial><wwn>5000c500a1b2c3d4</wwn>
      <vendor>{secret("disk vendor")}</vendor></disk>
    <disk type='block'><source dev='/dev/disk/by-id/nvme-Samsung_SSD_{secret("by-id name")}'/>
      <target dev='vdb'/></disk>
    <interface type='bridge'><mac address='{MACS[0]}'/><source bridge='{short("bridge", 12)}'/>
      <ip address='{IPS[1]}'/><target dev='{short("tap", 12)}'/></interface>
    <filesystem type='mount'><source dir='/home/{PEOPLE[0]}/{secret("shared folder")}'/>
      <target dir='{secret("mount tag")}'/></filesystem>
    <serial type='tcp'><source mode='connect' host='{IPS[0]}' service='{secret("serial service")}'/></serial>
    <channel type='unix'><source path='/run/{secret("channel")}'/></channel>
    <shmem name='{secret("shared memory")}'><model type='ivshmem-plain'/><size unit='M'>32</size></shmem>
    <input type='evdev'><source dev='/dev/input/by-id/usb-{secret("evdev name")}-event-kbd'/></input>
    <audio id='1' type='pipewire' runtimeDir='/run/user/{secret("runtime dir")}'/>
    <tpm model='tpm-crb'><backend type='emulator'><encryption secret='{UUIDS[1]}'/></backend></tpm>
    <hostdev mode='subsystem' type='pci' managed='yes'><source>
      <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
      <rom file='/home/{PEOPLE[0]}/{secret("rom path")}.rom'/></hostdev>
  </devices>
  <seclabel type='static'><label>{secret("security label")}</label></seclabel>
  <qemu:commandline><qemu:arg value='-object'/><qemu:arg value='secret,id=s0,data={secret("secret object")}'/>
    <qemu:arg value='-fw_cfg'/><qemu:arg value='name=opt/x,string={secret("fw_cfg")}'/>
    <qemu:arg value='user,id=n,smbuser=bob,PASS:{secret("smb")}'/>
    <qemu:arg value='{{"qom-type":"secret","data":"{secret("json argument")}"}}'/>
    <qemu:env name='{secret("environment name")}' value='{secret("environment value")}'/></qemu:commandline>
</domain>
"""


def plan_json() -> str:
    """A plan of the journal that wrote secrets."""
    return f"""{{"plan": 1, "title": "Give {GUEST} to {secret("plan title")}", "machine": "5ec4e75ec4e7",
 "notes": ["{secret("plan note")}"], "escape": ["{secret("plan escape")}"],
 "goals": [["cmdline.add", "x={secret("goal")}"]],
 "conditions": [{{"name": "program", "subject": "{secret("condition")}"}}],
 "steps": [{{"kind": "file", "subject": "/srv/{secret("step subject")}", "why": "{secret("step why")}",
  "before": ["{secret("file before")}\\n"], "after": ["passwd={secret("file after")}\\n"]}},
  {{"kind": "command", "subject": "x", "argv": ["/bin/sh", "{secret("argv")}"],
   "products": ["/boot/{secret("product")}"]}},
  {{"kind": "file", "subject": "/etc/b", "before": null,
    "after": {{"base64": "{base64.b64encode(secret("base64 content").encode()).decode()}"}}}}]}}"""


def journal() -> str:
    """Events of that change."""
    return (
        f'{{"event": "apply", "pid": 7, "start": 1, "boot": "{UUIDS[1]}", "at": "2026-01-01", "host": "{HOST}"}}\n'
        '{"event": "begin", "step": 1}\n'
        f'{{"event": "stuck", "why": "cannot write {secret("journal why")}"}}\n'
    )


HOOK = f"""#!/bin/sh
# {secret("hook comment")}
curl -H "Authorization: Bearer {secret("bearer")}" https://user:{secret("url password")}@hook.{DOMAIN}/x
sshpass -p {secret("sshpass")} ssh {PEOPLE[0]}@{IPS[0]}
virsh -c qemu+ssh://{PEOPLE[1]}@{IPS[1]}/system start {GUEST}
PGPASSWORD={secret("hook variable")}; TOKEN="{secret("hook token")} with blanks"
chrt -f 1 qemu-system-x86_64 -name {GUEST} --password {secret("qemu password")}
cat <<X
{secret("here-document")} systemd-inhibit
X
"""


def texts() -> Mapping[str, str]:
    """Path → text, of everything that is configuration or shown by the kernel."""
    ids = "5ec4e7"
    return {
        "/etc/machine-id": f"{MACHINE_ID}\n",
        "/etc/hostname": f"{HOST}.{DOMAIN}\n",
        "/etc/shadow": f"root:$6${secret('shadow')}:1::::::\n",
        "/etc/passwd": f"root:x:0:0::/root:/bin/sh\n{PEOPLE[0]}:x:1000:1000:{secret('gecos')},,,:/home/x:/bin/sh\n"
        f"{PEOPLE[1]}:x:1001:1001::/home/y:/bin/sh\nlibvirt-qemu:x:64055:64055::/:/bin/false\n",
        "/etc/group": f"kvm:x:104:{PEOPLE[0]}\nlibvirt:x:105:{PEOPLE[0]},{PEOPLE[1]}\n{secret('group')}:x:999:\n",
        "/etc/default/grub": f'# {secret("grub comment")}\nGRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt '
        f"rd.luks.key=/{secret('luks key')}:UUID={UUIDS[0]} cifsopts=user=a,pass={secret('cifs')} "
        f'systemd.hostname={HOST} ip={IPS[0]}"\nGRUB_SUPERUSERS="{secret("superuser")}"\n'
        f"GRUB_PASSWORD={secret('grub variable')}; password_pbkdf2 root grub.pbkdf2.sha512.10000.{secret('grub hash')}\n"  # noqa: E501
        f"eval {secret('grub eval')}\n",
        "/etc/kernel/cmdline": f"root=UUID={UUIDS[0]} netroot=iscsi:usr:{secret('iscsi')}@{IPS[1]}::3260::iqn.2020 "
        f"nbdroot={secret('nbd')} wifi={secret('wifi')}\n",
        "/etc/kernel/secure-boot-private-key.pem": f"-----BEGIN PRIVATE KEY-----\n{secret('private key')}\n",
        "/etc/kernel/install.d/99-x.install": f"#!/bin/sh\nTOKEN={secret('install script')}\n",
        "/boot/grub/grub.cfg": f'set superusers="{secret("menu superuser")}"\npassword root {secret("menu password")}\n'
        f'password_pbkdf2 root {secret("menu hash")}\nmenuentry "Debian {secret("menu title")}" {{\n'
        f"  search --fs-uuid {UUIDS[0]}\n  linux /vmlinuz-6.12.9-amd64 root=UUID={UUIDS[0]} key={secret('menu word')}\n"
        f"  initrd /initrd.img-6.12.9-amd64\n}}\n# {secret('menu comment')}\n",
        "/boot/limine.conf": f"password: {secret('limine')}\n/Linux {secret('limine entry')}\n"
        f"  cmdline: quiet pw={secret('limine word')}\n",
        "/boot/refind_linux.conf": f'"{secret("refind title")}" "root=UUID={UUIDS[0]} pw={secret("refind word")}"\n',
        f"/boot/loader/entries/{MACHINE_ID}-6.12.9-amd64.conf": f"title {secret('entry title')}\n"
        f"machine-id {MACHINE_ID}\nlinux /{MACHINE_ID}/6.12.9-amd64/linux\noptions quiet pw={secret('entry word')}\n"
        f"x-owner {secret('entry key')}\n",
        "/etc/libvirt/qemu.conf": f'vnc_password = "{secret("vnc default")}"\nspice_password = "{secret("spice default")}"\n'  # noqa: E501
        f'vnc_listen = "{IPS[0]}"\nuser = "{PEOPLE[0]}"\n# {secret("qemu.conf comment")}\n'
        f'cgroup_device_acl = [ "/dev/null", "/dev/{secret("acl item")}" ]\n',
        "/etc/libvirt/hooks/qemu": HOOK,
        "/etc/libvirt/hooks/qemu.d/x": f"passwd={secret('hook with NUL')} {MACS[1]}\n\0",
        f"/etc/libvirt/hooks/qemu.d/{secret('hook name')}": "#!/bin/sh\n",
        "/usr/local/bin/startvm": f"#!/bin/sh\n# qemu-system\nPASSWORD={secret('start script')}\nMAC={MACS[1]}\n",
        f"/home/{PEOPLE[0]}/vm.sh": f"#!/bin/sh\nqemu-system-x86_64 -hda /home/{PEOPLE[0]}/{secret('home script')}\n",
        f"/etc/libvirt/secrets/{UUIDS[1]}.xml": f"<secret><usage>{secret('libvirt secret')}</usage></secret>",
        f"/etc/libvirt/secrets/{UUIDS[1]}.base64": base64.b64encode(secret("secret value").encode()).decode(),
        "/etc/libvirt/nwfilter/x.xml": f"<filter name='{secret('nwfilter')}'/>",
        "/etc/libvirt/storage/x.xml": f"<pool><auth><secret usage='{secret('pool')}'/></auth></pool>",
        "/etc/libvirt/qemu/networks/x.xml": f"<network><name>{secret('network')}</name><ip address='{IPS[1]}'/></network>",  # noqa: E501
        f"/var/log/libvirt/qemu/{GUEST}.log": f"-spice password={secret('QEMU log')}\n",
        "/etc/modprobe.d/vfio.conf": f"# {secret('modprobe comment')}\noptions vfio-pci ids=10de:13c2,10de:0fbb\n"
        f"options cfg80211 key={secret('module option')}\ninstall x /bin/sh -c {secret('install line')}\n"
        f"{secret('modprobe junk')}\n",
        f"/etc/modprobe.d/{secret('modprobe name')}.conf": "options kvm ignore_msrs=1\n",
        "/etc/modules": f"vfio-pci # {secret('modules comment')}\n",
        "/etc/modules-load.d/a.conf": f"{secret('module name')}\n",
        "/etc/sysctl.conf": f"kernel.hostname = {HOST}\nvm.nr_hugepages = 4\nkernel.core_pattern=|/{secret('sysctl')}\n",  # noqa: E501
        "/etc/tmpfiles.d/x.conf": f"f /run/{secret('tmpfiles path')} 0600 {PEOPLE[0]} kvm - {secret('tmpfiles value')}\n",  # noqa: E501
        "/etc/udev/rules.d/10-x.rules": f'ATTRS{{serial}}=="{secret("udev serial")}", RUN+="/bin/{secret("udev run")}"\n'  # noqa: E501
        f'KERNEL=="0000:01:00.0", ATTR{{driver_override}}="vfio-pci", ENV{{K}}="{secret("udev variable")}"\n',
        "/etc/X11/xorg.conf": f'Section "Device"\n  Identifier "{secret("xorg identifier")}"\n  BusID "PCI:1:0:0"\n'
        f'  Option "X" "{secret("xorg option")}"\nEndSection\n',
        "/etc/fstab": f"//nas.{DOMAIN}/{secret('share')} /mnt/{secret('mount point')} cifs "
        f"username={PEOPLE[0]},password={secret('fstab password')} 0 0\nUUID={UUIDS[0]} / ext4 defaults 0 1\n",
        "/etc/crypttab": f"luks-{UUIDS[0]} UUID={UUIDS[0]} /{secret('crypttab')}\n",
        "/etc/systemd/system/x.service": f"[Service]\nEnvironment=TOKEN={secret('unit')}\n",
        f"/etc/systemd/system/multi-user.target.wants/{secret('unit name')}.service": "x\n",
        "/etc/mkinitcpio.conf": f"MODULES=(vfio_pci)\nHOOKS=(base udev)\nKEY={secret('mkinitcpio')}\n# {secret('mk comment')}\n",  # noqa: E501
        "/etc/dracut.conf.d/x.conf": f'add_drivers+=" vfio "\ninstall_items+=" /{secret("dracut")} "\n'
        f'kernel_cmdline="pw={secret("dracut word")}"\n',
        "/etc/initramfs-tools/conf.d/x": f"DROPBEAR_OPTIONS='{secret('initramfs conf')}'\nRESUME=UUID={UUIDS[0]}\n",
        "/etc/initramfs-tools/scripts/init-top/x": f"#!/bin/sh\necho {secret('early script')} driver_override\n",
        "/etc/driverctl.d/0000:01:00.0": f"{secret('driver')}\n",
        "/etc/ssh/ssh_host_ed25519_key": f"{secret('ssh key')}\n",
        "/root/.ssh/id_ed25519": f"{secret('root key')}\n",
        "/etc/NetworkManager/system-connections/x": f"ssid={secret('ssid')}\npsk={secret('psk')}\n",
        "/etc/os-release": f'NAME="Debian"\nID=debian\nSUPPORT_URL="https://{secret("support url")}/"\n',
        "/proc/cmdline": f"BOOT_IMAGE=/vmlinuz-6.12.9-amd64 root=UUID={UUIDS[0]} quiet iommu=pt "
        f"ip={IPS[0]} token={secret('proc cmdline')} -- {secret('init argument')}\n",
        "/proc/version": f"Linux version 6.12.9-amd64 ({PEOPLE[0]}@{HOST}) (gcc) #1 {secret('version')}\n",
        "/proc/mounts": f"/dev/nvme0n1p2 / ext4 rw 0 0\n//nas.{DOMAIN}/{secret('mounted share')} /mnt/{secret('mounted')} "  # noqa: E501
        f"cifs rw,username={PEOPLE[0]},domain={secret('mount domain')},addr={IPS[0]} 0 0\n",
        "/proc/swaps": f"Filename Type Size Used Priority\n/dev/mapper/{secret('swap volume')} partition 8 0 -2\n",
        "/proc/net/if_inet6": "20010db8cafe05ec00000000000004e7 02 40 00 80 eth0\n",
        "/proc/net/sockstat": "sockets: used 1\nTCP: inuse 1 orphan 0\n",
        "/proc/bus/input/devices": f'I: Bus=0003 Vendor=046d Product=c52b Version=0110\nN: Name="{secret("keyboard")} 4711"\n'  # noqa: E501
        f"P: Phys={MACS[1]}\nS: Sysfs=/devices/pci0000:00/usb1/1-1/input/input3\nU: Uniq={secret('keyboard serial')}\n"
        "H: Handlers=kbd\nB: EV=120013\n\n",
        "/proc/cpuinfo": f"processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD Ryzen\nflags\t\t: fpu lm svm\n"
        f"Serial\t\t: {secret('cpu serial')}\n",
        "/proc/1480/comm": f"{short('process', 15)}\n",
        "/proc/1480/environ": f"TOKEN={secret('environment')}\0",
        "/proc/1480/cmdline": f"/usr/bin/x\0--token={secret('arguments')}\0",
        "/proc/100/environ": f"PASSWORD={secret('environment of QEMU')}\0",
        "/proc/100/cmdline": f"/usr/bin/qemu-system-x86_64\0-name\0guest={GUEST}\0-m\0size=4194304k\0-object\0"
        f"secret,id=m,data={secret('arguments of QEMU')}\0-netdev\0tap,mac={MACS[2]}\0",
        "/var/log/dmesg": f"[ 1.0] usb 1-1: SerialNumber: {secret('log serial')}\n"
        f'[ 2.0] audit: apparmor="DENIED" operation="open" profile="libvirt-{UUIDS[0]}" '
        f'name="/srv/{secret("denied path")}/x.img" comm="qemu-system-x86" requested_mask="r"\n'
        f"[ 3.0] Out of memory: Killed process 12 ({secret('killed')}) on {HOST} {MACS[2]} {IPS[0]}\n"
        f"[ 4.0] Kernel command line: luks={secret('logged cmdline')} iommu=pt\n",
        "/var/lib/vfiotui/changes/0001-change/plan.json": plan_json(),
        "/var/lib/vfiotui/changes/0001-change/journal": journal(),
        "/var/lib/vfiotui/changes/0001-change/log": f"{secret('log of a change')}\n",
        "/var/lib/vfiotui/changes/0001-change/before/1": f"{secret('kept copy')}\n",
        "/sys/class/dmi/id/product_serial": f"{secret('product serial')}\n",
        "/sys/class/dmi/id/product_uuid": f"{UUIDS[1]}\n",
        "/sys/class/dmi/id/chassis_asset_tag": f"{secret('asset tag')}\n",
        "/sys/class/net/eth0/address": f"{MACS[0]}\n",
        "/sys/class/nvme/nvme0/serial": f"{secret('NVMe serial')}\n",
        "/sys/bus/usb/devices/1-1/serial": f"{secret('USB serial')}\n",
        "/sys/bus/usb/devices/1-1/product": f"{secret('USB product')} of {PEOPLE[0]}\n",
        "/sys/bus/usb/devices/1-1/manufacturer": f"{secret('USB maker')} {ids}\n",
        "/sys/class/block/dm-0/dm/name": f"{secret('volume')}\n",
        "/sys/module/brcmfmac/parameters/key": f"{secret('module parameter')}\n",
    }


def binaries() -> Mapping[str, bytes]:
    """Path → bytes, of firmware, images and registers."""
    utf16 = "systemd-boot 255 " + secret("LoaderInfo")
    guid = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
    vendor = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
    config = bytearray(4096)
    config[0:2], config[6] = b"\xde\x10", 0
    config[0x100:0x10C] = (0x00010003).to_bytes(4, "little") + bytes.fromhex("7c10c9fffe5ec4e7")
    option = (1).to_bytes(4, "little") + (4).to_bytes(2, "little")
    option += ("debian " + secret("boot entry")).encode("utf-16-le") + b"\0\0" + b"\x7f\xff\x04\0"
    option += f"root=UUID={UUIDS[0]} pw={secret('boot entry word')}".encode("utf-16-le")
    return {
        f"/sys/firmware/efi/efivars/LoaderInfo-{guid}": b"\6\0\0\0" + utf16.encode("utf-16-le") + b"\0\0",
        f"/sys/firmware/efi/efivars/LoaderEntryDefault-{guid}": b"\6\0\0\0"
        + f"{MACHINE_ID}-6.12.9-amd64.conf".encode("utf-16-le") + b"\0\0",
        f"/sys/firmware/efi/efivars/BootCurrent-{vendor}": b"\6\0\0\0\1\0",
        f"/sys/firmware/efi/efivars/Boot0001-{vendor}": b"\7\0\0\0" + option,
        "/etc/libvirt/hooks/qemu.d/latin": b"#!/bin/sh\n# f\xfcr \xe9\nPASSWORD=" + secret("latin-1 hook").encode()
        + f" chrt MAC={MACS[0]}\n".encode(),
        "/boot/initrd.img-6.12.9-amd64": _image(),
        "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/config": bytes(config),
    }  # fmt: skip


def _image() -> bytes:
    from vfiotui.host.capture.reduce_image import archive

    return archive(iter([
        ("conf/initramfs.conf", 0o100644, f"MODULES=most\nKEY={secret('image conf')}\n".encode()),
        ("conf/modules", 0o100644, f"vfio-pci # {secret('image modules')}\n".encode()),
        ("cryptroot/keyfiles/x.key", 0o100600, secret("image key").encode()),
        ("cryptroot/crypttab", 0o100600, secret("image crypttab").encode()),
        ("root/.ssh/authorized_keys", 0o100600, secret("image ssh").encode()),
        (f"etc/{secret('image name')}", 0o100644, b""),
        ("etc/modprobe.d/x.conf", 0o100644, f"options x key={secret('image option')}\n".encode()),
        ("scripts/init-top/x", 0o100755, f"#!/bin/sh\nPW={secret('image script')}; echo driver_override\n".encode()),
        ("usr/lib/modules/6.12.9-amd64/kernel/drivers/vfio/pci/vfio-pci.ko", 0o100644, b""),
    ]))  # fmt: skip


@cache
def host_with_secrets() -> dict[str, Node]:
    """The whole tree."""
    base: Host = replace(
        CLEAN,
        name=HOST,
        guests=(GuestDesc(GUEST, guest_xml(), pid=100, vcpus=2, pins=(2, 6)),),
        pci=(*CLEAN.pci, gpu("0000:05:00.0", 9)),
        user=1000,
    )
    nodes = dict(build(base))
    for path, text in texts().items():
        nodes[path] = File(text.encode())
    from tests.host.capture.planted_more import more_texts

    for path, text in more_texts().items():
        before = nodes.get(path)
        nodes[path] = File((before.data if isinstance(before, File) else b"") + text.encode())
    for path, data in binaries().items():
        nodes[path] = File(data)
    nodes[f"/dev/disk/by-id/nvme-Samsung_SSD_{secret('by-id link')}"] = Symlink("../../nvme0n1")
    nodes["/proc/1480/fd/3"] = Symlink("/dev/dri/card0")
    nodes["/proc/1480/fd/4"] = Symlink(f"/home/{PEOPLE[0]}/{secret('open file')}")
    nodes[f"/home/{PEOPLE[1]}"] = Folder()
    nodes[f"/lib/modules/6.6.1-{secret('local version')}"] = Folder()
    rom = secret("ROM body").encode()
    body = bytearray(512)
    body[0:3], body[0x18] = b"\x55\xaa\x01", 0x1C
    body[0x1C:0x20], body[0x20:0x24], body[0x26] = b"PCIR", b"\xde\x10\xc2\x13", 0x18
    body[0x2C], body[0x31] = 1, 0x80
    body[0x80 : 0x80 + len(rom)] = rom
    path = next(w for w, where in SECRETS.items() if where == "rom path")
    assert read_rom(bytes(body)).images
    nodes[f"/home/{PEOPLE[0]}/{path}.rom"] = File(bytes(body))
    return nodes


def spellings(text: str) -> Iterator[bytes]:
    """How a text may stand in a file: as it is, in any case, in UTF-16, hexadecimal, base64 at each alignment."""
    raw = text.encode()
    yield from (raw, text.lower().encode(), text.upper().encode())
    yield from (text.encode("utf-16-le"), text.encode("utf-16-be"))
    yield from (raw.hex().encode(), raw.hex().upper().encode())
    for lead in range(3):
        packed = base64.b64encode(b"\0" * lead + raw)
        yield packed[(0, 2, 3)[lead] : len(packed) // 4 * 4 - 4]


def identifying() -> dict[str, str]:
    """Every secret, and the names, addresses and ids that identify, in all their forms → what it is."""
    found = dict(SECRETS)
    for name in (*PEOPLE, HOST, DOMAIN, GUEST, MACHINE_ID, *UUIDS, *IPS, "7c10c9fffe5ec4e7"):
        found[name] = "a name, an id or an address"
    for mac in MACS:
        bare = mac.replace(":", "")
        found.update(dict.fromkeys((mac, mac.replace(":", "-"), bare), "a hardware address"))
        found[".".join(re.findall("....", bare))] = "a hardware address"
    found["20010db8cafe05ec00000000000004e7"] = "an address"
    return found
