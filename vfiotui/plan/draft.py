"""A plan while it is drawn up: files as they will be, and the steps in the order in which they are safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.change.change import Change, Effect, look_at_next_boot, look_into, run_command, write_file
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Condition, Goal, Plan
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk

FILE_NAME = r"(?!\.{1,2}(?![\w.@%+~-]))[\w.@%+~-]+"
"""The pattern of a name in a folder, for the WRITES of a planner's module: the files that it edits, as patterns. It is
neither . nor .., which lead to other folders."""
ANY_NAME = r"[^/\x00-\x1f\x7f-\x9f\u2028\u2029]+"
"""The same for names that people choose freely, such as those of guests: all but what breaks a line or a terminal."""


class PlanError(Exception):
    """A sentence: why this is not planned, and what a person can do instead."""


class Phase(IntEnum):
    """The order of the steps: what a later one needs comes first, and what cannot be undone in a black room last."""

    RUNTIME = 0
    """Values of the running kernel."""
    HOST_FILE = 1
    """Files that nothing is built from."""
    MODPROBE = 2
    INITRAMFS_CONFIG = 3
    REBUILD = 4
    LOOK_INTO_IMAGE = 5
    COMMAND_LINE = 6
    LOADER = 7
    LOOK_INTO_ENTRY = 8
    NEXT_BOOT = 9
    """The boot path, when all that makes it has run."""
    ARM = 10
    """A trial boot: what starts next is another entry from then on."""
    GUEST = 11


@dataclass(frozen=True, slots=True)
class Planner:
    """One kind of goal."""

    name: str
    argument: str
    """What the argument is, as a word for the help: WORDS, PATH=VALUE, GUEST, GUEST/VALUE."""
    promise: str
    title: str
    """The title of a plan with only this goal; {0} is its argument, {1} and {2} what stands before and behind the
    slash of GUEST/VALUE."""
    draw: Callable[[Draft, str], None]
    """Adds its steps to the draft, or raises PlanError."""
    reads: Callable[[str], tuple[str, ...]] = lambda argument: ()
    """Files beside the usual ones whose content it wants to know."""
    disks: Callable[[str], tuple[str, ...]] = lambda argument: ()
    """Paths of which it wants to know what they hold as a guest's disk, and what uses them."""
    places: Callable[[str], tuple[str, ...]] = lambda argument: ()
    """Paths of this host that it names for a guest: `ConfigSnapshot.places` says what is there."""

    def guest(self, argument: str) -> str | None:
        """The guest that the goal is about; None for one about the host. libvirt takes no slash in a name."""
        return argument.partition("/")[0] if self.argument.partition("/")[0] == "GUEST" else None

    def named(self, argument: str) -> str:
        """The title with the argument in it."""
        guest, _, value = argument.partition("/")
        return self.title.format(argument, guest, value).strip()


