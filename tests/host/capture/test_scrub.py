"""What identifies the owner leaves a text; what says how the host works stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.host.capture import reduce_domain, reduce_grub, reduce_script, reduce_shell, reduce_text
from vfiotui.host.capture.scrub import Scrubber, Senseless, is_public

NAMES = (("tower", "host"), ("win10", "guest-1"), ("ada", "user-1"))
DOMAIN = """<domain type='kvm'>
  <name>win10</name>
  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
  <sysinfo type='smbios'><system><entry name='serial'>PF0ABCDE</entry></system></sysinfo>
  <devices>
    <disk><source file='/home/ada/vm.qcow2'/><serial>S4X9NF0M</serial></disk>
    <disk><source dev='/dev/disk/by-id/nvme-Samsung_SSD_S4EWNX0M'/></disk>
    <interface><mac address='52:54:00:12:34:56'/></interface>
    <graphics type='vnc' passwd='hunter2' listen='192.168.1.7'/>
    <hostdev type='pci'><source><address domain='0x0000' bus='0x06' slot='0x00' function='0x0'/></source></hostdev>
  </devices>
</domain>"""


@pytest.mark.parametrize(
    "secret",
    ["4dea22b3", "PF0ABCDE", "ada", "S4X9NF0M", "S4EWNX0M", "52:54:00:12:34:56", "hunter2", "192.168.1.7", "win10"],
)
def test_secrets_of_a_guest_are_gone(secret: str) -> None:
    assert secret not in str(reduce_domain.domain(DOMAIN, Scrubber(NAMES)))


@pytest.mark.parametrize(
    "fact", ["<name>guest-1</name>", "bus='0x06'", "type='vnc'", "type='kvm'", ".qcow2", "/home/user-1/"]
)
def test_facts_of_a_guest_stay(fact: str) -> None:
    assert fact in str(reduce_domain.domain(DOMAIN, Scrubber(NAMES)))


def test_a_secret_has_one_pseudonym() -> None:
    scrub = Scrubber()
    first = scrub.text("uuid 4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
    assert scrub.text("uuid 4DEA22B3-1D52-D8F3-2516-782E98AB3FA0") == first
    assert scrub.text("uuid 11111111-1d52-d8f3-2516-782e98ab3fa0") != first


@pytest.mark.parametrize(
    "mac", ["52:54:00:ab:cd:ef", "52-54-00-ab-cd-ef", "5254.00ab.cdef", "525400abcdef", "52:54:00:AB:CD:EF"]
)
def test_a_hardware_address_is_gone_in_every_form(mac: str) -> None:
    assert mac not in Scrubber().text(f"lan {mac}, up")


@pytest.mark.parametrize(
    "address",
    [
        "192.168.1.7",
        "10.0.0.1/24",
        "fe80::1",
        "2001:db8:1:2:3:4:5:6",
        "2001:db8::dead:beef",
        "user@10.1.2.3",
        "[fd00::5]",
    ],
)
def test_an_address_is_gone_quoted_or_not(address: str) -> None:
    bare = address.removeprefix("user@").strip("[]").removesuffix("/24")
    assert bare not in Scrubber().text(f"to {address} via") and bare not in Scrubber().kernel(f"to {address} via")


@pytest.mark.parametrize(
    "line",
    [
        "0000:01:00.0 10de:13c2 [1458:3669] fee00000-feefffff msi",
        "BOOT_IMAGE=/vmlinuz-6.12.9 quiet intel_iommu=on iommu=pt vfio-pci.ids=10de:13c2,10de:0fbb isolcpus=4-7",
        "Node 0, zone   Normal   4877   7034   4793",
        "pci:v000010DEd000013C2sv00001458sd00003669bc03sc00i00",
        "00:05.0 53:00.1 aa:bb",
        "3800000000-3fffffffff : PCI Bus 0000:00",
    ],
)
def test_text_of_the_kernel_stays_as_it_is(line: str) -> None:
    assert Scrubber(NAMES).kernel(line) == line


def test_the_host_name_is_gone_as_a_word_only() -> None:
    assert (
        Scrubber((("tower", "host"),)).kernel("tower kernel: watchtower tower.lan")
        == "host kernel: watchtower host.lan"
    )


def test_a_guest_that_is_called_like_a_program_leaves_the_program_alone() -> None:
    scrub = Scrubber((("kvm", "guest-1"),))
    assert scrub.text("modprobe kvm") == "modprobe kvm" and scrub.name("guest", "kvm") == "guest-1"
    assert scrub.file_name("kvm.xml") == "guest-1.xml"


@pytest.mark.parametrize("secret", ["1234abcd", "10.1.2.3", "abc ", "ourhardwork", "hunter2", "bob"])
def test_secrets_of_a_command_line_are_gone(secret: str) -> None:
    line = (
        "root=PARTUUID=1234abcd-02 ip=10.1.2.3::10.1.2.1 rd.password=abc -cpu osk=ourhardwork netroot=i:bob:hunter2@h"
    )
    assert secret not in reduce_text.kernel_words(line, Scrubber())


def test_lines_keep_their_numbers() -> None:
    text = '# a\nGRUB_DEFAULT=0\nSECRET="x\ny"\n\nGRUB_CMDLINE_LINUX="quiet foo=bar"\n'
    reduced = reduce_shell.grub_default(text, Scrubber())
    assert reduced is not None and len(reduced.split("\n")) == len(text.split("\n"))
    assert reduced.split("\n")[5] == 'GRUB_CMDLINE_LINUX="quiet word-1"' and "SECRET" not in reduced


def test_the_menu_holds_no_password() -> None:
    text = 'set superusers="root"\npassword_pbkdf2 root grub.1.AB\nmenuentry "x" {\n linux /v root=/dev/sda1 pw=y\n}\n'
    reduced = reduce_grub.grub_menu(text, Scrubber())
    assert reduced == 'true\ntrue\nmenuentry "x" {\n linux /v root=/dev/sda1 word-1\n}\n'


def test_a_hook_keeps_only_what_a_check_looks_for() -> None:
    hook = "#!/bin/sh\n# mine\ncurl https://u:p@h\nvirsh start win10\nsshpass -p 'hunter two' ssh ada@h\n"
    assert reduce_script.script(hook, Scrubber(NAMES)).split("\n") == [
        "#!/bin/sh", "#", "#", "virsh start guest-1", "sshpass -p x ssh user-1@h", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "\n", "a", "a\r\nb", "\0", "\u2028x", "=" * 5000, "((((" * 3000, "'" * 99, "<a>" * 3000]
)
def test_every_reduction_bears_every_text(text: str) -> None:
    from vfiotui.host.capture.allow_list import allowed

    for one in allowed():
        if one.limit < 16 << 20:
            try:
                made = one.reduce(text.encode(), Scrubber(NAMES))
            except Senseless as error:
                assert "\n" not in str(error) and len(str(error)) < 200, one.pattern
            else:
                assert made is None or isinstance(made, bytes), one.pattern


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60))
def test_a_word_that_no_list_knows_never_stays(text: str) -> None:
    scrub = Scrubber(NAMES)
    for word in scrub.text(f"{text} Geheim{len(text)}x").split():
        assert "Geheim" not in word
    assert not is_public(f"Geheim{len(text)}x")


def test_file_names_keep_their_order() -> None:
    scrub = Scrubber()
    names = ["10-acme.conf", "acme.conf", "kvm.conf", "kvm2-acme.conf", "vfio.conf", "zebra.conf", "lan.conf"]
    scrub.order(names)
    made = [scrub.file_name(n) for n in sorted(names)]
    assert made == sorted(made) and "kvm.conf" in made and not [n for n in made if "acme" in n or "zebra" in n]
