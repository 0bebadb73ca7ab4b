"""The commands of GRUB's scripts that decide what is booted; those that draw or load modules do nothing here."""

from __future__ import annotations

import re
from collections.abc import Callable

from vfiotui.formats.loaders import grub_env
from vfiotui.formats.loaders.grub_cfg import Command
from vfiotui.formats.loaders.grub_line import kernel_line
from vfiotui.host.boot.path.grub import bls
from vfiotui.host.boot.path.grub.conditions import answer, number
from vfiotui.host.boot.path.grub.places import There
from vfiotui.host.boot.path.grub.run import Ended, Leave, Machine, Return, Scope, Status, status_of
from vfiotui.host.boot.path.grub.state import Doubt, Item, Loaded, State
from vfiotui.model.base.reading import Unread

HARMLESS = frozenset(
    "insmod echo true sleep terminal_input terminal_output terminal serial play clear export set_background"
    " background_image background_color loopback password password_pbkdf2 save_env nativedisk hwmatch videoinfo"
    " rmmod gptsync parttool drivemap cryptomount loadkeys keymap devicetree acpi lsefi efiboot normal_exit cat ls"
    " list_env videomode net_bootp net_dhcp trust verify_detached set_pager_color".split()
)
"""They change nothing about what is booted, and succeed where nothing is wrong."""
NOT_KNOWN = frozenset("loadfont cpuid cmp hashsum smbios probe regexp getenv read rdmsr keystatus test_file".split())
"""Their answer depends on the machine."""
PRESSED = frozenset(("keystatus",))
"""Whether a person holds a key: the answer is for a start without one."""
KERNELS = frozenset("linux linuxefi linux16 linuxboot".split())
INITRDS = frozenset("initrd initrdefi initrd16".split())
XEN = frozenset("multiboot multiboot2 xen_hypervisor".split())
MODULES = frozenset("module module2 xen_module xen_linux xen_initrd".split())
ENDS = frozenset("boot halt reboot exit fwsetup".split())
ENV_LIMIT = 1 << 16
Args = list[str]


def _doubt(names: list[str], state: State) -> Doubt | None:
    found = [state.doubts[n] for n in names if n in state.doubts]
    return found[0] if found else None


def run_command(machine: Machine, one: Command, args: Args, names: list[str], state: State, scope: Scope) -> Status:
    """A command whose words are replaced already; `names` are the doubtful variables in them."""
    name, rest = args[0], args[1:]
    at = machine.at(one.line)
    if name in ("[", "test"):
        return _test(machine, one, rest, names, state, scope)
    if name in ("menuentry", "submenu"):
        return _entry(machine, one, args, state)
    if name in KERNELS or name in XEN or name in MODULES or name in INITRDS or name == "chainloader":
        return _load(machine, name, rest, names, state, at)
    if name in SIMPLE:
        return SIMPLE[name](machine, rest, names, state, at)
    if name in ENDS:
        raise Ended
    if name in ("source", "."):
        return machine.run_file(rest[0], state, scope) if rest else 1
    if name == "eval":
        return machine.run_text(" ".join(rest), machine.file, state, scope)
    if name in HARMLESS:
        if name == "export":
            state.exported |= set(rest)
        return 0
    if name in NOT_KNOWN:
        return 1 if name in PRESSED else _unknown(rest, state, f"{name} in {at} depends on the machine")
    if name in state.functions:
        return machine.call(name, rest, state)
    if "=" in name:
        variable, _, value = name.partition("=")
        state.set(variable, value, at, _changed(names, state, value))
        return 0
    # A command that this GRUB may have or not: with an error message it goes on.
    return None


def _unknown(rest: Args, state: State, why: str) -> Status:
    """What a command writes into a variable is not known."""
    for i, word in enumerate(rest):
        target = (
            word[6:]
            if word.startswith("--set=")
            else rest[i + 1]
            if word in ("--set", "-s") and i + 1 < len(rest)
            else ""
        )
        target = target.rpartition(":")[2]
        if target:
            state.set(target, "", doubt=Doubt(why, (), True))
    return None


