"""What a kernel's file tells without being read: its release, and the words that its configuration gives it."""

from __future__ import annotations

import re

from vfiotui.host.boot.kernel import gunzip
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else

NAMED = re.compile(r"(?:vmlinu[xz]|bzImage|kernel|linux|Image)-(?P<release>\d\S*?)(?:\.efi|\.gz)?")
CONFIG_LIMIT = 4 << 20
FOLDERS = ("/usr/lib/modules", "/lib/modules")
BUILT_IN = re.compile(r"^CONFIG_(CMDLINE\w*)=(.*)$", re.MULTILINE)


def release_of(root: Root, path: str) -> Reading[str]:
    """The release (uname -r) of a kernel by its file's name: vmlinuz-RELEASE, a link to such a file, a package's name
    as Arch uses it, or a folder that is named by it."""
    real = or_else(root.real(path), path)
    for place in dict.fromkeys((path, real)):
        folder, _, name = place.rpartition("/")
        if match := NAMED.fullmatch(name):
            return match["release"]
        above = folder.rpartition("/")[2]
        if name in ("linux", "vmlinuz") and any(root.exists(f"{f}/{above}") is True for f in FOLDERS if above):
            return above
    package = path.rpartition("/")[2].removeprefix("vmlinuz-")
    for folder in FOLDERS:
        for release in or_else(root.names(folder), ()):
            if or_else(root.text(f"{folder}/{release}/pkgbase", 4096), "").strip() == package:
                return release
    return Unread("its name has no release", Why.NOT_HERE, path)


def with_built_in(root: Root, release: Reading[str], line: str) -> str:
    """The command line as the kernel of a release sees it: its CONFIG_CMDLINE stands ahead, or in place of the
    loader's words where CONFIG_CMDLINE_OVERRIDE or _FORCE is set (arch/x86/kernel/setup.c, arch/arm64/Kconfig).

    A kernel whose configuration is not there is taken for one without words of its own, as distributions build them.
    """
    if isinstance(release, Unread):
        return line
    found = {m[1]: m[2].strip() for m in BUILT_IN.finditer(_config(root, release))}
    own = re.sub(r"\\(.)", r"\1", found.get("CMDLINE", "").removeprefix('"').removesuffix('"')).strip()
    if not own:
        return line
    if "CMDLINE_OVERRIDE" in found or "CMDLINE_FORCE" in found:
        return own
    extends = "CMDLINE_BOOL" in found or "CMDLINE_EXTEND" in found
    return f"{own} {line}".strip() if extends or not line else line


def _config(root: Root, release: str) -> str:
    if "/" in release:
        return ""
    if or_else(root.text("/proc/sys/kernel/osrelease", 4096), "").strip() == release:
        packed = root.bytes("/proc/config.gz", CONFIG_LIMIT)
        text = packed if isinstance(packed, Unread) else gunzip(packed)
        if not isinstance(text, Unread):
            return text
    for path in (f"/boot/config-{release}", *(f"{folder}/{release}/config" for folder in FOLDERS)):
        text = root.decoded(path, CONFIG_LIMIT)
        if not isinstance(text, Unread):
            return text
    return ""
