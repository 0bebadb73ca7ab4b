"""A boot entry of the firmware: EFI_LOAD_OPTION and the device path in it (UEFI specification, 3.1.3 and 10.3).

Layout: attributes (4 bytes), length of the paths (2), description (UTF-16, ends with NUL), device paths, options.
Every length may lie, so each is checked against its end.
"""

from __future__ import annotations

from vfiotui.model.base.value import dataclass

MEDIA, HARD_DRIVE, FILE = 4, 1, 4
END = 0x7F
GUID_SIGNATURE = 2
NODES_LIMIT = 64
ACTIVE = 1


@dataclass(frozen=True, slots=True)
class LoadOption:
    """What the firmware starts."""

    description: str
    """The name in the firmware's menu."""
    partition: str
    """The GUID of a GPT partition in lower case; empty where the path names none."""
    path: str
    """The program on that partition, with backslashes as the firmware writes it; empty where it names none."""
    options: bytes
    """What the program is given; a kernel that is started directly has its command line here, in UTF-16."""
    active: bool = True
    """Whether the firmware tries it by itself (LOAD_OPTION_ACTIVE)."""


def text_of(data: bytes) -> str:
    """UTF-16 up to the first NUL."""
    return data.decode("utf-16-le", "replace").partition("\0")[0]


def parse(data: bytes) -> LoadOption | None:
    """The entry in a Boot#### variable without its attributes; None where it is cut off before its paths.

    >>> parse(b"") is None
    True
    """
    length = int.from_bytes(data[4:6], "little")
    end = next((i for i in range(6, len(data) - 1, 2) if data[i : i + 2] == b"\0\0"), None)
    if end is None:
        return None
    start = end + 2
    partition, path = _device_path(data[start : start + length])
    return LoadOption(text_of(data[6:end]), partition, path, data[start + length :], bool(data[0] & ACTIVE))


def _device_path(data: bytes) -> tuple[str, str]:
    """Partition and file of the first path; its other nodes tell of buses."""
    partition, parts, at = "", [], 0
    for _ in range(NODES_LIMIT):
        head = data[at : at + 4]
        size = int.from_bytes(head[2:4], "little")
        if len(head) < 4 or size < 4 or head[0] == END:
            break
        body = data[at + 4 : at + size]
        if (head[0], head[1]) == (MEDIA, HARD_DRIVE) and len(body) >= 38 and body[37] == GUID_SIGNATURE:
            # Loads `platform` with its expressions; only a firmware's boot entries need it.
            import uuid

            partition = str(uuid.UUID(bytes_le=bytes(body[20:36])))
        if (head[0], head[1]) == (MEDIA, FILE):
            parts.append(text_of(body))
        at += size
    return partition, "".join("\\" + p.strip("\\") for p in parts)


def file_of(path: str) -> str:
    r"""The path of a program below the mounted partition, with slashes.

    >>> file_of("\\EFI\\debian\\shimx64.efi")
    '/EFI/debian/shimx64.efi'
    """
    return "/" + path.replace("\\", "/").strip("/")
