"""The boot path under GRUB: its configuration is run over the root, and the entry that it starts is followed."""

from __future__ import annotations

import re
from contextlib import suppress

from vfiotui.formats.loaders import grub_env, grub_menu
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.formats.system.fstab import entries as fstab_entries
from vfiotui.host.boot.images import image_paths
from vfiotui.host.boot.path.grub import menu
from vfiotui.host.boot.path.grub.commands import run_command
from vfiotui.host.boot.path.grub.places import Places, There
from vfiotui.host.boot.path.grub.run import Ended, Endless, Machine
from vfiotui.host.boot.path.grub.state import Doubt, Item, Loaded, State, here, initial
from vfiotui.host.boot.path.kernels import release_of, with_built_in
from vfiotui.host.boot.path.places import esps, in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath, PathStep

FOLDERS = ("/boot/grub", "/boot/grub2")
VENDORS = {"linuxmint": "ubuntu", "pop": "ubuntu", "rhel": "redhat", "ol": "redhat", "sles": "sles", "nobara": "fedora"}
"""os-release's ID → the folder on the EFI partition, where the two differ."""
GRUB2 = frozenset("fedora rhel centos rocky almalinux ol suse opensuse nobara openEuler".split())
"""Systems whose GRUB lies in /boot/grub2."""
OS_PROBER = "30_os-prober"
LIMIT_WORDS = re.compile(r"(?:^|\s)root=((?:PART)?UUID|LABEL)=(\S+)")
NOT_FOLLOWED = "the script does not end within the steps that are followed here"


def find_path(root: Root, loader: Loader) -> Reading[BootPath]:
    """What GRUB will start; Unread where no configuration of it can be read."""
    places = Places(root)
    found = _configuration(root)
    if isinstance(found, Unread):
        return found
    file, prefix, steps = found
    machine = Machine(places, run_command)
    state = initial("", here(prefix), _platform(root))
    _excerpt(machine, state, file, prefix, steps)
    try:
        with suppress(Ended):
            machine.run_config(here(file), state)
        if not machine.read:
            return machine.missing[0] if machine.missing else Unread("cannot be read", Why.ABSENT, file)
        return _Path(root, machine, loader, steps).resolved(state.shown or state, file)
    except Endless:
        return Unread(NOT_FOLLOWED, Why.TOO_BIG, machine.file or file)


def _configuration(root: Root) -> Reading[tuple[str, str, list[PathStep]]]:
    """The file that GRUB reads first, the folder that it is installed in, and how that is known."""
    id_words = _system_ids(root)
    installed = [f for f in FOLDERS if root.exists(f"{f}/grub.cfg") is not False]
    if GRUB2.intersection(id_words):
        installed.reverse()
    for esp in esps(root):
        for word in id_words:
            stub = in_folder(root, esp, f"EFI/{VENDORS.get(word, word)}/grub.cfg")
            if stub:
                said = f"GRUB on the EFI partition begins with {stub}"
                return stub, stub.rpartition("/")[0], [PathStep(said, stub)]
    for folder in installed:
        file = f"{folder}/grub.cfg"
        if root.exists(file) is True:
            return file, folder, [PathStep(f"GRUB reads its menu from {file}", file)]
    for esp in esps(root):
        for name in or_else(root.names(f"{esp}/EFI"), ()):
            stub = in_folder(root, esp, f"EFI/{name}/grub.cfg")
            if stub:
                return stub, stub.rpartition("/")[0], [PathStep(f"GRUB begins with {stub}", stub)]
    for folder in installed:
        seen = root.exists(f"{folder}/grub.cfg")
        if isinstance(seen, Unread):
            return seen
    return Unread(
        "no grub.cfg was found below /boot/grub, /boot/grub2 and the EFI partitions", Why.ABSENT, "/boot/grub"
    )


def _system_ids(root: Root) -> dict[str, None]:
    text = root.text("/etc/os-release", 1 << 16)
    if isinstance(text, Unread):
        text = or_else(root.text("/usr/lib/os-release", 1 << 16), "")
    values = parse(text)
    words = [value_of(values, name) for name in ("ID", "ID_LIKE")]
    return dict.fromkeys(w for text in words if isinstance(text, str) for w in text.split())


