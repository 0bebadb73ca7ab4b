"""What only libvirt can give goes from its line, or no script is made; devices and pages are given back."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.qemu.line import line_of
from vfiotui.model.base.reading import Unread
from vfiotui.plan.draft import PlanError
from vfiotui.plan.qemu.own_devices import Own, own_devices
from vfiotui.plan.qemu.script import Script, quoted, script

UUID = "00000000-0000-4000-8000-0000000000e2"
FOLDER = "/var/lib/libvirt/qemu/domain--1-win"
KEY = f'-object \'{{"qom-type":"secret","id":"masterKey0","format":"raw","file":"{FOLDER}/master-key.aes"}}\''
MONITOR = f"-chardev socket,id=charmonitor,path={FOLDER}/monitor.sock,server=on,wait=off"
LINE = f"LC_ALL=C HOME=/x OWN='a b' /usr/bin/qemu-system-x86_64 -name guest=win -S {KEY} {MONITOR} -no-shutdown"
UNREAD = Unread("was not read")


def xml(devices: str = "", more: str = "") -> str:
    return f"""<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>win</name>
<uuid>{UUID}</uuid><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
{more}<devices><controller type='pci' index='0' model='pcie-root'/>{devices}</devices>
<qemu:commandline><qemu:env name='OWN' value='a b'/></qemu:commandline></domain>"""


def made(line: str = LINE, devices: str = "", more: str = "", bridges: dict[str, str] | None = None) -> Script:
    text = xml(devices, more)
    return script(parse(text, source="x"), own_devices(text, bridges or {}), line, UNREAD)


def command(text: str) -> list[str]:
    """The words that the script starts."""
    part = text.partition("# Each line is one option of QEMU.\n")[2].partition(" &\npid=")[0]
    return shlex.split(part.replace("\\\n", " "))


def test_what_belongs_to_a_daemon_goes_and_the_rest_stays() -> None:
    more = f"""{LINE} -msg timestamp=on -device '{{"driver":"vhost-vsock-pci","guest-cid":3,"vhostfd":"-1"}}'"""
    words = command(made(more).text)
    assert words[:4] == ["env", "env", "OWN=a b", "/usr/bin/qemu-system-x86_64"]
    assert words[4:] == [
        *("-name", "guest=win"),
        *("-chardev", "socket,id=charmonitor,path=$run/qmp-monitor.sock,server=on,wait=off"),
        *("-msg", "timestamp=on", "-device", '{"driver":"vhost-vsock-pci","guest-cid":3}'),
    ]


@pytest.mark.parametrize(
    "path",
    [
        f"{FOLDER}/agent.0",
        "/var/lib/libvirt/qemu/channel/target/domain--1-win/agent.0",
        "/run/libvirt/qemu/run/channel/-1-win/agent.0",
    ],
)
def test_a_socket_in_a_folder_of_this_run_is_in_the_folder_of_the_script(path: str) -> None:
    """libvirt 9 and 11 have the channels of a guest in folders of other names."""
    words = " ".join(command(made(f"{LINE} -chardev socket,id=c,path={path},server=on").text))
    assert path not in words and "agent.0,server=on" in words and "path=$run/" in words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-object secret,id=luks,keyid=masterKey0,data=x", "a secret that libvirt alone keeps"),
        ("-netdev tap,fd=33,id=hostnet0", "an open file of libvirt's"),
        ("-netdev tap,fds=33:34,id=hostnet0", "an open file of libvirt's"),
        ("""-netdev '{"type":"tap","fd":"28","id":"hostnet0"}'""", "an open file of libvirt's"),
        ("-add-fd set=0,fd=30", "an open file of libvirt's"),
        ("-chardev file,id=a,path=/dev/fdset/1", "an open file of libvirt's"),
        ("-incoming defer", "a saved state"),
        ("-name 'unclosed", "cannot be read"),
    ],
)
def test_what_no_script_can_hand_over_makes_none(words: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        made(f"{LINE} {words}")


@pytest.mark.parametrize("line", ["", "A=b", "   ", "'"])
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(PlanError, match="cannot be read"):
        made(line)


def test_a_guest_without_a_uuid_has_no_folders() -> None:
    text = xml()
    with pytest.raises(PlanError, match="no UUID"):
        script(replace(parse(text, source="x"), uuid="../../etc"), Own(text), LINE, UNREAD)


CARD = """<interface type='{}'>{}<model type='virtio'/>
<address type='pci' domain='0' bus='0x02' slot='0' function='1'/></interface>"""


def test_each_network_has_what_stands_for_it() -> None:
    devices = "".join(
        CARD.format(kind, source)
        for kind, source in (
            ("network", "<source network='default'/>"),
            ("bridge", "<source bridge='br0'/>"),
            ("user", ""),
            ("direct", "<source dev='eth0' mode='bridge'/>"),
            ("ethernet", "<target dev='tap7' managed='no'/>"),
        )
    )
    found = made(devices=devices, bridges={"default": "virbr0"})
    words = command(found.text)
    nets = [b for a, b in pairwise(words) if a == "-netdev"]
    assert nets[0] == "tap,id=hostnet0,ifname=$tap0,script=no,downscript=no,vhost=on"
    assert nets[1].startswith("tap,id=hostnet1,ifname=$tap1,")
    assert nets[2:4] == ["user,id=hostnet2", "user,id=hostnet3"] and "ifname=tap7" in nets[4]
    assert "connect 0 virbr0\nconnect 1 br0" in found.text
    assert any("direct network" in note for note in found.notes)
    assert "virtio-net-pci,netdev=hostnet0,id=net0,bus=pci.2,addr=0x0.0x1" in words


def test_devices_have_the_form_of_libvirts_words_because_qemu_makes_the_others_first() -> None:
    line = f"""{LINE} -device '{{"driver":"pcie-root-port","id":"pci.2"}}'"""
    devices = CARD.format("user", "<boot order='2'/>") + (
        "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1532'/><product id='0x0037'/></source>"
        "<address type='usb' bus='0' port='1.2'/></hostdev>"
    )
    words = command(made(line, devices).text)
    assert (
        '{"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","bootindex":2,"bus":"pci.2","addr":"0x0.0x1"}'
        in words
    )
    assert '{"driver":"usb-host","vendorid":5426,"productid":55,"id":"usbdev0","bus":"usb.0","port":"1.2"}' in words


def test_a_tpm_is_played_by_swtpm_and_one_with_a_secret_is_refused() -> None:
    tpm = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'>{}</backend></tpm>"
    found = made(devices=tpm.format(""))
    assert "trust --tpm2" in found.text and "socket,id=chrtpm,path=$run/swtpm.sock" in command(found.text)
    with pytest.raises(PlanError, match="encrypted"):
        made(devices=tpm.format("<encryption secret='x'/>"))


@pytest.mark.parametrize(
    ("screen", "option", "wanted"),
    [
        ("<graphics type='vnc' autoport='yes' passwd='p'/>", "-vnc 127.0.0.1:0,password=on", True),
        ("<graphics type='spice' port='5900'/>", "-spice port=5900,disable-ticketing=on", False),
        ("<graphics type='spice' port='5900' passwd='p'/>", "-spice port=5900", True),
        ("<graphics type='vnc' port='5901'/>", "-vnc 127.0.0.1:1", False),
    ],
)
def test_a_password_is_handed_over_by_its_user(screen: str, option: str, wanted: bool) -> None:
    found = made(f"{LINE} {option}", screen)
    assert ("\npassword\n" in found.text) is ("password-secret=vfiotui-password" in found.text) is wanted
    assert ("to=99" in found.text) is ("autoport" in screen)


def test_hostile_words_are_words() -> None:
    for word in ("$(touch x)", "`id`", "a'b\"c", "\n-S", "a\\", "\uffffRUN", "${run}", "é\u202e"):
        assert shlex.split(quoted(word)) == [word]
    assert quoted("\uffffRUN\uffff/a b") == "\"$run\"'/a b'"
    with pytest.raises(PlanError):
        quoted("a\0b")
    line = line_of("A=1 B='x y' /q -a 'b c' -d -e ''")
    assert (line.environment, line.program) == ((("A", "1"), ("B", "x y")), "/q")
    assert line.options() == [("-a", "b c"), ("-d",), ("-e", "")]


KERNEL = r"""
driver() { cat "$pci/devices/$1/driver-name" 2>/dev/null || :; }
put() { # The kernel's side of sysfs, as far as the script needs it.
    case $2 in
        */driver/unbind) printf %s '' >"$pci/devices/$1/driver-name" ;;
        */drivers_probe)
            read -r wanted <"$pci/devices/$1/driver_override" || :
            printf %s "${wanted:-nvidia}" >"$pci/devices/$1/driver-name" ;;
        */nr_hugepages)
            old=$(number "$2"); now=$1
            [ "$now" -le 30 ] || now=30
            printf '%s\n' "$now" >"$2"
            printf '%s\n' $(($(number "${2%/*}/free_hugepages") + now - old)) >"${2%/*}/free_hugepages" ;;
        *) printf '%s\n' "$1" >"$2" ;;
    esac
}
"""
CARDS = "0000:01:00.0", "0000:01:00.1"
POOL = "sys/kernel/mm/hugepages/hugepages-2048kB"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A root with two functions of a card and a pool of huge pages."""
    for bdf, driver in zip(CARDS, ("nvidia", "vfio-pci"), strict=True):
        folder = tmp_path / "sys/bus/pci/devices" / bdf
        (folder / "driver").mkdir(parents=True)
        (folder / "driver-name").write_text(driver)
        (folder / "driver_override").write_text("\n")
    (tmp_path / POOL).mkdir(parents=True)
    for name, value in (("nr_hugepages", 4), ("free_hugepages", 3), ("resv_hugepages", 1)):
        (tmp_path / POOL / name).write_text(f"{value}\n")
    return tmp_path