def _changed(names: list[str], state: State, value: str) -> Doubt | None:
    """The doubt of a value that is made from doubtful ones: its other values are known for a plain copy only."""
    held = _doubt(names, state)
    if held is None:
        return None
    plain = len(names) == 1 and value == state.get(names[0])
    return held if plain else Doubt(held.why, held.others, True)


def _test(machine: Machine, one: Command, rest: Args, names: list[str], state: State, scope: Scope) -> Status:
    device = state.get("root")
    if not names:
        return status_of(answer(rest, machine.places, device))
    ways = machine.ways(one.words, names, state, scope)
    if ways is None:
        return None
    offset = len(one.words) and len(ways[0]) - len(rest)
    answers = {answer(way[offset:], machine.places, device) for way in ways}
    return status_of(answers.pop()) if len(answers) == 1 else None


def _entry(machine: Machine, one: Command, args: Args, state: State) -> Status:
    options = {"--class", "--users", "--hotkey", "--source", "--id"}
    plain, given, at = [], {}, 1
    while at < len(args):
        word = args[at]
        key, equals, value = word.partition("=")
        if key in options:
            if not equals:
                at += 1
                value = args[at] if at < len(args) else ""
            given[key] = value
        elif word == "--unrestricted":
            given[word] = ""
        else:
            plain.append(word)
        at += 1
    if not plain or one.block is None:
        return 1
    state.menu.append(
        Item(
            plain[0],
            given.get("--id", plain[0]),
            one.block,
            tuple(plain),
            machine.file,
            one.line,
            args[0] == "submenu",
            "--unrestricted" not in given,
        )
    )
    return 0


def _load(machine: Machine, name: str, rest: Args, names: list[str], state: State, at: str) -> Status:
    words = [w for w in rest if not w.startswith("--")] if name in XEN | MODULES else list(rest)
    if not words:
        return 1
    held = _doubt([n for n in names if n != "root"], state)
    doubt = held.why if held else ""
    device = state.get("root")
    if name in INITRDS or (name in MODULES and state.loaded and state.loaded.kernel):
        if state.loaded is None:
            return 1
        more = tuple((_file_of(w), device) for w in words[: None if name in INITRDS else 1])
        before = state.loaded
        state.loaded = Loaded(
            before.kernel, before.device, before.words, before.source, (*before.initrds, *more),
            before.doubt or doubt, before.chained, before.xen,
        )  # fmt: skip
        if state.loose:
            state.loose[-1] = state.loaded
        return 0
    if name in XEN:
        state.loaded = Loaded("", device, "", at, (), doubt, False, True)
        return 0
    xen = name in MODULES
    tail = [w for w in words[1:] if not (xen and w == "placeholder")]
    image = re.sub(r"^\([^)]*:[^)]*\)", "", words[0])
    first = [] if xen or name == "chainloader" else [f"BOOT_IMAGE={image}"]
    state.loaded = Loaded(words[0], device, kernel_line([*first, *tail]), at, (), doubt, name == "chainloader", xen)
    state.loose.append(state.loaded)
    return 0


def _file_of(word: str) -> str:
    """newc:NAME:FILE puts a file under a name; else the word is the file."""
    return word.split(":", 2)[2] if word.startswith("newc:") and word.count(":") > 1 else word


