"""Menus of SYSLINUX, rEFInd and Limine reduced to entries, files and kernel words."""

from __future__ import annotations

import re

from vfiotui.formats.loaders import refind_conf
from vfiotui.formats.loaders.limine_conf import place_of
from vfiotui.host.capture.reduce_text import by_line, kernel_words
from vfiotui.host.capture.scrub import Scrubber

SYSLINUX_TEXT = frozenset("label default ontimeout ui".split())
SYSLINUX_FILES = frozenset("kernel linux initrd include fdt fdtdir com32 boot config".split())
SYSLINUX_NUMBERS = frozenset("timeout totaltimeout prompt localboot".split())


def syslinux(text: str, scrub: Scrubber) -> str:
    """Labels, kernels, initrds, the default and kernel words; never passwords and helps."""

    def one(line: str) -> str | None:
        first, _, value = line.strip().replace("\t", " ").partition(" ")
        key, value = first.lower(), value.strip()
        if key == "append":
            return f"{first} {kernel_words(value, scrub)}".rstrip()
        if key in SYSLINUX_FILES:
            return f"{first} {','.join(map(scrub.path, value.split(',')))}"
        if key in SYSLINUX_TEXT:
            return f"{first} {' '.join(map(scrub.text, value.split()))}"
        if key in SYSLINUX_NUMBERS:
            return line if re.fullmatch(r"[-0-9a-fx]*", value) else first
        if key == "menu":
            word, _, rest = value.partition(" ")
            low = word.lower()
            if low in ("default", "hide", "disable", "separator", "save"):
                return f"{first} {word}"
            if low == "label":
                return f"{first} {word} {scrub.text(rest)}"
            return f"{first} {word} {scrub.path(rest.split(' ')[0])}" if low == "include" else None
        return None

    return by_line(text, one)


REFIND_WORDS = frozenset("scanfor scan_all_linux_kernels fold_linux_kernels timeout use_nvram".split())
REFIND_TEXTS = frozenset("extra_kernel_version_strings dont_scan_dirs dont_scan_files also_scan_dirs".split())


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def refind(text: str, scrub: Scrubber) -> str:
    """refind.conf: stanzas with their files and kernel words, and what decides which entries there are."""

    def one(line: str) -> str | None:
        words = refind_conf.tokens(line)
        if not words:
            return None
        key, values = words[0].lower(), words[1:]
        if words[0] == "}" or key == "disabled":
            return words[0]
        if key in ("menuentry", "submenuentry"):
            return f"{key} {_quoted(scrub.text(values[0]) if values else '')} {{"
        if key in ("loader", "initrd", "include", "icon") and values:
            return f"{key} {scrub.path(values[0].replace(chr(92), '/'))}"
        if key in ("options", "add_options") and values:
            return f"{key} {_quoted(kernel_words(values[0], scrub))}"
        if key in REFIND_WORDS:
            return " ".join([key, *(v for v in values if re.fullmatch(r"\w{1,12}", v))])
        if key in REFIND_TEXTS or key in ("volume", "default_selection"):
            return " ".join([key, *(_quoted(",".join(map(scrub.text, v.split(",")))) for v in values)])
        return None

    return by_line(text, one)


LIMINE_TEXT = frozenset("timeout default_entry protocol editor_enabled remember_last_entry".split())
LIMINE_FILES = frozenset("path kernel_path module_path image_path".split())
LIMINE_LINE = re.compile(r"([\w-]*)([:=]?)(.*)")


def limine_path(value: str, scrub: Scrubber) -> str:
    """A path with its names scrubbed; of a pinned hash only that there is one."""
    place = place_of(value)
    path = scrub.path(place.path)
    if not place.resource:
        return path
    argument = scrub.text(place.argument)
    return f"{place.resource}({argument}):{path}{'#' + '0' * len(place.hash) if place.hash else ''}"


def limine(text: str, scrub: Scrubber) -> str:
    """limine.conf: entries, kernels and their words, the default, and what its macros stand for."""

    def one(line: str) -> str | None:
        if line.startswith(("/", ":")):
            bare = line.lstrip("/:+")
            return line[: len(line) - len(bare)] + scrub.text(bare)
        if macro := re.match(r"(\$\{[^}\s]+\}=)(.*)", line):
            return f"{macro[1]}{kernel_words(macro[2], scrub)}"
        match = LIMINE_LINE.match(line)
        key, mark, value = match.groups() if match else ("", "", "")
        low = key.lower()
        if not mark:
            return None
        if low in ("cmdline", "kernel_cmdline"):
            return f"{key}{mark} {kernel_words(value.strip(), scrub)}"
        if low in LIMINE_FILES:
            return f"{key}{mark} {limine_path(value.strip(), scrub)}"
        if low in LIMINE_TEXT:
            return f"{key}{mark} {'/'.join(scrub.text(part) for part in value.strip().split('/'))}"
        return None

    return by_line(text, one)


CRYPT_WORDS = frozenset("luks discard tpm2-device fido2-device initramfs x-initrd.attach no-read-workqueue".split())


def crypttab(text: str, scrub: Scrubber) -> str:
    """Volumes with their device and whether a TPM opens them; no name, no key file and no other option."""

    def one(line: str) -> str | None:
        words = line.split()
        if line.startswith("#") or len(words) < 2:
            return None
        key, equals, value = words[1].partition("=")
        device = f"{key}={scrub.uuid(value)}" if equals and key in ("UUID", "PARTUUID") else scrub.path(words[1])
        options = [o.split("=")[0] for o in (words[3].split(",") if len(words) > 3 else ())]
        kept = [f"{o}=auto" if o.endswith("-device") else o for o in options if o in CRYPT_WORDS]
        return f"{scrub.name('volume', words[0])} {device} none {','.join(kept) or 'luks'}"

    return by_line(text, one)


def uki_conf(text: str, scrub: Scrubber) -> str:
    """Which keys ukify signs with, by the names of the settings alone."""

    def one(line: str) -> str | None:
        key = line.partition("=")[0].strip()
        if re.fullmatch(r"\[\w+(?::\w+)?\]", line):
            return line
        return f"{key}=x" if key in ("SecureBootPrivateKey", "SecureBootCertificate", "PCRPrivateKey") else None

    return by_line(text, one)
