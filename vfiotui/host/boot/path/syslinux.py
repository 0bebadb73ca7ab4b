"""The boot path of SYSLINUX and EXTLINUX, and of U-Boot where it reads an extlinux.conf.

Without a menu DEFAULT starts at once; a menu (`UI`, or a DEFAULT that is a .c32) starts the label of DEFAULT where UI
is set, else the one with MENU DEFAULT, else its first (com32/elflink/ldlinux/ldlinux.c, com32/menu/readconfig.c).
"""

from __future__ import annotations

from vfiotui.formats.loaders import syslinux_conf
from vfiotui.formats.loaders.syslinux_conf import Config, Label
from vfiotui.host.boot.loader import SYSLINUX
from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.boot.path.kernels import release_of, with_built_in
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath, PathStep

SOURCE = "/etc/update-extlinux.conf"
"""From which Alpine's update-extlinux makes the file."""
COUNT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """A label with the file that defines it."""

    label: Label
    config: Config
    path: str


def read(root: Root, path: str) -> Reading[tuple[tuple[str, Config], ...]]:
    """The file and those that it includes, each once."""
    text = root.text(path)
    if isinstance(text, Unread):
        return text
    found = {path: syslinux_conf.parse(text)}
    waiting = [(path, name) for name in found[path].includes]
    while waiting and len(found) < COUNT_LIMIT:
        _, name = waiting.pop(0)
        place = file_of(root, path, name)
        more = root.text(place) if isinstance(place, str) and place not in found else place
        if isinstance(place, str) and place not in found and isinstance(more, str):
            found[place] = syslinux_conf.parse(more)
            waiting += [(place, n) for n in found[place].includes]
    return tuple(found.items())


def file_of(root: Root, conf: str, name: str) -> Reading[str]:
    """The file that a configuration names: beside it, or from the top of its partition."""
    folder = conf.rpartition("/")[0] or "/"
    tops = [p for p in PLACES if conf.startswith(f"{p}/")][:1]
    absolute = name.startswith(("/", "\\"))
    for top in (*tops, "/") if absolute else (folder, *tops, "/"):
        if found := in_folder(root, top, name):
            return found
    return Unread(f"{name} is not there", Why.ABSENT, name if absolute else f"{folder.rstrip('/')}/{name}")


def boot_entry(root: Root, placed: Placed, common: Config, why: str, extra: str = "", uboot: bool = False) -> BootEntry:
    """What a label starts; `extra` are words that DEFAULT or ONTIMEOUT names behind it."""
    label, path = placed.label, placed.path
    source = f"{path}:{label.line}"
    name = label.title or label.name
    if not label.starts_linux or not label.kernel:
        what = f"starts {label.kernel}, and no Linux kernel" if label.kernel else "names no kernel"
        nothing = Unread(what, Why.NOT_HERE, source)
        return BootEntry("syslinux", name, source, nothing, nothing, (), nothing, why, other_system=True)
    kernel = file_of(root, path, label.kernel)
    release = release_of(root, kernel if isinstance(kernel, str) else label.kernel)
    config = placed.config if placed.config.append is not None else common
    append = label.append if label.append is not None else config.append
    number = label.append_line or config.append_line or label.line
    words = [w for w in ("" if append in (None, "-") else append, extra) if w]
    initrds = label.initrd.split(",") if label.initrd else []
    line = CommandLine(" ".join(words), f"{path}:{number}")
    if not initrds:
        initrds = [part for value in line.values("initrd") if value for part in value.split(",")]
    elif not uboot:
        words.append(f"initrd={label.initrd}")
    if not uboot:
        words.insert(0, f"BOOT_IMAGE={label.kernel}")
    text = with_built_in(root, release, " ".join(" ".join(words).split()))
    files = tuple(or_else(file_of(root, path, i), i) for i in initrds if i)
    maker = SOURCE if root.exists(SOURCE) is True else ""
    return BootEntry("syslinux", name, source, kernel, release, files, CommandLine(text, line.source), why, maker)


def _is_uboot(root: Root, conf: str, configs: tuple[tuple[str, Config], ...]) -> bool:
    """U-Boot has keywords of its own, and needs no ldlinux.sys and no module beside the file."""
    if any(config.is_uboot for _, config in configs):
        return True
    names = or_else(root.names(conf.rpartition("/")[0] or "/"), ())
    own = any(n.lower() in ("ldlinux.sys", "ldlinux.c32", "ldlinux.e64") or n.lower().endswith(".c32") for n in names)
    return not own and conf.endswith("/extlinux/extlinux.conf") and not any(c.ui for _, c in configs)


