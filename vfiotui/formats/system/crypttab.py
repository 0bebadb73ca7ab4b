"""/etc/crypttab (systemd's crypttab(5), Debian's crypttab(5)): name, device, key file and options of each volume."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Volume:
    """One line."""

    name: str
    device: str
    """As it is written: a path, UUID=…, PARTUUID=…, LABEL=…."""
    key: str
    """Empty where there is none ("none" and "-" are no files)."""
    options: tuple[str, ...]
    line: int

    @property
    def tpm(self) -> bool:
        """Whether a TPM opens it."""
        return any(o == "tpm2-device" or o.startswith("tpm2-device=") for o in self.options)

    @property
    def path(self) -> str:
        """The device's path, with the links of udev for ids."""
        kinds = {"UUID": "by-uuid", "PARTUUID": "by-partuuid", "LABEL": "by-label", "PARTLABEL": "by-partlabel"}
        key, _, value = self.device.partition("=")
        return f"/dev/disk/{kinds[key]}/{value.strip(chr(34))}" if key in kinds and value else self.device


def parse(text: str) -> tuple[Volume, ...]:
    """Every volume in order; lines without a device are passed over.

    >>> [(v.name, v.path, v.tpm) for v in parse("# x\\nroot UUID=1-2 none tpm2-device=auto,discard\\n")]
    [('root', '/dev/disk/by-uuid/1-2', True)]
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) < 2 or words[0].startswith("#"):
            continue
        key = words[2] if len(words) > 2 and words[2] not in ("none", "-") else ""
        options = tuple(words[3].split(",")) if len(words) > 3 else ()
        found.append(Volume(words[0], words[1], key, options, number))
    return tuple(found)
