"""rEFInd's part of the boot path: its configuration, the entries that it finds by itself, and its default.

Rules are those of refind/config.c, scan.c, menu.c and linux.c (0.14): the default is the first entry whose title holds
one of the selectors, "+" standing for the entry that was started last; kernels are found in the folders that are
scanned, the newest of a folder first, and take the first line of refind_linux.conf beside them.
"""

from __future__ import annotations

from vfiotui.formats.loaders import refind_conf, refind_linux
from vfiotui.formats.loaders.efi_load_option import text_of
from vfiotui.formats.loaders.refind_conf import Config, Stanza
from vfiotui.host.boot.loader_firmware import EFIVARS, PLACES
from vfiotui.host.boot.path.embedded import is_unified, program_words, release_in
from vfiotui.host.boot.path.kernels import with_built_in
from vfiotui.host.boot.path.places import esps, in_folder, mounted_at
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath, PathStep

PREVIOUS = f"{EFIVARS}/PreviousBoot-36d08fa7-cf0b-42f5-8f14-68df73ed3740"
FOLDERS = ("EFI/refind", "EFI/BOOT", "EFI/Microsoft/Boot")
PREFIXES = ("vmlinuz", "bzimage", "kernel")
COUNT_LIMIT = 200
OFF = frozenset({"false", "off", "0"})


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the menu with the titles that rEFInd may give it; volumes' names are not known to us."""

    entry: BootEntry
    titles: tuple[str, ...]
    """In lower case, "boot … from " without the volume's name."""
    volume: str
    """Where the volume is mounted; empty for a stanza."""


def config_file(root: Root) -> str:
    """Where refind.conf lies; empty where it is not found."""
    for esp in PLACES:
        for folder in FOLDERS:
            if found := in_folder(root, esp, f"{folder}/refind.conf"):
                return found
    return ""


def read_config(root: Root, path: str) -> Reading[tuple[tuple[str, Config], ...]]:
    """The configuration and the files that it includes, one level deep, as rEFInd follows them."""
    text = root.text(path)
    if isinstance(text, Unread):
        return text
    main = refind_conf.parse(text)
    found = [(path, main)]
    for name in main.includes[:COUNT_LIMIT]:
        place = in_folder(root, path.rpartition("/")[0], name)
        more = root.text(place) if place else Unread("is not there")
        if isinstance(more, str) and place != path:
            found.append((place, refind_conf.parse(more)))
    return tuple(found)


def _settings(configs: tuple[tuple[str, Config], ...]) -> dict[str, tuple[str, ...]]:
    return {key: values for _, config in configs for key, (values, _) in config.settings.items()}


def _volume(root: Root, name: str, esp: str) -> Reading[str]:
    if not name:
        return esp
    bare = name.strip('":')
    for kind in ("by-partuuid", "by-label", "by-partlabel"):
        place = mounted_at(root, bare.lower() if kind == "by-partuuid" else bare, kind)
        if isinstance(place, str):
            return place
    return Unread(f"the volume {name!r} is not known here", Why.NOT_HERE)


def file_of(root: Root, path: str, volume: Reading[str]) -> Reading[str]:
    """The file of a stanza on its volume; where that is not known, on the only mounted one that has it."""
    shown = path.replace("\\", "/")
    places = (volume,) if isinstance(volume, str) else ("/", *PLACES)
    found = dict.fromkeys(p for place in places if (p := in_folder(root, place, path)))
    if len(found) == 1:
        return next(iter(found))
    if isinstance(volume, Unread):
        return Unread(f"{shown}: {volume.reason}", Why.NOT_HERE)
    return Unread(f"{shown} is not there", Why.ABSENT, f"{volume.rstrip('/')}/{shown.lstrip('/')}")


