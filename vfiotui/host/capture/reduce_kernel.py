"""What the kernel and the firmware show, reduced to what is read: serial numbers, addresses and foreign names go."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from itertools import pairwise

from vfiotui.formats.loaders.efi_load_option import GUID_SIGNATURE, HARD_DRIVE, MEDIA, parse, text_of
from vfiotui.formats.system.auxv import only_page_size
from vfiotui.formats.system.iommu_regset import global_status
from vfiotui.host.boot.acs_patch import KNOWN, PATCH
from vfiotui.host.boot.kernel_log import parse_dmesg
from vfiotui.host.capture.reduce_text import kernel_words
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.host.live.vmm import OTHERS, QEMU, VCPU
from vfiotui.host.pci.acpi import parse_dmar, parse_ivrs
from vfiotui.host.pci.network import ESTABLISHED, HEX, SSH_PORT, address, in_network_order
from vfiotui.host.pci.smbios import SLOT, WITH_ADDRESS, structures
from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.log_signs import ALL, SPLIT_LOCK

CPUINFO = frozenset(
    "processor vendor_id cpu_family model model_name stepping microcode cpu_mhz cache_size physical_id siblings core_id"
    " cpu_cores apicid flags features bugs address_sizes bogomips clflush_size cache_alignment power_management"
    " cpu_implementer cpu_architecture cpu_variant cpu_part cpu_revision package core global_id isa hart mvendorid"
    " cpu revision timebase platform machine prid cpu_revision isa_string fpu mmu uarch".split()
)
ALSO_READ = re.compile(
    r"remapping|Invalid PCI ROM|invalid pci rom|vgaarb|acs|ACS|overrid|Translated|Passthrough|D3cold|power state"
    r"|efifb|simpledrm|can't reserve|x86/pat",
    re.IGNORECASE,
)
"""What rules look for in the log beside the signs of trouble."""


def cpuinfo(text: str, scrub: Scrubber) -> str:
    """/proc/cpuinfo without serial numbers and names of boards."""
    kept = []
    for line in text.split("\n"):
        key = re.sub(r"\W+", "_", line.partition(":")[0].strip().lower())
        if not line.strip() or key in CPUINFO:
            kept.append(scrub.kernel(line))
    return "\n".join(kept)


def version(text: str, scrub: Scrubber) -> str:
    """/proc/version: the release alone."""
    match = re.match(r"Linux version (\S+)", text)
    return f"Linux version {scrub.release(match[1])}\n" if match else ""


def release(text: str, scrub: Scrubber) -> str:
    """A kernel's release in a line."""
    return "\n".join(scrub.release(line) for line in text.split("\n"))


def functions(data: bytes, scrub: Scrubber) -> bytes:
    """A kernel's list of functions: the two that show whether it has the ACS patch, without their addresses."""
    return b"".join(b"0000000000000000 t%s\n" % name for name in (KNOWN, PATCH) if name in data)


def kernel_log(text: str, scrub: Scrubber) -> str:
    """The lines of a kernel log that a rule looks for, with their words scrubbed."""
    found = []
    for line in parse_dmesg(text):
        if any(sign.text.search(line.text) for sign in (*ALL, SPLIT_LOCK)) or ALSO_READ.search(line.text):
            stamp = "" if line.at is None else f"[{line.at:12.6f}] "
            found.append(f"{stamp}{scrub.text(line.text)}\n")
    return "".join(found)


def input_devices(text: str, scrub: Scrubber) -> str:
    """/proc/bus/input/devices: ids, place, and kinds of events; names as a whole."""
    kept = []
    for line in text.split("\n"):
        if line.startswith("N: Name="):
            kept.append(f'N: Name="{scrub.name("input", line[8:].strip(chr(34)))}"')
        elif line.startswith("S: Sysfs="):
            kept.append("S: Sysfs=" + scrub.path("/sys" + line[9:]).removeprefix("/sys"))
        elif not line or re.fullmatch(r"I: [\w= ]+|B: EV=[0-9a-f ]+", line):
            kept.append(line)
    return "\n".join(kept)


def label(text: str, scrub: Scrubber) -> str:
    """A name that a maker or an owner gave to a device."""
    return scrub.name("device", text.strip()) + "\n"


def uevent(text: str, scrub: Scrubber) -> str:
    """uevent: driver, ids and place."""
    keys = ("DRIVER", "PCI_CLASS", "PCI_ID", "PCI_SUBSYS_ID", "PCI_SLOT_NAME", "MODALIAS", "DEVTYPE", "PRODUCT", "TYPE",
            "INTERFACE", "BUSNUM", "DEVNUM", "MAJOR", "MINOR")  # fmt: skip
    return "".join(f"{line}\n" for line in text.split("\n") if line.partition("=")[0] in keys)


