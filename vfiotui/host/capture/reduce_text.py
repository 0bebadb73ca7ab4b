"""Configuration files reduced to what a reader of this program reads: other lines are left out, words are scrubbed.

A line that is left out becomes `#`, so that the lines that are judged keep their numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from vfiotui.formats.modprobe.modprobe_faults import VERBS, meant_verb
from vfiotui.formats.system.fstab import unescaped
from vfiotui.host.capture.scrub import Scrubber, is_public
from vfiotui.host.root.config_files import FOLDERS
from vfiotui.model.boot.binders import WORDS, gpu_mode
from vfiotui.model.cpu.lid import ACTIONS

Reduce = Callable[[str, Scrubber], str | None]
"""Text → what leaves of it; None where it could not be parsed."""

KERNEL_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')
LINE = re.compile(r"[^\n]*\n|[^\n]+")
DROPPED = "#"


def by_line(text: str, reduce: Callable[[str], str | None]) -> str:
    """Every line by itself; blanks around it and its end stay, one that is None becomes a bare comment."""
    found = []
    for line in LINE.findall(text):
        body = line.rstrip("\r\n")
        bare = body.strip()
        kept = bare if bare in ("", DROPPED) else reduce(bare)
        lead = body[: len(body) - len(body.lstrip())]
        found.append((lead + kept if kept is not None else DROPPED) + line[len(body) :])
    return "".join(found)


def lines_only(text: str, scrub: Scrubber) -> str:
    """How many lines there are, and which are blank."""
    return "".join("x\n" if line.strip() else "\n" for line in text.splitlines())


def kernel_words(text: str, scrub: Scrubber) -> str:
    """A kernel command line: the names of public parameters with their scrubbed values; other words as a whole.

    >>> kernel_words("quiet rd.luks.key=/k:UUID=1 iommu=pt netroot=iscsi:u:pw@h", Scrubber())
    'quiet word-1 iommu=pt word-2'
    """
    return KERNEL_WORD.sub(lambda match: kernel_word(match[0], scrub), text)


def kernel_word(word: str, scrub: Scrubber) -> str:
    """One word of a kernel command line."""
    if word == "--" or re.fullmatch(r"\$\w+|\$\{\w+\}", word):
        return word
    bare = word.strip('"') if word.startswith('"') and word.endswith('"') and word.count('"') == 2 else word
    key, equals, value = bare.partition("=")
    if not scrub.parameter(key):
        return scrub.same(word, scrub.alias("word", word))
    made = key + equals + scrub.text(value)
    return scrub.same(word, made if bare == word else f'"{made}"')


def cmdline_file(text: str, scrub: Scrubber) -> str:
    """A file of kernel words, with comments."""
    return by_line(text, lambda line: None if line.startswith("#") else kernel_words(line, scrub))


def words(text: str, scrub: Scrubber) -> str:
    """Lines of words without comments: lists of modules, fstab, tmpfiles.d, /proc/mounts."""
    return by_line(text, lambda line: None if line.startswith(("#", ";")) else scrub.text(line))


def mounts(text: str, scrub: Scrubber) -> str:
    """/proc/mounts: source, place and type, and of the options the size of huge pages; octal blanks as one word."""

    def one(line: str) -> str:
        fields = line.split(" ")
        kept = [escaped(scrub.path(unescaped(f))) for f in fields[:2]]
        options = [o for o in ",".join(fields[3:4]).split(",") if re.fullmatch(r"ro|rw|pagesize=\w{1,8}", o)]
        return " ".join([*kept, *map(scrub.text, fields[2:3]), ",".join(options) or "rw", "0", "0"])

    return by_line(text, one)


def escaped(text: str) -> str:
    """A path as /proc/mounts writes it, with octal numbers for its blanks."""
    return text.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011")


def swaps(text: str, scrub: Scrubber) -> str:
    """/proc/swaps: the head, then device and kind."""
    head, *rest = text.split("\n")
    found = [head if head.startswith("Filename") else DROPPED]
    for line in rest:
        fields = line.split()
        if len(fields) < 2:
            continue
        kind = fields[1] if fields[1] in ("partition", "file") else "file"
        numbers = " ".join(f for f in fields[2:5] if f.lstrip("-").isdigit())
        found.append(f"{escaped(scrub.path(unescaped(fields[0])))} {kind} {numbers}")
    return "".join(f"{line}\n" for line in found)


def modprobe(text: str, scrub: Scrubber) -> str:
    """modprobe.d: the statements of kmod and those whose verb is almost one, with their words scrubbed."""
    before = ""

    def one(line: str) -> str | None:
        nonlocal before
        continued, before = before.endswith("\\"), line
        if line.startswith("#") and line.endswith("\\"):
            # kmod joins the next line to the comment, which takes that line's effect.
            return f"{DROPPED}\\"
        verb, _, rest = line.partition(" ")
        if not continued and line.split(None, 1)[0] not in VERBS:
            # A verb that kmod does not know stays as it is: the check of it names what was meant.
            return f"{verb} {scrub.text(rest)}" if rest and meant_verb(verb) else None
        return scrub.text(line)

    return by_line(text, one)


def keyed(keys: Iterable[str]) -> Reduce:
    """Lines that begin with one of these words, scrubbed."""
    kept = frozenset(keys)

    def reduce(text: str, scrub: Scrubber) -> str:
        def one(line: str) -> str | None:
            key = re.split(r"\s*=\s*|\s+", line.lstrip("-"), maxsplit=1)[0].lower()
            return scrub.text(line) if key in kept else None

        return by_line(text, one)

    return reduce


def sysctl(text: str, scrub: Scrubber) -> str:
    """sysctl.d: settings of vm and kernel."""

    def one(line: str) -> str | None:
        key = line.lstrip("-").partition("=")[0].strip().replace("/", ".")
        return scrub.text(line) if key.startswith(("vm.", "kernel.")) and is_public(key) else None

    return by_line(text, one)


LOGIND_LINE = re.compile(rf"\[Login\]|HandleLidSwitch(?:ExternalPower|Docked)?\s*=\s*(?:{'|'.join(sorted(ACTIONS))})")
LOGIND = [f"{d}/systemd/{n}" for d in FOLDERS for n in ("logind.conf", "logind.conf.d/*")]


def logind(text: str, scrub: Scrubber) -> str:
    """logind.conf: sections, and what closing the lid does."""

    return by_line(text, lambda line: line if LOGIND_LINE.fullmatch(line) else None)


xorg = keyed(("section", "endsection", "driver", "busid"))


BINDS = re.compile(
    r'driver_override|/local/|ATTR\{remove\}|/remove\b|^\s*LABEL="[\w-]+"|\bGOTO="[\w-]+"|IMPORT\{cmdline\}'
)
"""What a rule holds that binds or removes a device, or leads past such a rule."""


def udev(text: str, scrub: Scrubber) -> str:
    """udev rules that set a driver_override, remove devices or jump, whole; of the others nothing."""
    found: list[str] = []
    joined: list[str] = []
    for line in LINE.findall(text):
        joined.append(line)
        if line.rstrip("\r\n").endswith("\\"):
            continue
        keeps = BINDS.search("".join(joined)) is not None and not joined[0].lstrip().startswith("#")
        for piece in joined:
            body = piece.rstrip("\r\n")
            found.append((scrub.text(body) if keeps else DROPPED if body.strip() else body) + piece[len(body) :])
        joined = []
    return "".join([*found, *(DROPPED + "\n" for _ in joined)])


QEMU_CONF = frozenset(
    "user group cgroup_device_acl security_driver nvram hugetlbfs_mount sched_core namespaces dynamic_ownership"
    " remember_owner seccomp_sandbox max_locked_memory cgroup_controllers".split()
)


def qemu_conf(text: str, scrub: Scrubber) -> str:
    """qemu.conf: who runs QEMU, which devices, firmware and security drivers it uses."""
    inside = False

    def one(line: str) -> str | None:
        nonlocal inside
        named = re.match(r"(#?)[ \t]?([A-Za-z]\w*)[ \t]*=", line)
        if named:
            inside = named[2] in QEMU_CONF and "[" in line and "]" not in line
            return scrub.text(line) if named[2] in QEMU_CONF else None
        if inside:
            inside = "]" not in line
            return scrub.text(line)
        return None if line.startswith("#") else scrub.text(line)

    return by_line(text, one)


def passwd(text: str, scrub: Scrubber) -> str:
    """passwd and group: name and number, and the members of a group; people get pseudonyms, their homes too."""
    found = []
    for line in text.split("\n"):
        fields = line.split(":")
        if len(fields) < 3:
            continue
        members = ",".join(scrub.user(m) for m in fields[3].split(",")) if len(fields) == 4 else ""
        numbers = fields[2:4] if len(fields) > 4 else fields[2:3]
        kept = [scrub.user(fields[0]), "x", *(n if n.isdigit() else "" for n in numbers)]
        # Where guests of a person's session are defined follows from the home; any other place would name something.
        home = fields[5] if len(fields) > 5 else ""
        usual = {f"/home/{fields[0]}": f"/home/{kept[0]}", "/root": "/root"}.get(home, "/")
        found.append(":".join([*kept, members] if len(fields) == 4 else [*kept, "", usual, "/bin/sh"]))
    return "\n".join(found) + "\n"


def hostname(text: str, scrub: Scrubber) -> str:
    """The host's name."""
    return "host\n" if text.strip() else text