def run(host: Path, qemu: str, *words: str, pages: int = 10, prepare: str = "") -> subprocess.CompletedProcess[str]:
    """The script of a guest with both functions, with a shell's lines in QEMU's place."""
    text = made(f"{LINE}").text
    takes = "\n".join(f"take {bdf}" for bdf in CARDS)
    head, _, tail = text.partition("\n:\n\nulimit")
    assert tail
    text = f"{head}\n{takes}\nreserve - 2048 {pages}\n{prepare}\nulimit{tail}"
    start = text.index("env \\\n", text.index("# Each line is one option"))
    text = text[:start] + f"sh -c {shlex.quote(qemu)} {UUID}" + text[text.index(" &\npid=", start) :]
    text = text.replace("case ${1-} in\n", f"{KERNEL}\ncase ${{1-}} in\n", 1)
    file = host / "start.sh"
    file.write_text(text)
    folders = {"VFIOTUI_ROOT": str(host), "VFIOTUI_RUN": str(host / "run/x"), "VFIOTUI_STATE": str(host / "state")}
    return subprocess.run(
        ["sh", str(file), *words], env={**os.environ, **folders}, capture_output=True, text=True, timeout=60
    )


def state(host: Path) -> tuple[str, str, str, str]:
    devices = host / "sys/bus/pci/devices"
    names = ((devices / bdf / "driver-name").read_text() for bdf in CARDS)
    override = (devices / CARDS[0] / "driver_override").read_text().strip()
    return (*names, override, (host / POOL / "nr_hugepages").read_text().strip())  # type: ignore[return-value]


