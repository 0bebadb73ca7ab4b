"""Secrets in places that come to mind last: each text is added to what the host with secrets has at its path."""

from __future__ import annotations

from collections.abc import Mapping

from tests.host.capture.planted import GUEST, IPS, MACS, PEOPLE, UUIDS, secret, short

# ruff: noqa: E501


def more_texts() -> Mapping[str, str]:
    """Path → text."""
    s = secret
    link = short("interface", 12)
    found = {
        "/var/lib/cloud/instance/user-data.txt": f"password: {s('cloud-init')}\nssh_authorized_keys: [ssh-rsa {s('cloud key')}]",
        "/etc/cloud/cloud.cfg.d/90.cfg": f"password: {s('cloud cfg')}",
        "/etc/NetworkManager/system-connections/y.nmconnection": f"[wifi]\nssid={s('nm ssid')}\npsk={s('nm psk')}",
        "/etc/wpa_supplicant/wpa_supplicant.conf": f'network={{ssid="{s("wpa ssid")}" psk="{s("wpa psk")}"}}',
        "/etc/ssh/ssh_host_rsa_key": s("host rsa"),
        "/etc/sssd/sssd.conf": f"ldap_default_authtok = {s('sssd')}",
        "/etc/fstab": f"//nas/{s('cifs share')} /mnt/{s('mp')} cifs credentials=/root/{s('credfile')},username={s('cifsuser')},domain={s('dom')} 0 0\n# {s('fstab comment')}\nLABEL={s('label')} /srv ext4 x-systemd.requires={s('xsys')} 0 0\nsshfs#{s('sshfs user')}@h:/ /x fuse IdentityFile=/root/{s('sshfs key')} 0 0\nPARTLABEL={s('plabel')} /a\\040{s('octal place')} ext4 defaults 0 0\n",
        "/etc/crypttab": f"{s('crypt name')} UUID=1 /etc/keys/{s('keyfile')} luks,keyscript=/{s('keyscript')}\n",
        "/etc/kernel/install.d/55-sign.install": f"#!/bin/sh\nKEY={s('install.d key')}\nsbsign --key /root/{s('sbsign path')} driver_override vfio-pci\nexport PASS='{s('install.d pass')}' # driver_override {s('comment driver_override')}\nmodprobe -r {s('modprobe arg')}; virsh start {s('virsh arg')}\n",
        "/boot/limine.conf": f"# {s('limine comment')}\nterm_wallpaper: boot():/{s('limine wall')}.png\n/{s('limine entry2')}\n    comment: {s('limine entry comment')}\n    cmdline: root=UUID={UUIDS[0]} luks.passphrase={s('limine pw')} {s('limine bare')}\n    kernel_path: boot():/{s('limine path')}/vmlinuz#{'deadbeef' * 16}\n",
        "/boot/refind_linux.conf": f'# {s("refind comment")}\n"Boot {s("refind title2")}" "ro rd.luks.name={UUIDS[0]}={s("luks name")} ip=dhcp:{s("ip host")}"\n',
        "/etc/credstore/db": s("credstore"),
        "/run/credentials/x.service/tok": s("run cred"),
        "/etc/credstore.encrypted/x": s("cred enc"),
        "/etc/systemd/system/y.service.d/x.conf": f"[Service]\nSetCredential=a:{s('SetCredential')}\nLoadCredential=b:/{s('LoadCredential')}\n",
        "/etc/modprobe.d/wl.conf": f'options brcmfmac psk={s("modopt")} path=/lib/{s("modopt path")}\noptions vfio-pci ids=10de:1234 sysfspw={s("modopt2")}\nsoftdep {s("softdep mod")} pre: vfio-pci\nalias {s("alias")} off\ninstall nvidia /usr/bin/curl -u {s("curl u")}:{s("curl p")} https://{s("curl host")}.example/\nblacklist {s("blacklisted")}\noptions snd_hda_intel id="{s("quoted")} {s("quoted two")}"\n',
        "/etc/udev/rules.d/99-usb.rules": f'ATTRS{{serial}}=="{s("udev serial2")}", SYMLINK+="{s("udev symlink")}"\nENV{{ID_SERIAL_SHORT}}=="{s("udev id serial")}", ATTR{{driver_override}}="vfio-pci", \\\n  SYMLINK+="{s("udev cont")}", RUN+="/bin/sh -c \'echo {s("udev runner")}\'"\nATTR{{address}}=="{MACS[1]}", NAME="{s("nic name")}", ATTR{{driver_override}}="x"\n',
        "/etc/X11/xorg.conf.d/10-m.conf": f'Section "Monitor"\n Identifier "{s("mon id")}"\n VendorName "{s("mon vendor")}"\n ModelName "SN {s("mon serial")}"\n Option "PreferredMode" "{s("mode")}"\nEndSection\nSection "Device"\n Driver "{s("xorg driver")}" # {s("xorg comment")}\n BusID "PCI:1:0:0" # {s("busid comment")}\nEndSection\nSection "InputClass" # {s("section comment")}\n MatchProduct "{s("match")}"\n',
        "/etc/libvirt/qemu/networks/lan.xml": f"<network><name>{s('net name')}</name><uuid>{UUIDS[0]}</uuid><forward mode='hostdev'><pf dev='{short('pf dev', 12)}'/></forward><bridge name='{short('net bridge', 12)}'/><mac address='{MACS[2]}'/><domain name='{s('net domain')}'/><dns><host ip='{IPS[0]}'><hostname>{s('dns host')}</hostname></host><txt name='{s('dns txt')}' value='{s('txt value')}'/></dns><ip address='{IPS[1]}'><dhcp><host mac='{MACS[0]}' name='{s('dhcp host')}' ip='{IPS[0]}'/><bootp file='{s('bootp')}'/></dhcp></ip><portgroup name='{s('portgroup')}'/></network>",
        "/var/lib/libvirt/dnsmasq/virbr0.status": f'[{{"hostname":"{s("dnsmasq")}","mac-address":"{MACS[0]}"}}]',
        "/proc/100/cmdline": "\0".join(
            [
                "/usr/bin/qemu-system-x86_64",
                "-name",
                f"guest={GUEST},debug-threads=on,process={s('proc name')}",
                "-vnc",
                f"{IPS[0]}:1,password-secret={s('vnc secret')}",
                "-vnc",
                f"unix:/run/{s('vnc sock')}",
                "-object",
                f"secret,id=x,file=/root/{s('pwfile')}",
                "-smbios",
                f"type=1,serial={s('smbios cmd')},manufacturer={s('smbios man')}",
                "-m",
                "4096",
                "-mem-path",
                f"/dev/hugepages/{s('mem path')}",
                "-drive",
                f"file=https://{s('drv user')}:{s('drv pw')}@h/x,if=virtio",
                "-uuid",
                UUIDS[1],
                "-incoming",
                f"tcp:{IPS[1]}:1",
                "-object",
                f'{{"qom-type":"memory-backend-file","id":"{s("qom id")}","mem-path":"/{s("qom path")}"}}',
                "-pidfile",
                f"/{s('pidfile')}",
                "",
            ]
        ),
        "/proc/100/cgroup": f"0::/machine.slice/machine-qemu\\x2d1\\x2d{GUEST}.scope/{s('cgroup')}\n",
        "/proc/100/comm": "qemu-system-x86\n",
        "/etc/default/grub.d/50-x.cfg": f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX rd.iscsi.password={s("iscsi pw")} rd.iscsi.username={s("iscsi user")} rd.znet={s("znet")} nfsroot={IPS[0]}:/{s("nfsroot")} netconsole=@{IPS[0]}/eth0,6666@{IPS[1]}/{MACS[1]} systemd.set_credential=a:{s("set_credential")} console=ttyS0,{s("console arg")} vconsole.keymap={s("keymap")} audit={s("audit val")} LANG={s("lang")} cryptdevice=UUID={UUIDS[0]}:{s("cryptdevice")}"\nif [ "$(hostname)" = {s("shell host")} ]; then GRUB_DEFAULT=\'{s("grub default")}\'; fi\nGRUB_TIMEOUT=$(curl {s("subst")})\nGRUB_DISTRIBUTOR=`echo {s("backtick")}`\n',
        "/etc/grub.d/40_custom": f"#!/bin/sh\nexec tail -n +3 $0\nmenuentry '{s('grub.d entry')}' {{\n linux /vmlinuz root={s('grub.d root')} iommu=pt vfio {s('grub.d bare')}\n password {s('grub.d pw')}\n}}\n",
        "/etc/driverctl.d/pci-x": s("driverctl") + "\n",
        "/etc/modules-load.d/b.conf": f"vfio-pci {s('load arg')} ; {s('load semi')}\n",
        "/etc/tmpfiles.d/shm.conf": f"f /dev/shm/looking-glass 0660 {s('tmp user')} kvm - {s('tmp arg')}\nw /sys/kernel/x - - - - {s('tmp w')}\n",
        "/etc/sysctl.d/9.conf": f"kernel.domainname={s('domainname')}\nvm.{s('vm key')}=1\nkernel.modprobe=/{s('modprobe path')}\nvm.nr_hugepages=4 # {s('sysctl tail')}\n",
        "/etc/mkinitcpio.conf.d/a.conf": f"MODULES=({s('mk module')} vfio_pci)\nFILES=(/{s('mk file')}.key)\nBINARIES=({s('mk bin')})\n",
        "/etc/initramfs-tools/initramfs.conf": f"MODULES=most\nDEVICE={s('device')}\nNFSROOT={s('initramfs nfs')}\nIP={IPS[0]}\n",
        "/etc/initramfs-tools/modules": f"brcmfmac key={s('initramfs mod opt')}\n",
        "/etc/dracut.conf.d/k.conf": f'install_items+=" /etc/{s("dracut keyfile")}.key "\nkernel_cmdline+=" rd.luks.key=/{s("dracut key")} "\n{s("dracut junk")}\n',
        "/etc/kernel/install.conf": f"layout={s('layout')}\nBOOT_ROOT=/{s('bootroot')}\n",
        "/etc/cmdline.d/a.conf": f"{s('cmdline.d')} a.b={s('cmdline.d val')} // {s('cmdline comment')}\n",
        "/etc/default/limine": f'KERNEL_CMDLINE[{s("limine key")}]="quiet pw={s("limine default")}"\nTARGET_OS_NAME={s("os name")}\n',
        "/etc/kernelstub/configuration": f'{{"default": {{"kernel_options": ["{s("kstub")}", "a={s("kstub val")}"], "esp_path": "/{s("kstub esp")}"}}, "{s("kstub key")}": 1}}',
        "/etc/qemu/firmware/9.json": f'{{"description":"{s("fw desc")}","mapping":{{"device":"flash","executable":{{"filename":"/{s("fw file")}.fd"}}}},"features":["{s("fw feature")}"],"tags":["{s("fw tag")}"],"interface-types":["{s("fw iface")}"]}}',
        "/etc/vfiotui/isolated.json": f'{{"x":"{s("selection")}"}}',
        "/etc/booster.yaml": f"modules: {s('booster')},vfio_pci\nextra_files: /{s('booster file')}\nnetwork:\n  ip: {IPS[0]}\n",
        "/etc/sysconfig/irqbalance": f"IRQBALANCE_ARGS='--policyscript=/{s('irq script')}'\n",
        "/proc/modules": f"vfio_pci 16384 0 - Live 0x0000000000000000\n{s('own module')} 1 0 - Live 0xffffffffc0a1b2c3 (OE)\n",
        "/proc/interrupts": f"           CPU0\n 24:  1  IR-PCI-MSI 1-edge      {link}-TxRx-0\n",
        "/sys/module/kvm/parameters/owner": s("kvm param") + "\n",
        "/sys/module/vfio_evil/parameters/pw": s("vfio_evil") + "\n",
        "/sys/module/nvidia/parameters/NVreg_RegistryDwords": s("nvreg") + "\n",
        "/proc/driver/nvidia/gpus/0000:01:00.0/information": f"Model: NVIDIA\nGPU UUID: GPU-6f1d2c3b-aaaa-4bbb-8ccc-5ec4e75ec4e7\nOwner: {s('nv info')}\nBus Location: 0000:01:00.0\n",
        "/sys/class/block/dm-0/dm/uuid": "CRYPT-LUKS2-" + s("dm uuid"),
        "/etc/os-release": f'NAME="{s("os name2")}"\nID=debian\nPRETTY_NAME="{s("pretty")}"\nVARIANT={s("variant")}\n',
        "/etc/sdboot-manage.conf": f'LINUX_OPTIONS="quiet pw={s("sdboot")}"\nENTRY_TITLE={s("sdboot title")}\n',
        "/boot/loader/loader.conf": f"default {s('loader default')}*.conf\n# {s('loader comment')}\n",
        "/boot/grub/grubenv": f"# GRUB Environment Block\nsaved_entry={s('saved entry')}\nkernelopts=root=UUID={UUIDS[0]} pw={s('kernelopts')}\n{s('env key')}=1\n"
        + "#" * 300,
        "/etc/group": f"kvm:x:104:{s('group member')}\n",
        "/boot/config-6.12.9-amd64": f'CONFIG_LOCALVERSION="{s("localversion")}"\nCONFIG_SYSTEM_TRUSTED_KEYS="{s("trusted keys")}"\nCONFIG_CMDLINE="{s("config cmdline")}"\nCONFIG_VFIO=m\n',
        "/usr/lib/modules/6.12.9-amd64/pkgbase": s("pkgbase") + "\n",
        "/proc/net/route": f"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n{short('route if', 12)}\t00000000\t4B56610A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
        f"/sys/class/net/{link}/ifalias": s("ifalias"),
    }
    found[
        "/etc/libvirt/qemu/g9.xml"
    ] = f"""<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{s("guest name2")}</name><memory unit='{s("unit attr")}'>2</memory>
<os><type machine='{s("machine attr")}'>hvm</type><smbios mode='sysinfo'/><boot dev='{s("boot dev")}'/></os><vcpu cpuset='{s("cpuset")}'>2</vcpu><cpu mode='custom'><model>{s("cpu model")}</model><vendor>{s("cpu vendor")}</vendor><feature policy='force' name='{s("cpu feature")}'/></cpu>
<clock offset='{s("clock")}'><timer name='{s("timer")}'/></clock><on_crash>{s("on_crash")}</on_crash><features><hyperv><vendor_id state='on' value='{short("vendor id", 12)}'/></hyperv></features>
<devices><sound model='{s("sound")}'/><rng model='virtio'><backend model='egd'>{s("rng")}</backend></rng><hostdev mode='subsystem' type='usb'><source><vendor id='{s("vid")}'/></source></hostdev>
<disk type='file'><driver name='{s("drv")}' type='raw'/><source file='rbd:pool/{s("rbd")}:key={s("rbdkey")}'/><target dev='{s("tdev")}'/></disk><disk type='file'><source file='json:{{"pw":"{s("json disk")}"}}'/></disk>
<interface type='direct'><source dev='{s("direct dev")}' bridge='{s("br")}' network='{s("nw")}'/><model type='{s("nic model")}'/></interface><audio id='1' type='pulse' serverName='{s("pulse server")}'/><graphics type='{s("graphics type")}'/></devices>
<qemu:commandline><qemu:arg value='-smbios'/><qemu:arg value='type=1,serial={s("arg smbios")},uuid={UUIDS[1]},family={s("arg family")}'/><qemu:arg value='type=11,value={s("oem")}'/><qemu:arg value='-append'/><qemu:arg value='pw={s("append")} {s("append bare")}'/><qemu:arg value='-device'/><qemu:arg value='vfio-pci,host=01:00.0,id={s("device id")},serial={s("dev serial")}'/><qemu:arg value='-chardev'/><qemu:arg value='socket,host={IPS[0]},path=/x/{s("chardev")}'/><qemu:arg value='{s("bare arg")}'/><qemu:env name='QEMU_AUDIO_DRV' value='{s("audio env")}'/><qemu:env name='HOME' value='/home/{PEOPLE[0]}'/></qemu:commandline></domain>"""
    found["/etc/libvirt/qemu/g8.xml"] = f"<{s('root tag')}/>"
    found["/etc/libvirt/qemu/g7.xml"] = f"<domain><name>x</name><a>{s('cut xml')}</b></domain>"
    found["/etc/libvirt/qemu/g6.xml"] = f"<?xml version='1.0' encoding='{s('encoding')}'?><domain/>"
    found[f"/etc/libvirt/qemu/{s('file of damaged')}.xml"] = "<domain"
    found["/etc/libvirt/qemu/networks/n2.xml"] = f"<{s('net tag')}/>"

    return found