def _excerpt(machine: Machine, state: State, file: str, prefix: str, steps: list[PathStep]) -> None:
    """A menu that uses saved_entry and never loads the environment block is part of one: every whole one loads it."""
    text = machine.places.text(here(file), "")
    if isinstance(text, Unread) or "load_env" in text[0] or "saved_entry" not in text[0]:
        return
    block = machine.places.text(here(f"{prefix}/grubenv"), "")
    for name, value in (grub_env.parse("" if isinstance(block, Unread) else block[0]) or {}).items():
        state.set(name, value, f"{prefix}/grubenv")
    steps.append(PathStep("the menu uses saved_entry and loads no environment block: taken as loaded", file))


def _platform(root: Root) -> Doubt | None:
    """grub_platform is efi for certain where this boot came by EFI; else it may be the BIOS's too."""
    if root.exists("/sys/firmware/efi") is True:
        return None
    return Doubt("whether the firmware is EFI or BIOS is not seen here", ("pc",))


class _Path:
    """Turns what GRUB has in memory into a boot path."""

    def __init__(self, root: Root, machine: Machine, loader: Loader, steps: list[PathStep]) -> None:
        self.root, self.machine, self.loader, self.steps = root, machine, loader, steps
        self.makers: dict[str, dict[int, str]] = {}
        self.own_root = next(
            (e.source for e in fstab_entries(or_else(root.text("/etc/fstab", 1 << 20), "")) if e.point == "/"), ""
        )

    def resolved(self, state: State, file: str) -> Reading[BootPath]:
        last = (
            self.machine.read[0]
            if len(self.machine.read) == 1
            else next((f for f in self.machine.read if f.endswith("/grub.cfg") and f != file), file)
        )
        if last != file:
            self.steps.append(PathStep(f"{file} goes on to {last}", last))
        if not state.menu:
            return self._without_menu(state, last)
        choices, why_open = self._choices(state)
        candidates: list[BootEntry] = []
        for choice in choices:
            entry = self._entry(choice.items, choice.loaded, choice.why)
            if entry not in candidates:
                candidates.append(entry)
        for other, why in state.elsewhere:
            why_open = why_open or why
            if there := menu.choose(self.machine, other, other.get("default") or None, why):
                candidates.append(self._entry(there.items, there.loaded, why))
        listed: list[BootEntry] = []
        for one in menu.every(self.machine, state):
            if len(listed) >= menu.ENTRY_LIMIT:
                break
            listed.append(self._entry(one.items, one.loaded, ""))
        if why_open and len(candidates) == 1 and choices and not choices[0].items[-1].doubt and not state.elsewhere:
            # Whatever holds, it is the same entry.
            why_open = ""
        return self._path(tuple(candidates), tuple(listed), why_open)

    def _choices(self, state: State) -> tuple[list[menu.Choice], str]:
        """The entries that may be the default, and why they are several."""
        held = state.doubts.get("default")
        given = state.variables.get("default")
        where = state.set_at.get("default", "")
        why = f"default is {given!r}" if given else "no default is set: the first entry"
        source = next((s for s in (where, self.machine.file) if s), "")
        if given and (origin := self._origin(given, state)):
            why = f"{why}, by {origin}"
        self.steps.append(PathStep(why, source or self.machine.read[-1]))
        specs = [given or None, *(o or None for o in (held.others if held else ()))]
        found = [c for spec in dict.fromkeys(specs) if (c := menu.choose(self.machine, state, spec, why))]
        open_why = held.why if held else ""
        if held and held.open:
            found += [
                menu.Choice(one.items, one.loaded, held.why)
                for one in menu.every(self.machine, state)
                if one.items not in [c.items for c in found]
            ][: menu.ENTRY_LIMIT]
        doubtful = next((i.doubt for i in state.menu if i.doubt), "")
        if doubtful and not open_why and ((found and found[0].items[0].doubt) or (given or "0").isdigit()):
            open_why = doubtful
            found += [
                menu.Choice(c.items, c.loaded, doubtful) for c in self._without_doubtful(state, given) if c not in found
            ]
        return found, open_why

    def _without_doubtful(self, state: State, spec: str | None) -> list[menu.Choice]:
        sure = state.copy()
        sure.menu = [i for i in state.menu if not i.doubt]
        found = menu.choose(self.machine, sure, spec or None, "")
        return [found] if found else []

    def _origin(self, value: str, state: State) -> str:
        """The variable of the environment block that holds the same value."""
        for name in ("next_entry", "prev_saved_entry", "saved_entry"):
            if state.get(name) == value and ":" not in state.set_at.get(name, ":"):
                return f"{name} in {state.set_at[name]}"
        if state.get("boot_once") == "true" and state.get("default") == value:
            return "next_entry in the environment block"
        return ""

    def _without_menu(self, state: State, file: str) -> Reading[BootPath]:
        """A file without entries: what it loads outside of any, in its order."""
        if not state.loose:
            if self.machine.missing:
                return self.machine.missing[0]
            return Unread("has no entry that starts anything", Why.DAMAGED, file)
        why = "the file has no menu entry: its kernel lines are taken as entries in their order"
        self.steps.append(PathStep(why, file))
        listed = []
        for one in state.loose:
            item = Item(
                one.kernel, one.kernel, (), (), one.source.rpartition(":")[0], int(one.source.rpartition(":")[2])
            )
            listed.append(self._with_image(self._entry((item,), one, why)))
        return self._path((listed[0],), tuple(listed), "")

    def _with_image(self, entry: BootEntry) -> BootEntry:
        """A lone kernel line does not tell that there is no initrd: the one of the kernel's name counts."""
        if entry.initrds or isinstance(entry.release, Unread):
            return entry
        named = (p for p in image_paths(self.root, entry.release) if self.root.exists(p) is True)
        return replace(entry, initrds=tuple(named)[:1])

    def _path(self, candidates: tuple[BootEntry, ...], listed: tuple[BootEntry, ...], open_why: str) -> BootPath:
        dropped = [
            Unread("GRUB cannot read the statement and drops it", Why.DAMAGED, place) for place in self.machine.dropped
        ]
        missing = tuple(dict.fromkeys((*self.machine.missing, *dropped)))
        return BootPath("grub", tuple(self.steps), candidates, listed, open_why, missing)

    def _entry(self, items: tuple[Item, ...], loaded: Loaded | None, why: str) -> BootEntry:
        last = items[-1]
        name = ">".join(i.title for i in items)
        maker = self._maker(last)
        other = maker.endswith(OS_PROBER) or any(self._maker(i).endswith(OS_PROBER) for i in items)
        if loaded is None:
            none = Unread("the entry starts no kernel", Why.ABSENT, last.source)
            return BootEntry("grub", name, last.source, none, none, (), none, why, maker, False, other)
        kernel, release, words = self._kernel(loaded)
        if isinstance(words, CommandLine) and (doubt := loaded.doubt or last.words_doubt):
            words = Unread(f"{doubt}, so the words are not known", Why.NOT_HERE, loaded.source)
        other |= loaded.chained or self._is_other(loaded)
        initrds = tuple(self.machine.places.find(n, d).path for n, d in loaded.initrds)
        unified = loaded.chained and loaded.kernel.lower().endswith(".efi") and "/linux/" in loaded.kernel.lower()
        return BootEntry(
            "grub", name, last.source, kernel, release, initrds, words, why, maker, unified, other and not unified,
            loaded.xen,
        )  # fmt: skip

    def _kernel(self, loaded: Loaded) -> tuple[Reading[str], Reading[str], Reading[CommandLine]]:
        found = self.machine.places.find(loaded.kernel, loaded.device)
        kernel: Reading[str] = found.path
        if found.there is not There.YES:
            said = "is not there" if found.there is There.NO else "is not seen here"
            kernel = Unread(said, Why.ABSENT if found.there is There.NO else Why.NOT_HERE, found.path)
        if loaded.chained:
            none = Unread("GRUB starts it as a program of its own", Why.NOT_HERE, loaded.source)
            return kernel, none, none
        release = release_of(self.root, found.path)
        return kernel, release, CommandLine(with_built_in(self.root, release, loaded.words), loaded.source)

    def _is_other(self, loaded: Loaded) -> bool:
        """Whether the kernel or the root= of its words lies on a file system that is none of this system's."""
        if self.machine.places.is_foreign(loaded.device):
            return True
        match = LIMIT_WORDS.search(loaded.words)
        kind, _, value = self.own_root.partition("=")
        return bool(match and value and kind == match[1] and value.lower() != match[2].lower())

    def _maker(self, item: Item) -> str:
        if not item.line:
            return ""
        if item.file not in self.makers:
            text = self.machine.places.text(here(item.file), "")
            self.makers[item.file] = {} if isinstance(text, Unread) else grub_menu.makers(text[0])
        return self.makers[item.file].get(item.line, "")