def stanza_entry(root: Root, conf: str, stanza: Stanza, esp: str, outer: Stanza | None = None) -> BootEntry:
    """What a stanza starts; one in another takes what it does not name from it."""
    base = outer or stanza
    volume = _volume(root, stanza.volume or base.volume, esp)
    loader = stanza.loader or base.loader
    source = f"{conf}:{stanza.line}"
    nothing = Unread("the stanza names no loader", Why.ABSENT, source)
    kernel: Reading[str] = file_of(root, loader, volume) if loader else nothing
    options, number = base.options, base.options_line
    if stanza is not base and stanza.options is not None:
        added = stanza.options[1:] if stanza.options.startswith("+") else None
        options, number = (f"{options or ''} {added}" if added is not None else stanza.options), stanza.options_line
    initrd = stanza.initrd or base.initrd
    words = " ".join(part for part in (options, f"initrd={initrd}" if initrd else "") if part)
    name = f"{base.title}>{stanza.title}" if outer else stanza.title
    given = CommandLine(" ".join(words.split()), f"{conf}:{number or stanza.line}") if words else None
    initrds = (or_else(file_of(root, initrd, volume), initrd.replace("\\", "/")),) if initrd else ()
    return _entry(root, name, source, kernel, loader, given, initrds)


def _entry(
    root: Root, name: str, source: str, kernel: Reading[str], path: str, given: Reading[CommandLine] | None,
    initrds: tuple[str, ...],
) -> BootEntry:  # fmt: skip
    release = release_in(root, kernel, path.replace("\\", "/"))
    words = given if isinstance(given, Unread) else program_words(root, kernel, given)
    if isinstance(words, CommandLine):
        words = CommandLine(with_built_in(root, release, words.text), words.source)
    other = "bootmgfw" in path.lower()
    unified = is_unified(root, kernel)
    return BootEntry("refind", name, source, kernel, release, initrds, words, "", "", unified, other)


def numbers_in(name: str, extra: tuple[str, ...]) -> str:
    """The part of a file's name by which rEFInd pairs kernels and initrds: from its first digit to its last, or from
    one of the extra_kernel_version_strings.

    >>> numbers_in("vmlinuz-6.1.0-9-amd64", ()), numbers_in("vmlinuz-linux-lts", ("linux-lts", "linux"))
    ('6.1.0-9-amd64', 'linux-lts')
    """
    start, end = len(name), -1
    word = next((w for w in extra if w and w in name), None)
    if word is not None:
        start = name.index(word)
        end = start + len(word) - 1
    digits = [i for i, c in enumerate(name) if c in "0123456789"]
    if digits:
        start, end = min(start, digits[0]), max(end, digits[-1])
    return name[start : end + 1] if end > 0 else ""


def _initrd(names: tuple[str, ...], kernel: str, extra: tuple[str, ...]) -> str:
    version = numbers_in(kernel, extra)
    same = [n for n in names if n.lower().startswith(("init", "booster")) and numbers_in(n, extra) == version]
    if len(same) < 2 or not version:
        return same[0] if len(same) == 1 else min(same, key=len, default="")

    def shared(name: str) -> int:
        one, two = kernel[kernel.index(version) :], name[name.index(version) :]
        return next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))

    return min(same, key=lambda n: (-shared(n), len(n)))


def _automatic(root: Root, folder: str, name: str, names: tuple[str, ...], extra: tuple[str, ...]) -> BootEntry:
    path = f"{folder.rstrip('/')}/{name}"
    if not name.lower().startswith(PREFIXES):
        return _entry(root, name, path, path, path, None, ())
    options = f"{folder.rstrip('/')}/refind_linux.conf"
    text = root.text(options)
    initrd = _initrd(names, name, extra)
    found = next(iter(refind_linux.entries(text)), None) if isinstance(text, str) else None
    if found is None:
        made = Unread("refind_linux.conf is not beside it: rEFInd makes the words itself", Why.NOT_HERE, path)
        return _entry(root, name, path, path, path, made, (f"{folder.rstrip('/')}/{initrd}",) if initrd else ())
    words = " ".join(found.words).replace("%v", numbers_in(initrd, extra) if initrd else "%v")
    line = CommandLine(words, f"{options}:{found.line.number}")
    named = [v.replace("\\", "/").rpartition("/")[2] for v in line.values("initrd") if v]
    if not named and initrd:
        line = CommandLine(f"{words} initrd={_inside(folder)}\\{initrd}", line.source)
        named = [initrd]
    initrds = tuple(f"{folder.rstrip('/')}/{n}" for n in named)
    return _entry(root, name, path, path, path, line, initrds)