def route(text: str, scrub: Scrubber) -> str:
    """/proc/net/route: default routes as they are, each network as one of 10.n.0.0/16."""
    found = [text.split("\n", 1)[0]]
    for number, line in enumerate(text.split("\n")[1:], 1):
        fields = line.split()
        if len(fields) < 8 or not HEX.fullmatch(fields[1]) or not HEX.fullmatch(fields[7]):
            continue
        interface = scrub.path(f"/sys/class/net/{fields[0]}").rpartition("/")[2]
        to, mask = fields[1], fields[7]
        if int(mask, 16):
            scrub.nets.append((in_network_order(to), in_network_order(mask), number))
            to, mask = _word(10 << 24 | (number & 255) << 16), _word(0xFFFF0000)
        found.append("\t".join([interface, to, "00000000", fields[3], "0", "0", "0", mask, "0", "0", "0"]))
    return "\n".join(found) + "\n"


def _word(number: int) -> str:
    return f"{int.from_bytes(number.to_bytes(4, 'big'), sys.byteorder):08X}"


def _hex_of(text: str) -> str:
    """An address in the form of /proc/net/tcp."""
    if ":" in text:
        from ipaddress import IPv6Address

        data = IPv6Address(text).packed
    else:
        data = bytes(map(int, text.split(".")))
    return "".join(f"{int.from_bytes(data[i : i + 4], sys.byteorder):08X}" for i in range(0, len(data), 4))


def connections(text: str, scrub: Scrubber) -> str:
    """/proc/net/tcp: who is connected to port 22, each end with a pseudonym; all other sockets are left out."""
    found = [text.split("\n", 1)[0]]
    for line in text.split("\n")[1:]:
        fields = line.split()
        if len(fields) < 4 or fields[3] != ESTABLISHED:
            continue
        local, _, port = fields[1].partition(":")
        other = fields[2].partition(":")[0]
        if not (HEX.fullmatch(local) and HEX.fullmatch(other) and port.upper() == f"{SSH_PORT:04X}"):
            continue
        found.append(
            f"   0: {_hex_of(_local(address(local), scrub))}:0016 {_hex_of(scrub.any_ip(address(other)))}:0000 01"
        )
    return "\n".join(found) + "\n"


def _local(text: str, scrub: Scrubber) -> str:
    """An address of this host: inside the network of its route, so that it still belongs to its interface."""
    if ":" in text:
        return scrub.ipv6(text)
    number = int.from_bytes(bytes(map(int, text.split("."))), "big")
    fitting = [(mask, n) for to, mask, n in scrub.nets if number & mask == to]
    if not fitting:
        return scrub.ipv4(text)
    return scrub.alias("local", text, lambda n: f"10.{max(fitting)[1] & 255}.{n >> 8 & 255}.{n & 255}")


def inet6(text: str, scrub: Scrubber) -> str:
    """/proc/net/if_inet6 and ipv6_route: interfaces, lengths and whether there is a next hop."""
    found = []
    for line in text.split("\n"):
        fields = line.split()
        if len(fields) not in (6, 10):
            continue
        made = [_hidden6(f, scrub) if len(f) == 32 else f for f in fields[:-1]]
        found.append(" ".join([*made, scrub.path(f"/sys/class/net/{fields[-1]}").rpartition("/")[2]]))
    return "\n".join(found) + "\n"


def _hidden6(word: str, scrub: Scrubber) -> str:
    from ipaddress import IPv6Address

    if not re.fullmatch(r"[0-9a-f]{32}", word) or not word.strip("0"):
        return word
    return IPv6Address(scrub.any_ip(str(IPv6Address(bytes.fromhex(word))))).packed.hex()


def sockets(text: str, scrub: Scrubber) -> str:
    """/proc/net/sockstat: whether there are sockets of TCP at all."""
    return "".join(f"{line}\n" for line in text.split("\n") if re.fullmatch(r"TCP6?: inuse \d+.*", line))


def config_space(data: bytes, scrub: Scrubber) -> bytes:
    """A device's configuration space without its serial number, which of network cards is the hardware address.

    The capability stays in its place and holds zeros (PCI Express base specification, 7.9.3).
    """
    made = bytearray(data)
    at = 0x100
    for _ in range(64):
        if at < 0x100 or at + 4 > len(made):
            break
        head = int.from_bytes(made[at : at + 4], "little")
        if head & 0xFFFF == 0x0003:
            made[at + 4 : at + 12] = bytes(len(made[at + 4 : at + 12]))
        at = head >> 20
    return bytes(made)