MACHINES = re.compile(r"(pc-)?(q35|i440fx)(-[0-9.*]{1,8})?|virt(-[0-9.*]{1,8})?|pc|\*|microvm|none")
"""Machine types and patterns of them."""


def descriptor(text: str, scrub: Scrubber) -> str | None:
    """A firmware descriptor of QEMU: images, features and interfaces."""
    try:
        source = json.loads(text)
    except (ValueError, RecursionError):
        return "" if not text.strip() else None

    def strings(value: Any) -> list[str]:
        return [scrub.text(v) for v in value if isinstance(v, str)] if isinstance(value, list) else []

    def filename(*path: str) -> str | None:
        value: Any = source
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return scrub.path(value) if isinstance(value, str) else None

    if not isinstance(source, dict):
        return None
    kept: dict[str, Any] = {"interface-types": strings(source.get("interface-types"))}
    mapping: dict[str, Any] = {}
    for part in ("executable", "nvram-template"):
        name = filename("mapping", part, "filename")
        if name is not None:
            mapping[part] = {"filename": name}
    direct = filename("mapping", "filename")
    if direct is not None:
        mapping["filename"] = direct
    if isinstance(source.get("mapping"), dict):
        kept["mapping"] = mapping
    kept["features"] = strings(source.get("features"))
    targets = source.get("targets")
    kept["targets"] = [
        {
            "architecture": scrub.text(arch),
            "machines": [m for m in machines if isinstance(m, str) and MACHINES.fullmatch(m)],
        }
        for target in (targets if isinstance(targets, list) else ())
        if isinstance(target, dict)
        and isinstance(arch := target.get("architecture"), str)
        and isinstance(machines := target.get("machines"), list)
    ]
    return json.dumps(kept, indent=1) + "\n"


def selection(text: str, scrub: Scrubber) -> str | None:
    """The devices that a person chose: addresses and ids."""
    from vfiotui.model.pci.selection import from_json, to_json

    try:
        return to_json(from_json(text))
    except ValueError:
        return None


def supergfxd(text: str, scrub: Scrubber) -> str | None:
    """supergfxd.conf: the mode, and whether Vfio outlives a reboot."""
    told = gpu_mode(text)
    if not re.fullmatch(r"[A-Za-z]{1,20}", told.mode):
        return None
    restored = str(told.restored).lower()
    return f'{{"mode": "{told.mode}", "vfio_enable": {restored}, "vfio_save": {restored}}}\n'


def unit(text: str, scrub: Scrubber) -> str:
    """A unit or rc.local: what it runs of the host's own scripts, and what binds devices."""

    def one(line: str) -> str | None:
        runs = not line.lstrip().startswith(("#", ";")) and ("/usr/local/" in line or WORDS.search(line))
        return scrub.text(line) if runs else None

    return by_line(text, one)


def driver_name(text: str, scrub: Scrubber) -> str:
    """driverctl's files hold the name of a driver."""
    return scrub.text(text)