BEFORE = ("nvidia", "vfio-pci", "", "4")
SEEN = "cat {0}/sys/bus/pci/devices/*/driver-name {0}/" + POOL + "/nr_hugepages; exit 7"


def test_devices_and_pages_are_taken_and_given_back(host: Path) -> None:
    done = run(host, SEEN.format(host))
    assert (done.returncode, done.stdout) == (7, "vfio-pcivfio-pci12\n"), done.stderr
    assert state(host) == BEFORE and not (host / "run/x").exists()


@pytest.mark.parametrize(
    ("pages", "prepare", "said"),
    [
        (100, "", "of 98 more pages of 2048 KiB came"),
        (10, "take 0000:77:00.0", "there is no PCI device 0000:77:00.0"),
        (10, "kill -TERM $$", ""),
    ],
)
def test_a_start_that_fails_leaves_nothing(host: Path, pages: int, prepare: str, said: str) -> None:
    done = run(host, "exit 0", pages=pages, prepare=prepare)
    assert done.returncode in (1, 143) and said in done.stderr
    assert state(host) == BEFORE and not (host / "run/x").exists()


def test_what_a_killed_run_took_is_given_back_by_undo(host: Path) -> None:
    done = run(host, "exit 0", prepare="kill -KILL $$")
    assert done.returncode == -9 and state(host) == ("vfio-pci", "vfio-pci", "vfio-pci", "12")
    assert "with the word undo first" in run(host, "exit 0").stderr
    assert run(host, "exit 0", "undo").returncode == 0 and state(host) == BEFORE and not (host / "run/x").exists()