def _inside(folder: str) -> str:
    return "\\boot" if folder == "/boot" else ""


def scanned(root: Root, settings: dict[str, tuple[str, ...]], own: str) -> list[Item]:
    """The entries that rEFInd finds by itself: one for each program, and one for the newest kernel of a folder."""
    extra = settings.get("extra_kernel_version_strings", ())
    extra = tuple(word for value in extra for word in value.split(","))
    hidden = {n.lower() for v in settings.get("dont_scan_files", ()) for n in v.split(",")}
    barred = {n.lower().strip("\\") for v in settings.get("dont_scan_dirs", ()) for n in v.split(",")}
    kernels = not set(settings.get("scan_all_linux_kernels", ())[:1]) & OFF
    folds = not set(settings.get("fold_linux_kernels", ())[:1]) & OFF
    found: list[Item] = []
    for volume, folder in _folders(root, own):
        inside = folder.removeprefix(volume.rstrip("/")).strip("/").replace("/", "\\")
        if inside.lower() in barred or len(found) > COUNT_LIMIT:
            continue
        names = or_else(root.names(folder), ())
        loaders = [
            n for n in names if not n.startswith(".") and n.lower() not in hidden
            and (n.lower().endswith(".efi") or (kernels and n.lower().startswith(PREFIXES)))
        ]  # fmt: skip
        first = True
        for name in sorted(loaders[:COUNT_LIMIT], key=lambda n: _age(root, f"{folder.rstrip('/')}/{n}"))[:COUNT_LIMIT]:
            is_kernel = name.lower().startswith(PREFIXES)
            if is_kernel and folds and not first:
                continue
            first = first and not is_kernel
            title = f"boot {inside}\\{name} from ".replace("boot \\", "boot ").lower()
            titles = (title, f"boot boot\\{name} from ".lower()) if folder == "/boot" else (title,)
            found.append(Item(_automatic(root, folder, name, names, extra), titles, volume))
    return found


def _age(root: Root, path: str) -> tuple[bool, float]:
    stat = root.stat(path)
    return "vmlinuz-0-rescue" in path, 0.0 if isinstance(stat, Unread) else -stat.mtime


def _folders(root: Root, own: str) -> list[tuple[str, str]]:
    """Volume and folder of everything that is scanned and mounted, without rEFInd's own."""
    found: dict[str, str] = {}
    for esp in esps(root):
        found.setdefault(esp, esp)
        top = in_folder(root, esp, "EFI")
        for name in or_else(root.names(top), ()) if top else ():
            if name.lower() != "tools" and not name.lower().endswith((".efi", ".conf")):
                found.setdefault(f"{top}/{name}", esp)
    found.setdefault("/boot", "/boot")
    found.pop(own, None)
    return [(volume, folder) for folder, volume in found.items()]


def previous(root: Root, conf: str) -> Reading[str]:
    """The title of the entry that was started last: a variable of the firmware, or a file beside the program."""
    data = root.bytes(PREVIOUS, 4096)
    if not isinstance(data, Unread):
        return text_of(bytes(data[4:]))
    held = root.bytes(f"{conf.rpartition('/')[0]}/vars/PreviousBoot", 4096)
    return data if isinstance(held, Unread) else text_of(bytes(held))