def find(root: Root) -> Reading[BootPath]:
    """The boot path; Unread where no configuration of SYSLINUX can be read."""
    conf = next((p for p in SYSLINUX if root.exists(p) is True), "")
    configs = read(root, conf) if conf else Unread("no configuration of SYSLINUX was found", Why.ABSENT, SYSLINUX[0])
    if isinstance(configs, Unread):
        return configs
    placed = [Placed(label, config, path) for path, config in configs for label in config.labels]
    if not placed:
        return Unread("names no entry", Why.ABSENT, conf)
    uboot = _is_uboot(root, conf, configs)
    merged = _merged(configs)
    who = "U-Boot" if uboot else "SYSLINUX"
    steps = [PathStep(f"{who} reads {path}", path) for path, _ in configs]
    chosen, why, source, open_ = _choose(placed, merged, conf, uboot)
    command = merged.ontimeout if chosen and "ONTIMEOUT" in why else merged.default
    extra = command.partition(" ")[2].strip() if chosen and command.startswith(f"{chosen.label.name} ") else ""
    first = placed[:COUNT_LIMIT]
    if chosen is None:
        steps.append(PathStep(open_ or why, source))
        linux = [p for p in first if p.label.starts_linux]
        candidates = tuple(boot_entry(root, p, merged, open_ or why, uboot=uboot) for p in linux)
        open_ = open_ or why
    else:
        steps.append(PathStep(f"{why}: it takes {chosen.label.title or chosen.label.name!r}", source))
        candidates = (boot_entry(root, chosen, merged, why, extra, uboot),)
    entries = tuple(boot_entry(root, p, merged, "", uboot=uboot) for p in first if not p.label.hidden)
    missing = tuple(c.kernel for c in candidates if isinstance(c.kernel, Unread))
    return BootPath("syslinux", tuple(steps), candidates, entries, open_, missing)


def _merged(configs: tuple[tuple[str, Config], ...]) -> Config:
    """The settings of all files; the last one counts."""
    merged = Config()
    for _, config in configs:
        for name in ("default", "ui", "ontimeout", "timeout", "total_timeout", "prompt", "menu_save", "append"):
            if value := getattr(config, name):
                setattr(merged, name, value)
        merged.default_line = config.default_line or merged.default_line
        merged.append_line = config.append_line or merged.append_line
        merged.ontimeout_line = config.ontimeout_line or merged.ontimeout_line
    return merged


def _choose(
    placed: list[Placed], config: Config, conf: str, uboot: bool
) -> tuple[Placed | None, str, str, str]:  # fmt: skip
    """The label that starts by itself, why, where that was read, and what leaves it open."""
    named = {p.label.name: p for p in reversed(placed)}
    source = f"{conf}:{config.default_line}" if config.default_line else conf
    default = named.get(config.default) or named.get(config.default.partition(" ")[0])
    if uboot:
        if default is None:
            why = f"DEFAULT {config.default!r} names no label" if config.default else "no DEFAULT is set"
            return placed[0], f"{why}, so the first label starts", source, ""
        return default, f"DEFAULT is {config.default!r}", source, ""
    menu = config.ui or (config.default if default is None and ".c32" in config.default.lower() else "")
    waits = not config.timeout and not config.total_timeout
    at_end = named.get(config.ontimeout.partition(" ")[0]) if config.ontimeout else None
    if not menu:
        if config.prompt and not waits and at_end is not None:
            return at_end, f"ONTIMEOUT is {config.ontimeout!r}", f"{conf}:{config.ontimeout_line}", ""
        if default is None:
            why = f"DEFAULT {config.default!r} names no label" if config.default else "no DEFAULT and no UI is set"
            return None, f"{why}, so a person has to type what starts", source, ""
        return default, f"DEFAULT is {config.default!r}", source, ""
    if config.menu_save:
        return None, "", source, "MENU SAVE: the label that was chosen last is kept in ldlinux.sys, which is not read"
    if at_end is not None and not waits:
        return at_end, f"ONTIMEOUT is {config.ontimeout!r}", f"{conf}:{config.ontimeout_line}", ""
    if config.ui and default is not None:
        return default, f"DEFAULT is {config.default!r}", source, ""
    marked = [p for p in placed if p.label.menu_default and not p.label.hidden]
    if marked:
        return marked[-1], "MENU DEFAULT marks it", f"{marked[-1].path}:{marked[-1].label.line}", ""
    shown = [p for p in placed if not p.label.hidden]
    if not shown:
        return None, "the menu shows no label", source, ""
    return shown[0], f"{menu} shows a menu, and nothing marks a default, so its first label starts", source, ""
