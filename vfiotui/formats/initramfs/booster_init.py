"""etc/booster.init.yaml, which booster's generator leaves in an image for its init (booster, init/config.go).

It is written by a YAML library, so its shape is always the same: top keys in the first column, lists and maps below.
"""

from __future__ import annotations

import re

PATH = "etc/booster.init.yaml"
FORCED = re.compile(r"^modules_?force_?load:[ \t]*(.*(?:\n[ \t]*-[ \t]*.*)*)", re.IGNORECASE | re.MULTILINE)
OPTIONS = re.compile(r"modprobe_?options:[ \t]*", re.IGNORECASE)
OPTION = re.compile(r"[ \t]+[\"']?(?P<module>[\w-]+)[\"']?:[ \t]+(?P<value>\S.*)")
KERNEL = re.compile(r"^kernel:[ \t]*[\"']?([^\s\"']+)", re.IGNORECASE | re.MULTILINE)


def forced(text: str) -> tuple[str, ...]:
    """The modules that its init loads by name, in order.

    >>> forced("modulesforceload:\\n    - vfio_pci\\n    - vfio\\n")
    ('vfio_pci', 'vfio')
    """
    found = FORCED.search(text)
    return tuple(re.findall(r"\w[\w-]*", found[1])) if found else ()


def options_as_modprobe(text: str) -> str:
    """The options of modules as modprobe.d would say them, each in the line where it stands; other lines are empty.

    >>> options_as_modprobe("kernel: 6.1\\nmodprobeoptions:\\n    vfio_pci: ids=10de:13c2 disable_vga=1\\n")
    '\\n\\noptions vfio_pci ids=10de:13c2 disable_vga=1\\n'
    """
    found, inside = [], False
    for line in text.split("\n"):
        if line and not line[0].isspace():
            inside = OPTIONS.fullmatch(line) is not None
        option = OPTION.fullmatch(line) if inside else None
        found.append(f"options {option['module']} {_plain(option['value'])}" if option else "")
    return "\n".join(found)


def _plain(value: str) -> str:
    """A scalar without the quotes that YAML may need around it."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def release(text: str) -> str:
    """The kernel that the image was made for, or empty."""
    found = KERNEL.search(text)
    return found[1] if found else ""