def _matches(selector: str, item: Item) -> bool:
    low = selector.lower()
    return any(low in title or low.startswith(title) for title in item.titles)


def find(root: Root) -> Reading[BootPath]:
    """rEFInd's part of the boot path; Unread where its configuration cannot be read."""
    conf = config_file(root)
    if not conf:
        return Unread("no refind.conf was found on the EFI partitions that are mounted", Why.ABSENT,
                      "/boot/efi/EFI/refind/refind.conf")  # fmt: skip
    configs = read_config(root, conf)
    if isinstance(configs, Unread):
        return configs
    settings = _settings(configs)
    esp = next(p for p in PLACES if conf.startswith(f"{p}/EFI") or conf.lower().startswith(f"{p}/efi"))
    menu: list[Item] = []
    submenus: list[BootEntry] = []
    for kind in dict.fromkeys(w[:1].lower() for w in settings.get("scanfor", ("internal", "external", "manual"))):
        if kind == "m":
            for path, config in configs:
                for stanza in config.stanzas[:COUNT_LIMIT]:
                    if not stanza.disabled:
                        entry = stanza_entry(root, path, stanza, esp)
                        menu.append(Item(entry, (f"boot {stanza.title} from ".lower(),), ""))
                        submenus += [stanza_entry(root, path, s, esp, stanza) for s in stanza.inner if not s.disabled]
        elif kind == "i":
            menu += scanned(root, settings, conf.rpartition("/")[0])
    if not menu:
        return Unread("names no entry, and none was found by scanning", Why.ABSENT, conf)
    return _chosen(root, conf, configs, menu, tuple(submenus))


def _chosen(
    root: Root, conf: str, configs: tuple[tuple[str, Config], ...], menu: list[Item], submenus: tuple[BootEntry, ...]
) -> BootPath:
    steps = [PathStep(f"rEFInd reads {path}", path) for path, _ in configs]
    defaults = [(values, f"{path}:{n}") for path, config in configs for values, n in config.defaults]
    plain = [d for d in defaults if len(d[0]) < 3]
    values, source = plain[-1] if plain else (("+",), conf)
    timed = [d for d in defaults if len(d[0]) >= 3]
    open_ = f"{timed[-1][1]} chooses another entry at some times of the day" if timed else ""
    shuffled = len({i.volume for i in menu if i.volume}) > 1
    chosen: list[Item] = []
    why = ""
    for selector in (s.strip() for value in values[:1] for s in value.split(",")):
        if selector == "+":
            last = previous(root, conf)
            if isinstance(last, Unread):
                if not (root.origin is Mode.LIVE and last.why is Why.ABSENT) and len(menu) > 1:
                    open_ = open_ or "it starts the entry that was started last, and which one that was is not seen"
                continue
            why, selector = f"{last!r} was started last", last
        else:
            why = f"default_selection is {selector!r}"
        if len(selector) == 1 and selector in "123456789":
            index = int(selector) - 1
            chosen = menu[index : index + 1]
            open_ = open_ or ("the order of the disks is known to the firmware only" if shuffled else "")
        elif len(selector) > 1:
            chosen = [i for i in menu if _matches(selector, i)][:1]
        if chosen:
            break
    if not chosen:
        known = values[0].strip("+, ")
        why = f"no entry's title fits {known!r}" if known else "no entry is known as the one that was started last"
        why += ", so the first one starts"
        chosen = menu[:1]
        if shuffled and not open_:
            open_ = "the order of the disks is known to the firmware only"
    steps.append(PathStep(f"{why}: it takes {chosen[0].entry.name!r}", source))
    candidates = [*chosen, *(i for i in menu if open_ and i not in chosen)]
    named = tuple(replace(i.entry, why=why if i in chosen else open_) for i in candidates)
    missing = tuple(e.kernel for e in named if isinstance(e.kernel, Unread))
    return BootPath("refind", tuple(steps), named, (*(i.entry for i in menu), *submenus), open_, missing)