def registers(text: str, scrub: Scrubber) -> str:
    """Of the registers of VT-d units the Global Status Register; addresses of tables stand in others."""
    return "".join(
        f"IOMMU: {name} Register Base Address: 0\nGSTS 0x1c {gsts:#018x}\n"
        for name, gsts in global_status(text).items()
    )


def dmar(data: bytes, scrub: Scrubber) -> bytes | None:
    """The DMAR table as far as its length says; None where it is none."""
    return None if isinstance(parse_dmar(data), Unread) else data[: int.from_bytes(data[4:8], "little")]


def ivrs(data: bytes, scrub: Scrubber) -> bytes | None:
    """The IVRS table as far as its length says; None where it is none."""
    return None if isinstance(parse_ivrs(data), Unread) else data[: int.from_bytes(data[4:8], "little")]


def system_slots(data: bytes, scrub: Scrubber) -> bytes:
    """Of the SMBIOS tables the slots, with address and name alone: serial numbers stand in other structures."""
    found = []
    for kind, part, texts in structures(data):
        if kind == SLOT and len(part) >= WITH_ADDRESS:
            name = texts[part[4] - 1] if 0 < part[4] <= len(texts) else b""
            kept = scrub.kernel(name.decode("ascii", "replace")).strip().encode()
            head = bytes([SLOT, WITH_ADDRESS, 0, 0, 1 if kept else 0]) + bytes(8)
            found.append(head + part[13:17] + kept + b"\0\0")
    return b"".join(found)


def efi_number(data: bytes, scrub: Scrubber) -> bytes | None:
    """A variable that holds a switch or a number: SecureBoot, BootCurrent."""
    return data if len(data) in (5, 6) else None


def efi_order(data: bytes, scrub: Scrubber) -> bytes | None:
    """A list of numbers: BootOrder."""
    return data if 6 <= len(data) <= 1 << 12 and len(data) % 2 == 0 else None


def efi_index(data: bytes, scrub: Scrubber) -> bytes | None:
    """A number of eight bytes: the place of an entry in a menu."""
    return data if len(data) == 12 else None


def efi_plain_text(data: bytes, scrub: Scrubber) -> bytes:
    """UTF-16 in a file: its words scrubbed."""
    return scrub.text(text_of(data)).encode("utf-16-le") + b"\0\0"


def efi_text(data: bytes, scrub: Scrubber) -> bytes:
    """A variable of the boot loader interface: its words scrubbed."""
    return data[:4] + scrub.text(text_of(data[4:])).encode("utf-16-le") + b"\0\0"


def efi_option(data: bytes, scrub: Scrubber) -> bytes | None:
    """A boot entry of the firmware made anew: partition and file of its path, and the kernel words."""
    option = parse(data[4:])
    if option is None:
        return None
    path = b""
    if option.partition:
        import uuid

        body = bytes(4 + 8 + 8) + uuid.UUID(scrub.uuid(option.partition)).bytes_le + bytes([2, GUID_SIGNATURE])
        path += bytes([MEDIA, HARD_DRIVE]) + (4 + len(body)).to_bytes(2, "little") + body
    if option.path:
        name = scrub.path(option.path.replace("\\", "/")).replace("/", "\\").encode("utf-16-le") + b"\0\0"
        path += bytes([MEDIA, 4]) + (4 + len(name)).to_bytes(2, "little") + name
    path += b"\x7f\xff\x04\x00"
    description = scrub.text(option.description).encode("utf-16-le") + b"\0\0"
    words = kernel_words(" ".join(text_of(option.options).split()), scrub).encode("utf-16-le")
    return data[:4] + data[4:8] + len(path).to_bytes(2, "little") + description + path + words


IOTHREAD = re.compile(r"IO iothread\d{1,5}$")
"""A thread by the name that libvirt gives; a name of a person's own is one."""


def process_name(text: str, scrub: Scrubber) -> str:
    """/proc/PID/comm: well-known programs keep their name, and so do threads of vCPUs and iothreads."""
    name = text.strip()
    named = VCPU.match(name) or IOTHREAD.match(name) or scrub.text(name) == name
    return (name if named else scrub.name("program", name)) + "\n"


