"""Takes out of a capture what tells who owns the machine, and leaves what tells how it works.

Equal secrets become equal pseudonyms, so that a guest's UUID in two files is still one guest.
"""

from __future__ import annotations

import re
from collections.abc import Callable

UUID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
EFI_VENDOR = re.compile(r"[A-Za-z]-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$")
SHORT_UUID = re.compile(r"(?i)\b((?:PART)?UUID=)([0-9A-F]{4}-[0-9A-F]{4}|[0-9A-F]{8}-[0-9A-F]{2}|[0-9A-F]{16})\b")
MAC = re.compile(r"\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b(?![:-])")
BY_ID = re.compile(r"(/dev/disk/by-(?:id|label|partlabel)/|\bLABEL=|\bPARTLABEL=)[^\s'\"<>]+")
HOME = re.compile(r"(/home/|/run/media/|/media/)[^/\s'\"<>:]+")
IPV4_QUOTED = re.compile(r"(['\"])(?!0\.0\.0\.0|127\.)\d{1,3}(?:\.\d{1,3}){3}\1")
BOOT_IP = re.compile(r"\b(ip|nfsroot|nameserver|netconsole|dhcp_server)=[^\s\"]+")
SERIAL_LINE = re.compile(r"(?i)\b(serial(?:[ _]?number)?\s*[:=]\s*)[^\s,;'\"<>]+")
PASSWORD = re.compile(r"(?i)\b(passw(?:or)?d|passphrase|secret|token|apikey)(\s*[=:]\s*)(['\"]?)[^\s'\"<>]+\3")
XML_SECRET = re.compile(r"<(serial|wwn|vendor_serial|title|description)>[^<]*</\1>")
XML_ENTRY = re.compile(r"(<entry name=['\"](?:serial|uuid|asset|sku|family|location)['\"]>)[^<]*(</entry>)")
ROUTE = re.compile(r"^(\S+\t)([0-9A-F]{8})\t[0-9A-F]{8}(?=\t[0-9A-F]{4}\t)", re.MULTILINE)
"""Interface, destination and gateway of /proc/net/route."""
INPUT_SERIAL = re.compile(r"^(U: Uniq=).+$", re.MULTILINE)
OSK = re.compile(r"\bosk=[^\s,'\"<>]+")


class Scrubber:
    """Replaces secrets of one capture."""

    def __init__(self, host_names: tuple[str, ...]) -> None:
        """`host_names` are the names of this host, to be found in any text."""
        names = sorted({n for n in host_names if len(n) > 2 and n != "localhost"}, key=len, reverse=True)
        self._host = re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, names)) + r")(?![\w-])") if names else None
        self._aliases: dict[tuple[str, str], int] = {}

    def _number(self, kind: str, secret: str) -> int:
        return self._aliases.setdefault((kind, secret.lower()), 1 + sum(1 for seen, _ in self._aliases if seen == kind))

    def _alias(self, kind: str, shape: Callable[[int], str]) -> Callable[[re.Match[str]], str]:
        return lambda match: shape(self._number(kind, match[0]))

    def text(self, text: str) -> str:
        """The text without names, numbers and words that identify.

        >>> Scrubber(("tower",)).text("host tower, mac 52:54:00:ab:cd:ef, root=UUID=0a1b-2c3d")
        'host host, mac 02:00:00:00:00:01, root=UUID=0000-0001'
        """
        text = UUID.sub(self._alias("uuid", lambda n: f"00000000-0000-4000-8000-{n:012x}"), text)
        text = SHORT_UUID.sub(lambda m: f"{m[1]}0000-{self._number('short uuid', m[2]):04x}", text)
        text = MAC.sub(
            self._alias("mac", lambda n: "02:00:" + ":".join(f"{n:08x}"[i : i + 2] for i in (0, 2, 4, 6))), text
        )
        text = BY_ID.sub(lambda m: f"{m[1]}name-{self._number('disk', m[0])}", text)
        text = HOME.sub(lambda m: f"{m[1]}user{self._number('home', m[0])}", text)
        text = IPV4_QUOTED.sub(lambda m: f"{m[1]}192.0.2.{self._number('ip', m[0]) % 256}{m[1]}", text)
        text = BOOT_IP.sub(lambda m: f"{m[1]}=scrubbed", text)
        text = SERIAL_LINE.sub(lambda m: f"{m[1]}scrubbed", text)
        text = PASSWORD.sub(lambda m: f"{m[1]}{m[2]}{m[3]}scrubbed{m[3]}", text)
        text = XML_SECRET.sub(lambda m: f"<{m[1]}>scrubbed</{m[1]}>", text)
        text = XML_ENTRY.sub(lambda m: f"{m[1]}scrubbed{m[2]}", text)
        text = ROUTE.sub(lambda m: f"{m[1]}{'00000000' if m[2] == '00000000' else '000200C0'}\t00000000", text)
        text = INPUT_SERIAL.sub(r"\1", text)
        text = OSK.sub("osk=scrubbed", text)
        return self._host.sub("host", text) if self._host else text

    def path(self, path: str) -> str:
        """A path whose names may identify; the vendor's UUID in the name of an EFI variable is public."""
        return path if EFI_VENDOR.search(path) else self.text(path)

    def data(self, data: bytes) -> bytes:
        """A file's bytes; what is no text (tables, configuration space) holds registers only and is kept."""
        if b"\0" in data:
            return data
        try:
            return self.text(data.decode()).encode()
        except UnicodeDecodeError:
            return data