def _set(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    if not rest:
        return 0
    name, equals, value = rest[0].partition("=")
    if not equals:
        return 1
    state.set(name, value, at, _changed(names, state, value))
    return 0


def _unset(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    for name in rest:
        state.unset(name)
    return 0


def _count(by: int) -> Callable[[Machine, Args, list[str], State, str], Status]:
    def run(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
        if rest:
            state.set(rest[0], str(number(state.get(rest[0])) + by), at, state.doubts.get(rest[0]))
        return 0

    return run


def _load_env(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    file, wanted = "", []
    words = iter(rest)
    for word in words:
        if word in ("-f", "--file"):
            file = next(words, "")
        elif word.startswith("--file="):
            file = word[7:]
        elif word not in ("-s", "--skip-sig"):
            wanted.append(word)
    place = file or f"{state.get('prefix')}/grubenv"
    found = machine.places.find(place, state.get("root"))
    if found.there is There.NO:
        return 1
    text = machine.places.root.decoded(found.path, ENV_LIMIT) if found.there is There.YES else _unseen(place)
    values = text if isinstance(text, Unread) else grub_env.parse(text)
    if values is None:
        machine.missing.append(Unread("is no environment block: GRUB refuses it", path=found.path))
        return 1
    if isinstance(values, Unread):
        machine.missing.append(values)
        for name in (*(wanted or KEPT),):
            state.set(name, state.get(name), at, Doubt(f"the environment block cannot be read: {values}", (), True))
        return None
    machine.read.append(found.path)
    for name, value in values.items():
        if not wanted or name in wanted:
            state.set(name, value, found.path)
    return 0


KEPT = ("next_entry", "saved_entry", "prev_saved_entry", "boot_once", "kernelopts", "tuned_params", "vfiotui_trial")
"""The variables of environment blocks that decide what is booted."""


def _unseen(place: str) -> Unread:
    return Unread("lies on a device that is not seen here", path=place)


SEARCHES = {"-u": "uuid", "--fs-uuid": "uuid", "-l": "label", "--label": "label", "--fs-label": "label",
            "-f": "file", "--file": "file"}  # fmt: skip


def _search_as(kind: str) -> Callable[[Machine, Args, list[str], State, str], Status]:
    def run(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
        target, value, held = "root", "", kind
        plain = []
        words = iter(rest)
        for word in words:
            if word in SEARCHES:
                held = SEARCHES[word]
            elif word.startswith("--set"):
                target = word.partition("=")[2] or "root"
            elif word == "-s":
                target = next(words, "root")
            elif word.startswith("--"):
                continue
            else:
                plain.append(word)
        if not plain:
            return 1
        value = plain[0]
        if kind and len(plain) > 1:
            target = plain[1]
        if not held and len(plain) > 1:
            target, value = plain[0], plain[-1]
        if held == "file" or not held:
            found = machine.places.find(value, "")
            if found.there is There.NO:
                return None
            state.set(target, "", at)
            return 0
        state.set(target, f"{held}:{value}", at, _changed(names, state, value))
        return 0

    return run


def _configfile(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    """Another file's menu is shown in place of this one; where that has no entry, GRUB comes back."""
    new = state.inside()
    place = rest[0] if rest else f"{state.get('prefix')}/grub.cfg"
    gone = len(machine.missing)
    try:
        machine.run_config(place, new)
    except Ended:
        if new.shown is None:
            raise
    if new.shown is None and len(machine.missing) > gone and not new.menu:
        return 1
    if new.shown is None and not new.menu and not new.loose:
        return 0
    state.shown = new.shown or new
    state.shown.elsewhere += new.elsewhere if new.shown else []
    raise Ended


def _return(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    if not machine.bodies:
        return 1
    raise Return(number(rest[0]) if rest else 0)


def _break(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    return _leave(machine, rest, again=False)


def _continue(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    return _leave(machine, rest, again=True)


def _leave(machine: Machine, rest: Args, *, again: bool) -> Status:
    """Out of as many loops as run at most; outside of all it does nothing."""
    if not machine.loops:
        return 0
    raise Leave(min(max(1, number(rest[0])) if rest else 1, machine.loops), again)


def _false(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    return 1


def _blscfg(machine: Machine, rest: Args, names: list[str], state: State, at: str) -> Status:
    return bls.run(machine, rest, state, at)


SIMPLE: dict[str, Callable[[Machine, Args, list[str], State, str], Status]] = {
    "set": _set, "unset": _unset, "increment": _count(1), "decrement": _count(-1), "load_env": _load_env,
    "search": _search_as(""), "search.fs_uuid": _search_as("uuid"), "search.fs_label": _search_as("label"),
    "search.file": _search_as("file"), "configfile": _configfile, "normal": _configfile, "return": _return,
    "break": _break, "continue": _continue, "false": _false, "blscfg": _blscfg, "bls_import": _blscfg,
}  # fmt: skip
