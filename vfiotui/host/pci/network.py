"""Network interfaces: their PCI functions, the default route, and who is connected to ssh over them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.host_use import NetworkUse
from vfiotui.model.pci.usb import device_in

NET = "/sys/class/net"
SSH_PORT = 22
ESTABLISHED = "01"
TABLE_LIMIT = 4 << 20
HEX = re.compile(r"[0-9A-Fa-f]{8}(?:[0-9A-Fa-f]{24})?")


def address(text: str) -> str:
    """An address of /proc/net/tcp or tcp6: 32-bit words in the processor's order (net/ipv4/tcp_ipv4.c)."""
    words = [int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8)]
    if len(words) == 1:
        return dotted(words[0])
    # Only ssh over IPv6 needs this library, and importing it costs more than reading all tables.
    from ipaddress import IPv6Address

    long = IPv6Address(b"".join(words))
    return str(long.ipv4_mapped or long)


def dotted(data: bytes) -> str:
    """The four bytes of an IPv4 address as it is written."""
    return ".".join(map(str, data))


def in_network_order(word: str) -> int:
    """A hexadecimal word of /proc/net/route, which has the processor's order, as the number that it means."""
    return int.from_bytes(int(word, 16).to_bytes(4, sys.byteorder), "big")


def ssh_connections(root: Root) -> Iterator[tuple[str, str]]:
    """The address of this host and of the other one, for everybody who is connected to port 22."""
    # The kernel walks its whole table of connections for each of these files (5 ms on a host with 24 GiB); how many
    # sockets there are costs nothing.
    for table in ("tcp", "tcp6"):
        if nobody_uses(root, table):
            continue
        for line in or_else(root.lines(f"/proc/net/{table}", TABLE_LIMIT), ()):
            words = line.split()
            if len(words) < 4 or words[3] != ESTABLISHED:
                continue
            local, _, port = words[1].partition(":")
            other = words[2].partition(":")[0]
            if HEX.fullmatch(local) and HEX.fullmatch(other) and port.upper() == f"{SSH_PORT:04X}":
                yield address(local), address(other)


def nobody_uses(root: Root, table: str) -> bool:
    """Whether the kernel counts no socket of tcp or tcp6 (net/ipv4/proc.c, net/ipv6/proc.c)."""
    path = "/proc/net/sockstat6" if table == "tcp6" else "/proc/net/sockstat"
    return any(line.startswith(f"{table.upper()}: inuse 0") for line in or_else(root.lines(path, TABLE_LIMIT), ()))


def is_route(line: str) -> bool:
    """Whether it is a line of /proc/net/route, or the first one, which names the columns."""
    words = line.split()
    if len(words) < 11:
        return False
    return words[0] == "Iface" or all(len(w) == 8 and HEX.fullmatch(w) is not None for w in (words[1], words[7]))


def routes(root: Root) -> tuple[tuple[str, int, int], ...]:
    """Interface, destination and mask (both in network order) of /proc/net/route."""
    found = []
    lines = root.table("/proc/net/route", is_route, TABLE_LIMIT)
    if lines == ():
        root.missed(Unread("lacks the line that names its columns", Why.DAMAGED, "/proc/net/route"))
    for line in or_else(lines, ())[1:]:
        words = line.split()
        found.append((words[0], in_network_order(words[1]), in_network_order(words[7])))
    return tuple(found)


def default_interfaces(root: Root) -> frozenset[str]:
    """The interfaces of the default routes, of both families."""
    found = {name for name, to, mask in routes(root) if not to and not mask}
    for line in or_else(root.lines("/proc/net/ipv6_route", TABLE_LIMIT), ()):
        words = line.split()
        # A default route has prefix length 00 and a next hop; unreachable ones lead over lo.
        if len(words) == 10 and words[1] == "00" and words[4].strip("0") and words[9] != "lo":
            found.add(words[9])
    return frozenset(found)


def interface_of(root: Root, local: str) -> str:
    """The interface that an address of this host belongs to: by its subnet's route, or by /proc/net/if_inet6."""
    if ":" in local:
        from ipaddress import IPv6Address

        wanted = IPv6Address(local).packed.hex()
        rows = (line.split() for line in or_else(root.lines("/proc/net/if_inet6", TABLE_LIMIT), ()))
        return next((w[5] for w in rows if len(w) == 6 and w[0] == wanted), "")
    if not local:
        return ""
    number = int.from_bytes(bytes(map(int, local.split("."))), "big")
    fitting = [(mask, name) for name, to, mask in routes(root) if mask and number & mask == to]
    return max(fitting)[1] if fitting else ""


def lower(root: Root, name: str, depth: int = 4) -> Iterator[str]:
    """An interface and those below it: the ports of a bridge, bond or VLAN."""
    yield name
    if depth:
        for entry in or_else(root.names(f"{NET}/{name}"), ()):
            if entry.startswith("lower_"):
                yield from lower(root, entry.removeprefix("lower_"), depth - 1)


def read(root: Root) -> Reading[tuple[NetworkUse, ...]]:
    """The interfaces of PCI functions."""
    names = root.names(NET)
    if isinstance(names, Unread):
        return names if root.has("sys") else Unread("interfaces are those of a running system", Why.NOT_HERE, NET)
    default = {low for name in default_interfaces(root) for low in lower(root, name)}
    visitors: dict[str, str] = {}
    for local, other in ssh_connections(root):
        for low in lower(root, interface_of(root, local)):
            visitors.setdefault(low, other)
    found = []
    for name in names:
        real = root.real(f"{NET}/{name}/device")
        functions = [] if isinstance(real, Unread) else [p for p in real.split("/") if BDF.fullmatch(p)]
        if functions:
            up = root.text(f"{NET}/{name}/operstate", 4096) in ("up", "unknown")
            found.append(
                NetworkUse(functions[-1], name, up, name in default, visitors.get(name, ""), device_in(str(real)))
            )
    return tuple(found)
