"""What GRUB knows while it runs a script: variables, functions, the menu, and the kernel that is loaded.

What cannot be decided here, such as a test for a file on another disk, is run both ways; a variable that comes out
differently carries a `Doubt`.
"""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.formats.loaders.grub_cfg import Statement, Word
from vfiotui.host.boot.path.grub.places import HERE
from vfiotui.model.base.value import dataclass, field


class Doubt(NamedTuple):
    """Why a variable may hold something else, and what."""

    why: str
    others: tuple[str, ...]
    """Further values that it may have; what is not listed is not known at all where `open` is set."""
    open: bool = False


@dataclass(slots=True)
class Item:
    """An entry of the menu, or a submenu."""

    title: str
    id: str
    block: tuple[Statement, ...]
    args: tuple[str, ...]
    file: str
    line: int
    submenu: bool = False
    restricted: bool = False
    """A person has to give a password for it, where there are superusers."""
    doubt: str = ""
    """Why it may not be in the menu."""
    words_doubt: str = ""
    """Why its kernel may get other words."""

    @property
    def source(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(slots=True)
class Loaded:
    """What an entry hands to the machine."""

    kernel: str
    """GRUB's name of it."""
    device: str
    """The value of root at that moment."""
    words: str
    """The command line; BOOT_IMAGE and all."""
    source: str
    """File and line of the command."""
    initrds: tuple[tuple[str, str], ...] = ()
    """GRUB's names of the initrds, each with the value of root."""
    doubt: str = ""
    """Why the words, or the kernel, may be others."""
    chained: bool = False
    """It is an EFI program or a boot sector."""
    xen: bool = False


@dataclass(slots=True)
class State:
    """Everything that a script can change."""

    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    doubts: dict[str, Doubt] = field(default_factory=dict)
    set_at: dict[str, str] = field(default_factory=dict)
    """File and line of the command that set a variable."""
    functions: dict[str, tuple[str, tuple[Statement, ...]]] = field(default_factory=dict)
    """Name → the file that defines it, and its body."""
    menu: list[Item] = field(default_factory=list)
    loaded: Loaded | None = None
    loose: list[Loaded] = field(default_factory=list)
    """Every kernel that was loaded, in order."""
    shown: State | None = None
    """The menu of another configuration file that GRUB shows in place of this one."""
    bls: bool = False
    """Whether it came to blscfg: this GRUB is one with the patches of Fedora."""
    bls_made: set[str] = field(default_factory=set)
    """Entries of the Boot Loader Specification that are in the menu already."""
    elsewhere: list[tuple[State, str]] = field(default_factory=list)
    """Menus that may be shown in place of this one, each with what decides about it."""

    def copy(self) -> State:
        """A state that can change without this one."""
        return State(
            dict(self.variables), set(self.exported), dict(self.doubts), dict(self.set_at), dict(self.functions),
            list(self.menu), self.loaded, list(self.loose), self.shown, self.bls, set(self.bls_made),
            list(self.elsewhere),
        )  # fmt: skip

    def fresh(self) -> None:
        """Nothing is loaded, and no other menu is shown."""
        self.loaded, self.loose, self.shown = None, [], None

    def take(self, other: State) -> None:
        """Becomes the other one."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))

    def inside(self) -> State:
        """A context of its own, as submenus and configfile have it: what is exported goes in, and no menu."""
        new = self.copy()
        new.variables = {k: v for k, v in self.variables.items() if k in self.exported}
        new.doubts = {k: v for k, v in self.doubts.items() if k in self.exported}
        new.menu, new.loaded, new.loose, new.shown, new.bls_made, new.elsewhere = [], None, [], None, set(), []
        return new

    def set(self, name: str, value: str, at: str = "", doubt: Doubt | None = None) -> None:
        """A variable gets a value; an empty one counts as unset, as it does in every test."""
        self.variables[name] = value
        self.set_at[name] = at
        self.doubts.pop(name, None)
        if doubt:
            self.doubts[name] = doubt

    def unset(self, name: str) -> None:
        self.variables.pop(name, None)
        self.doubts.pop(name, None)

    def get(self, name: str) -> str:
        return self.variables.get(name, "")

    def merge(self, other: State, why: str) -> None:
        """Takes in what became of the same state on the other way that GRUB may have gone."""
        for name in {*self.variables, *other.variables}:
            mine, its = self.get(name), other.get(name)
            both = [d for d in (self.doubts.get(name), other.doubts.get(name)) if d]
            if mine != its or both:
                others = dict.fromkeys([its, *(o for d in both for o in d.others)])
                others.pop(mine, None)
                if others or any(d.open for d in both):
                    first = why if mine != its else both[0].why
                    self.doubts[name] = Doubt(first, tuple(others)[:16], any(d.open for d in both))
        names = {id(i) for i in self.menu}
        theirs = {id(i) for i in other.menu}
        for item in self.menu:
            if id(item) not in theirs:
                item.doubt = item.doubt or why
        for item in other.menu:
            if id(item) not in names:
                item.doubt = item.doubt or why
                self.menu.append(item)
        if (self.loaded is None) != (other.loaded is None) or (
            self.loaded and other.loaded and self.loaded is not other.loaded
        ):
            self.loaded = self.loaded or other.loaded
            if self.loaded:
                self.loaded.doubt = self.loaded.doubt or why
        self.functions.update({k: v for k, v in other.functions.items() if k not in self.functions})
        self.exported |= other.exported
        self.bls |= other.bls


def initial(device: str, prefix: str, platform: Doubt | None) -> State:
    """GRUB's state when it begins to read its configuration."""
    state = State()
    for name in ("menuentry_id", "default_font_path", "all_video_module", "chainloader_bpb", "ntldr",
                 "platform_search_hint", "timeout_style", "nativedisk_cmd", "200_final"):  # fmt: skip
        state.set(f"feature_{name}", "y")
    state.set("grub_cpu", "x86_64")
    state.set("grub_platform", "efi", doubt=platform)
    state.set("root", device)
    state.set("prefix", prefix)
    state.exported |= set(state.variables)
    return state


def expand(words: tuple[Word, ...], state: State, scope: tuple[str, ...] | None) -> tuple[list[str], list[str]]:
    """The arguments that the words become, and the names of doubtful variables among them.

    A variable outside of quotes is split at blanks, and vanishes where it is empty (grub-core/script/execute.c).
    """
    found: list[str] = []
    doubtful: list[str] = []
    for word in words:
        current: str | None = None
        for text, kind in word.parts:
            if kind in ("text", "quoted"):
                current = (current or "") + text if text or kind == "quoted" else current
                continue
            if text in state.doubts:
                doubtful.append(text)
            values = _values(text, state, scope)
            if kind == "quoted variable":
                for i, value in enumerate(values):
                    if i:
                        found.append(current or "")
                        current = None
                    current = (current or "") + value
                continue
            for i, value in enumerate(values):
                if i and current is not None:
                    found.append(current)
                    current = None
                for j, piece in enumerate(value.split()):
                    if j and current is not None:
                        found.append(current)
                        current = None
                    current = (current or "") + piece
        if current is not None:
            found.append(current)
    return found, doubtful


def _values(name: str, state: State, scope: tuple[str, ...] | None) -> tuple[str, ...]:
    if name == "@":
        return scope or ()
    if name == "*":
        return (" ".join(scope),) if scope else ()
    if name == "#":
        return (str(len(scope)),) if scope is not None else ()
    if name.isdigit():
        number = int(name[:6])
        return (scope[number - 1],) if scope and 0 < number <= len(scope) else ()
    value = state.get(name)
    return (value,) if value else ()


def here(path: str) -> str:
    """GRUB's name for a file whose place in the root is known."""
    return f"({HERE}){path}"
