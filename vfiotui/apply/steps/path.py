"""After all generators ran the boot path is resolved again: the entry that starts must have what the plan wanted.

A menu may hold a word and start another entry. Where the path cannot be followed nothing is judged, and it is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.scripts.shell_words import comment, word
from vfiotui.apply.steps.step import LookingKind, StepContext, SubjectState
from vfiotui.host.boot import boot
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.next_image import read_boots
from vfiotui.host.gather import gather
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine, split
from vfiotui.model.boot.path import BootEntry, BootPath
from vfiotui.model.change.change import Change
from vfiotui.plan.isolate.forecasts import forecasts

WORD, OPTION, DRIVER, HOST = "word ", "option ", "vfio ", "host "
PARTS = frozenset({"pci", "boot", "modules", "iommu"})
"""Parts of the facts that a forecast uses."""


class PathKind(LookingKind):
    """The words of the entry that starts next, and the drivers of devices; changes nothing."""

    def preview(self, change: Change) -> Iterator[str]:
        wants = [w.removeprefix(WORD).removeprefix(OPTION) for w in change.wants if not w.startswith((DRIVER, HOST))]
        devices, back = _named(change, DRIVER), _named(change, HOST)
        if wants:
            yield f"then the entry that starts next must have: {', '.join(wants)}"
        if change.bans:
            yield f"then the entry that starts next must not have: {', '.join(change.bans)}"
        if devices:
            yield f"then vfio-pci must get: {', '.join(devices)}"
        if back:
            yield f"then vfio-pci must not get: {', '.join(back)}"

    def standing(self, work: StepContext) -> SubjectState:
        return SubjectState.AFTER if work.keep.noted(work.step).get("done") else SubjectState.BEFORE

    def do(self, work: StepContext) -> None:
        wrong, notes = judge(work)
        if wrong:
            raise ApplyError(wrong)
        work.keep.note_done(work.step, done=True, **({"said": "; ".join(notes)} if notes else {}))

    def wrong(self, work: StepContext) -> str | None:
        """What is not as it should be, as a sentence."""
        return judge(work)[0] or None

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        what = "this script does not follow the boot path: look whether the entry that starts has what was planned"
        return [], [f"printf '%s\\n' {word(comment(what))}"]


def judge(work: StepContext) -> tuple[str, list[str]]:
    """What keeps the plan from its effect, empty for nothing; and what could not be judged: each as sentences."""
    found = boot.read(work.target.root)
    if isinstance(found, Unread):
        return "", [f"the next boot is not judged: {found}"]
    of_words = any(not want.startswith((DRIVER, HOST)) for want in work.change.wants) or bool(work.change.bans)
    wrong, notes = judge_words(work.change, found) if of_words else ("", [])
    if wrong:
        return wrong, notes
    devices = [*_named(work.change, DRIVER), *_named(work.change, HOST)]
    denied, open_ = _drivers(work, devices) if devices else ("", [])
    return denied, [*notes, *open_]


def _named(change: Change, kind: str) -> list[str]:
    """The devices of one kind of want."""
    return [w.removeprefix(kind) for w in change.wants if w.startswith(kind)]


def judge_words(change: Change, found: Boot) -> tuple[str, list[str]]:
    """What the words of the next boot lack, as a sentence, empty for nothing; and what could not be judged."""
    path = found.path
    if isinstance(path, Unread):
        return "", [f"the words of the entry that starts next are not judged: {path.reason}"]
    if not path.own:
        why = path.lines.reason if isinstance(path.lines, Unread) else "it is not known which entry starts"
        return "", [f"the words of the next boot are not judged: {why}"]
    lacking: list[tuple[BootEntry, str]] = []
    notes = []
    for entry in path.own:
        if isinstance(entry.words, Unread):
            notes.append(f"the words of the entry {entry.name!r} are not judged: {entry.words.reason}")
            continue
        word_of = _lacks(change, entry.words)
        if word_of:
            lacking.append((entry, word_of))
    judged = len(path.own) - len(notes)
    if lacking and len(lacking) == judged:
        return _swallowed(path, *lacking[0]), notes
    notes += [f"{path.open or 'several entries may start'}: {entry.name!r} {what}" for entry, what in lacking]
    return "", notes


def _lacks(change: Change, line: CommandLine) -> str:
    """What a line lacks or has too much, as a half sentence; empty where it is right."""
    words = frozenset(split(line.text))
    absent = []
    for want in change.wants:
        if want.startswith(WORD) and not _holds(line, words, want.removeprefix(WORD)):
            absent.append(want.removeprefix(WORD))
        elif want.startswith(OPTION):
            key, _, option = want.removeprefix(OPTION).partition("=")
            if option not in line.options(key):
                absent.append(f"{key}={option}")
    left = [w for w in change.bans if w in words]
    told = [f"has no {' and no '.join(absent)}"] * bool(absent) + [f"still has {' and '.join(left)}"] * bool(left)
    return " and ".join(told)


def _holds(line: CommandLine, words: frozenset[str], wanted: str) -> bool:
    """Whether a line has a word; for the kernel - and _ are the same in names of parameters."""
    key, equals, value = wanted.partition("=")
    return wanted in words or bool(equals and value in line.values(key))


def _swallowed(path: BootPath, entry: BootEntry, what: str) -> str:
    """The sentence that names the layer at which the words were lost."""
    generated = entry.maker.rpartition("/")[2] in ("10_linux", "10_linux_zfs", "30_uefi-firmware")
    maker = f" of {entry.maker}" if entry.maker else ""
    place = entry.source if entry.source != entry.maker else ""
    where = f" ({place})" if place else ""
    why = entry.why.rstrip(".") or next((s.text.rstrip(".") for s in reversed(path.steps)), "")
    name = entry.name if len(entry.name) < 120 else f"{entry.name[:119]}…"
    sentence = f"the entry {name!r}{maker}{where} starts next, and it {what}"
    tail = (
        "something behind the files that were edited sets its words again"
        if generated
        else "its words do not come from the files that were edited"
    )
    return f"{sentence}: {tail}" + (f" ({why})" if why else "")


def _drivers(work: StepContext, devices: list[str]) -> tuple[str, list[str]]:
    """Whether the next boot, played over what lies on the disk now, gives these devices to vfio-pci, or to the host."""
    root = work.target.root
    facts = gather(root, Unread("was not asked for", Why.NOT_HERE), PARTS)
    path = facts.boot if isinstance(facts.boot, Unread) else facts.boot.path
    found = forecasts(facts, read_config_snapshot(root, ()), read_boots(root, path))
    if isinstance(found, Unread):
        return "", [f"the drivers of the next boot are not judged: {found.reason}"]
    told = {f.bdf: f for f in found}
    back, notes = frozenset(_named(work.change, HOST)), []
    for bdf in devices:
        forecast = told.get(bdf)
        if forecast is None:
            notes.append(f"the driver of {bdf} is not judged: no such device is seen")
        elif bdf in back and forecast.stays_bound:
            return f"{bdf} would still be bound to {forecast.text} at the next boot: {forecast.why}", notes
        elif forecast.unknown or (len(forecast.outcomes) > 1 and "vfio-pci" in forecast.outcomes):
            notes.append(f"{bdf} at the next boot: {forecast.text}: {forecast.why}")
        elif bdf not in back and "vfio-pci" not in forecast.outcomes:
            return f"{bdf} would not get vfio-pci at the next boot but {forecast.text}: {forecast.why}", notes
    return "", notes


KIND = PathKind()
