"""What all files of modprobe.d say together, as modprobe obeys them (modprobe.d(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from vfiotui.formats.modprobe.modprobe import fold, statements
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.boot.boot import ConfigFile

FOLDERS = ("etc", "run", "usr/local/lib", "usr/lib", "lib")
"""The search order: a file hides its namesakes in later folders."""


def in_force(paths: Iterable[str]) -> list[str]:
    """Those of the paths that count, in the order in which they are read.

    >>> in_force(["/usr/lib/modprobe.d/b.conf", "/etc/modprobe.d/b.conf", "/lib/modprobe.d/a.conf"])
    ['/lib/modprobe.d/a.conf', '/etc/modprobe.d/b.conf']
    """
    chosen: dict[str, tuple[int, str]] = {}
    for path in paths:
        folder, _, name = path.strip("/").rpartition("/")
        top = folder.removesuffix("/modprobe.d")
        if top in FOLDERS and top != folder and name.endswith(".conf"):
            chosen[name] = min(chosen.get(name, (9, "")), (FOLDERS.index(top), path))
    return [chosen[name][1] for name in sorted(chosen)]


@dataclass(frozen=True, slots=True)
class Said:
    """One statement and where it stands."""

    words: tuple[str, ...]
    where: str
    """Path with line number."""
    name: str = ""
    """What it is about: a module, a pattern of modules, or an alias."""
    at: int = 0
    """Its place among all statements."""

    @property
    def text(self) -> str:
        """The words behind the name."""
        return " ".join(self.words)

    def side(self, mark: str) -> tuple[str, ...]:
        """The modules behind "pre:" or "post:" of a softdep line; behind "" those that stand behind neither."""
        found, now = [], ""
        for word in self.words:
            if word in ("pre:", "post:"):
                now = word
            elif now == mark:
                found.append(fold(word))
        return tuple(found)


NEVER = re.compile(r"(?:(?:/usr)?/s?bin/)?(?:false|true|:)(?:\s.*)?")
"""Install commands that load nothing."""


GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class ModprobeSet:
    """Statements by verb and module."""

    by_verb: Mapping[str, Mapping[str, tuple[Said, ...]]] = field(default_factory=dict)
    patterns: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    """Verb → the names of its statements that are patterns; all others are found by their name."""

    def __post_init__(self) -> None:
        """Looks once which names are patterns: a name is asked for once for each device."""
        found = {verb: tuple(filter(GLOB.search, names)) for verb, names in self.by_verb.items()}
        object.__setattr__(self, "patterns", found)

    def _fitting(self, verb: str, name: str) -> list[tuple[Said, ...]]:
        """The statements of a verb whose name, or pattern, fits."""
        lines = self.by_verb.get(verb, {})
        found = [lines[name]] if name in lines and not GLOB.search(name) else []
        return [*found, *(lines[p] for p in self.patterns.get(verb, ()) if fnmatchcase(name, p))]

    def diverts(self, module: str) -> bool:
        """Whether anything else than the module alone is loaded when it is asked for."""
        return any(self._fitting(verb, fold(module)) for verb in ("alias", "softdep", "install"))

    def of(self, verb: str, module: str) -> tuple[Said, ...]:
        """The statements of a verb about a module, in order."""
        return self.by_verb.get(verb, {}).get(fold(module), ())

    def all_of(self, verb: str) -> tuple[Said, ...]:
        """Every statement of a verb."""
        return tuple(said for lines in self.by_verb.get(verb, {}).values() for said in lines)

    def first(self, verb: str, module: str) -> Said | None:
        """The softdep or install line that counts: the first whose name, or pattern, fits (libkmod-module.c)."""
        found = (said[0] for said in self._fitting(verb, fold(module)))
        return min(found, key=lambda said: said.at, default=None)

    def softdep(self, module: str, before: str) -> Said | None:
        """The line that loads `before` ahead of a module; further softdep lines of the module count for nothing."""
        said = self.first("softdep", module)
        return said if said is not None and fold(before) in said.side("pre:") else None

    def pulling(self, before: str, among: Iterable[str]) -> frozenset[str]:
        """Those of these modules whose softdep lines load `before` ahead of them."""
        return frozenset(m for m in among if self.softdep(m, before))

    def install(self, module: str) -> Said | None:
        """The command that stands for loading a module; none counts where a softdep line is obeyed (libkmod)."""
        said = self.first("softdep", module)
        if said is not None and (said.side("pre:") or said.side("post:")):
            return None
        return self.first("install", module)

    def never(self, module: str) -> Said | None:
        """The install line that loads nothing in the module's place: /bin/false, /bin/true."""
        said = self.install(module)
        return said if said is not None and NEVER.fullmatch(said.text) else None

    def aliases(self, name: str) -> tuple[Said, ...]:
        """The alias lines for a name or a modalias; where there are any, modprobe looks no further."""
        found = (said for lines in self._fitting("alias", fold(name)) for said in lines)
        return tuple(sorted(found, key=lambda said: said.at))

    def option(self, module: str, key: str) -> Said | None:
        """The value in force of a module's option; the last one wins."""
        found = None
        for said in self.of("options", module):
            for word in said.words:
                name, _, value = word.partition("=")
                if name.replace("-", "_") == key:
                    found = Said((value.strip('"'),), said.where)
        return found

    def blacklist(self, module: str) -> Said | None:
        """The line that keeps a module from being loaded for a device."""
        return next(iter(self.of("blacklist", module)), None)


def gathered(files: Iterable[ConfigFile], only: frozenset[str] | None = None) -> ModprobeSet:
    """The statements of all files, or of some verbs only."""
    found: dict[str, dict[str, list[Said]]] = {}
    at = 0
    for file in files:
        for s in statements(file.text):
            if only is None or s.verb in only:
                at += 1
                said = Said(tuple(w.value for w in s.words), f"{file.path}:{s.line}", s.name.value, at)
                found.setdefault(s.verb, {}).setdefault(fold(s.name.value), []).append(said)
    return ModprobeSet({verb: {m: tuple(s) for m, s in of.items()} for verb, of in found.items()})