def arguments(data: bytes, scrub: Scrubber) -> bytes:
    """/proc/PID/cmdline of QEMU: the program, the guest's name and its memory; of others only the program."""
    words = data.decode("utf-8", "replace").split("\0")
    program = words[0].rpartition("/")[2]
    if OTHERS.match(program):
        return f"{scrub.text(program)}\0".encode()
    if not QEMU.match(program):
        return b""
    kept = [scrub.text(program)]
    for flag, value in pairwise(words):
        if flag.lstrip("-") == "name":
            found = re.search(r"(?:^|,)guest=((?:[^,]|,,)*)|^([^,=]+)(?:,|$)", value)
            name = (found[1] or found[2] or "").replace(",,", ",") if found else ""
            kept += ["-name", f"guest={scrub.name('guest', name)},debug-threads=on"]
        elif flag.lstrip("-") == "m" and re.fullmatch(r"[\w=,]{1,80}", value):
            kept += [
                "-m",
                ",".join(p for p in value.split(",") if re.fullmatch(r"(?:size=|slots=|maxmem=)?\d+[a-zA-Z]?", p)),
            ]
    return "\0".join([*kept, ""]).encode()


def control_groups(text: str, scrub: Scrubber) -> str:
    """/proc/PID/cgroup of a guest: its groups, whose unknown names are replaced."""
    kept = []
    for line in text.split("\n"):
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if path.startswith("/") and number.isdigit():
            kept.append(f"{number}:{names}:{scrub.path(f'/sys/fs/cgroup{path}').removeprefix('/sys/fs/cgroup')}\n")
    return "".join(kept)


def figures(keys: str) -> Callable[[str, Scrubber], str]:
    """Lines of a name and numbers, of these names only."""
    wanted = re.compile(rf"^(?:{keys})[:\s]+\d+(?: kB)?$", re.MULTILINE)

    def reduce(text: str, scrub: Scrubber) -> str:
        return "".join(f"{m[0]}\n" for m in wanted.finditer(text))

    return reduce


def allowed_cpus(text: str, scrub: Scrubber) -> str:
    """/proc/PID/task/TID/status: the CPUs of a thread."""
    found = re.search(r"^Cpus_allowed_list:\s*[0-9,-]{1,4000}$", text, re.MULTILINE)
    return f"{found[0]}\n" if found else ""


def interrupts(text: str, scrub: Scrubber) -> str:
    """/proc/interrupts: as it is, names of interfaces aside."""
    return scrub.inside(text)


def modules(text: str, scrub: Scrubber) -> str | None:
    """/proc/modules without addresses; modules that are of no kernel's tree keep well-known names only."""
    rows = [line.split(" ", 6) for line in text.split("\n") if line]
    if any(len(row) < 6 for row in rows):
        return None
    strange = {row[0] for row in rows if len(row) > 6 and "O" in row[6]}
    named = {name: scrub.word(name) for name in strange}

    def users(names: str) -> str:
        return ",".join(named.get(n, n) for n in names.split(","))

    return "".join(f"{named.get(r[0], r[0])} {r[1]} {r[2]} {users(r[3])} {r[4]} 0x0\n" for r in rows)


def switch(text: str, scrub: Scrubber) -> str:
    """The parameter of a module: numbers and switches stay, the words of any other text are scrubbed."""
    bare = text.strip()
    return text if re.fullmatch(r"[YNyn]|[\d,.\-]{0,40}|0x[0-9a-fA-F]{1,8}", bare) else f"{scrub.text(bare)}\n"


def rollup(text: str, scrub: Scrubber) -> str:
    """/proc/PID/smaps_rollup: a head that is not read, then sums; addresses are left out."""
    rows = re.findall(r"^(?:Rss|\w*Huge\w*|\w*Pmd\w*|\w*Hugetlb):\s+\d{1,19} kB$", text, re.MULTILINE)
    return "\n".join(["0-0 ---p 0 0:0 0 [rollup]", *rows, ""])


def numbers(text: str, scrub: Scrubber) -> str | None:
    """One line of numbers; None where it holds anything else."""
    return text if re.fullmatch(r"[\d\s.,:\-+a-fx]{0,4096}", text) else None


def mapper(text: str, scrub: Scrubber) -> str:
    """Of the uuid of a mapped device the mark of multipath alone: what follows names the disk."""
    return "mpath-\n" if text.startswith("mpath-") else "\n"


def page_size(data: bytes, scrub: Scrubber) -> bytes | None:
    """The auxiliary vector of the capturing process: the size of a page stays, addresses do not."""
    return only_page_size(data)