class Draft:
    """Collects steps; several edits of one file become one step."""

    def __init__(self, facts: Facts, snapshot: ConfigSnapshot) -> None:
        self.facts = facts
        self.snapshot = snapshot
        self._files: dict[str, tuple[Phase, Change]] = {}
        self._steps: list[tuple[Phase, Change]] = []
        self._conditions: list[Condition] = []
        self._notes: list[str] = []
        self._escape: list[str] = []
        self._left: list[Change] = []
        self._effect: dict[str, bool] = {}
        self._chosen: dict[str, None] = {}
        self._released: dict[str, str] = {}
        self.running: dict[str, str] = {}
        """The XML of running guests as the plan leaves it so far; a guest that it leaves alone is not among them."""
        self.cmdline: str | None = None
        """The kernel's words as the plan leaves them so far; None where it does not change them."""

    def text(self, path: str) -> str | None:
        """The file as the plan leaves it so far, None where there is none; PlanError where it cannot be read."""
        if path in self._files:
            after = self._files[path][1].after
            return None if after is None else after.decode("utf-8", "surrogateescape")
        content = self.snapshot.content(path)
        if isinstance(content, Unread):
            if content.why is Why.ABSENT:
                return None
            raise PlanError(f"{path} cannot be read ({content.reason}): run as root")
        return content.decode("utf-8", "surrogateescape")

    def write(
        self,
        path: str,
        text: str | None,
        why: str,
        phase: Phase,
        *,
        risk: Risk,
        effect: Effect,
        mode: int | None = None,
    ) -> bool:
        """The file shall hold this text (None: not be there); false where it does already."""
        runs = mode is not None and bool(mode & 0o100) and path in self.snapshot.not_executable
        if self.text(path) == text and not (runs and path not in self._files):
            return False
        self.on_what_is_mounted(path)
        content = self.snapshot.content(path)
        before = None if isinstance(content, Unread) else content
        after = None if text is None else text.encode("utf-8", "surrogateescape")
        change = replace(write_file(path, before, b"", why, risk=risk, effect=effect, mode=mode), after=after)
        old = self._files.pop(path, None)
        if old is not None:
            change = replace(change, why=f"{old[1].why}; {why}", risk=max(old[1].risk, risk))
        if after != before or runs:
            self._files[path] = (phase, change)
        return True

    def on_what_is_mounted(self, path: str) -> None:
        """PlanError where a path lies on a file system that is not mounted."""
        point = self.snapshot.unmounted_at(path)
        if point is not None:
            raise PlanError(f"{path} lies on {point}, which is not mounted: '{self.snapshot.not_mounted[point]}' first")

    def add(self, change: Change, phase: Phase) -> None:
        """Any other step; the same step is taken once."""
        if (phase, change) not in self._steps:
            self._steps.append((phase, change))

    def touches(self, *phases: Phase) -> bool:
        """Whether a file of one of these phases changes."""
        return any(phase in phases for phase, _ in self._files.values())

    def changes(self, subject: str) -> bool:
        """Whether a step for this subject is there already."""
        return subject in self._files or any(change.subject == subject for _, change in self._steps)

    def steps(self, kind: str) -> tuple[Change, ...]:
        """The steps of a kind that were added so far."""
        return tuple(change for _, change in self._steps if change.kind == kind)

    def in_phase(self, phase: Phase) -> tuple[Change, ...]:
        """The steps of a phase that were added so far, files left out."""
        return tuple(change for there, change in self._steps if there is phase)

    def run(
        self,
        argv: tuple[str, ...],
        why: str,
        phase: Phase,
        *,
        products: tuple[str, ...],
        again: bool = False,
        risk: Risk,
        effect: Effect,
    ) -> None:
        """A command runs once, however many goals need it; what it writes must lie where an undo finds it."""
        for product in products:
            self.on_what_is_mounted(product)
        if not any(c.kind == "command" and c.argv == argv and there is phase for there, c in self._steps):
            self.add(run_command(argv, why, products=products, again=again, risk=risk, effect=effect), phase)

    def look(self, path: str, words: tuple[str, ...], why: str, phase: Phase, bans: tuple[str, ...] = ()) -> None:
        """What was built must hold these words, and none of `bans`."""
        for place, (there, change) in enumerate(self._steps):
            if change.kind == "look" and change.subject == path and there is phase:
                wants = tuple(dict.fromkeys((*change.wants, *words)))
                gone = tuple(w for w in dict.fromkeys((*change.bans, *bans)) if w not in wants)
                self._steps[place] = (phase, replace(change, wants=wants, bans=gone))
                return
        self.add(look_into(path, words, why, tuple(w for w in bans if w not in words)), phase)

    def replace_step(self, change: Change, phase: Phase) -> None:
        """A step takes the place of the one of its kind in a phase, or is added."""
        kept = [(p, c) for p, c in self._steps if p is not phase or c.kind != change.kind]
        self._steps = [*kept, (phase, change)]

    def step_for(self, *subjects: str) -> Change | None:
        """The step that was added for one of these subjects; None where there is none."""
        return next((change for _, change in self._steps if change.subject in subjects), None)

    def exchange(self, old: Change | None, new: Change | None, phase: Phase) -> None:
        """A step takes the place of an older one, is added, or with None goes away."""
        kept = [(p, c) for p, c in self._steps if c is not old]
        self._steps = kept if new is None else [*kept, (phase, new)]

    def require(self, name: str, subject: str, value: str = "", why: str = "") -> None:
        """Something must hold before the first step."""
        self._conditions.append(Condition(name, subject, value, why))

    def effect(self, wants: Iterable[str] = (), gone: Iterable[str] = ()) -> None:
        """What the entry that starts next must have when all is done, and what it must not have, as in
        `look_at_next_boot`; a later call overrules an earlier one."""
        self._effect |= dict.fromkeys(wants, True) | dict.fromkeys((f"word {w}" for w in gone), False)

    def choose(self, bdfs: Iterable[str]) -> None:
        """Devices that vfio-pci shall have after the next boot."""
        self._chosen |= dict.fromkeys(bdfs)

    def release(self, bdf: str, kept: str) -> None:
        """A device that the host's drivers shall have after the next boot, with what binds it and is not edited."""
        self._released[bdf] = kept

    def _last_look(self) -> list[tuple[Phase, Change]]:
        """The look at the boot path; none where a person has to do a part of it, or nothing is done."""
        wants = tuple(want for want, there in self._effect.items() if there)
        gone = tuple(want.removeprefix("word ") for want, there in self._effect.items() if not there)
        wants += (*(f"vfio {bdf}" for bdf in self._chosen), *(f"host {bdf}" for bdf in self._released))
        acts = any(change.kind in ("file", "command") for _, change in (*self._files.values(), *self._steps))
        if not (wants or gone) or not acts or self._left:
            return []
        why = "look whether the entry that starts next has it"
        return [(Phase.NEXT_BOOT, look_at_next_boot(wants, gone, why))]

    def leave(self, why: str, check: Change | None = None) -> None:
        """Something that only a person can do, with the look that finds whether it is true, where one can."""
        step = replace(check or look_into("", (), why), why=why)
        if step not in self._left:
            self._left.append(step)

    def note(self, sentence: str) -> None:
        """Something that a person should know or do."""
        self._notes.append(sentence)

    def note_some(self, sentence: str) -> None:
        """Like `note`, where there is a sentence."""
        if sentence:
            self._notes.append(sentence)

    def escape(self, sentence: str) -> None:
        """A way back for the case that the next boot fails."""
        self._escape.append(sentence)

    def plan(self, title: str, goals: tuple[Goal, ...]) -> Plan:
        """The plan; steps in the order of their phases, and as they were asked for inside of one."""
        steps = sorted((*self._files.values(), *self._steps, *self._last_look()), key=lambda s: s[0])
        return Plan(
            title,
            tuple(change for _, change in steps),
            goals,
            tuple(dict.fromkeys(self._conditions)),
            tuple(dict.fromkeys(self._notes)),
            tuple(dict.fromkeys(self._escape)),
            self.snapshot.machine,
            cmdline=self.cmdline,
            chosen=tuple((bdf, "") for bdf in self._chosen),
            released=tuple(self._released.items()),
            left=tuple(self._left),
        )
