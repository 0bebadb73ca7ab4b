"""Programs, scripts and rules of this host that bind, unbind or remove PCI devices while the system starts or runs."""

from __future__ import annotations

import re

from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.binders import OPTIMUS, SUPERGFXD, WORDS
from vfiotui.model.boot.boot import ConfigFile

SCRIPTS = ("/usr/local/bin", "/usr/local/sbin")
SCRIPT_LIMIT = 64 << 10
RULES = ("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
NAMED = re.compile(r"remove|nvidia|amdgpu|gpu|vga|vfio|prime|optimus|envycontrol|supergfx|dgpu")
"""Names of rules that packages bring for graphics cards; of the others none is read."""
IN_RULES = re.compile(r"ATTR\{remove\}|driver_override|/remove\b|/local/")


def read_binders(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """The files that say so, bounded in size; what cannot be read of them is gathered in `files`."""
    found = [*files.one(SUPERGFXD), *files.one(OPTIMUS)]
    scripts = [s for folder in SCRIPTS for name in files.names(folder) for s in _script(files, f"{folder}/{name}")]
    units = (*files.folder("/etc/systemd/system", ".service"), *files.one("/etc/rc.local"))
    found += [u for u in units if WORDS.search(u.text) or any(s.path in u.text for s in scripts)]
    seen: set[str] = set()
    for folder in RULES:
        for name in files.names(folder):
            wanted = name.endswith(".rules") and (folder == RULES[0] or NAMED.search(name)) and name not in seen
            for rule in files.one(f"{folder}/{name}") if wanted else ():
                found += [rule] if IN_RULES.search(rule.text) else []
            seen.add(name)
    return (*found, *scripts)


def _script(files: ConfigFiles, path: str) -> tuple[ConfigFile, ...]:
    head = or_else(files.root.peek(path, SCRIPT_LIMIT), b"")
    text = bytes(head).decode("utf-8", "replace") if head.startswith(b"#!") else ""
    return (ConfigFile(path, text),) if WORDS.search(text) else ()
