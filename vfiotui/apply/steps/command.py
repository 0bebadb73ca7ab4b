"""A command runs; the files that it writes are kept before, so that undoing needs no second run of it.

What the command made is told from what somebody else made beside it by time, and by kernel.
"""

from __future__ import annotations

import fnmatch
import os
import shlex
from collections.abc import Iterable, Iterator

from vfiotui.apply import disk
from vfiotui.apply.backup import ABSENT, digest
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.menu import missing_of_menu
from vfiotui.apply.name import put_back
from vfiotui.apply.place import Place
from vfiotui.apply.process import ENDED, SECONDS, STARTED, run
from vfiotui.apply.shell_words import word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, put_back_line, quoted
from vfiotui.apply.swap import remove_only
from vfiotui.apply.target import Target
from vfiotui.host.boot.kernel import installed
from vfiotui.host.changes import read_plan, read_progress
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.change import Change

NANO = 1_000_000_000


def _time(place: Place) -> int | None:
    """When a regular file was last written, in nanoseconds; None where it is not there or holds nothing."""
    if disk.kind(place) != "file":
        return None
    found = disk.stat_of(place)
    return found.st_mtime_ns if found.st_size else None


def _boot_began() -> int:
    """When the running system was started, in nanoseconds since 1970 (btime of /proc/stat, proc(5)); 0 where that is
    not known."""
    lines = or_else(Root.live().lines("/proc/stat"), ())
    times = [line.split()[1] for line in lines if line.startswith("btime ")]
    return int(times[0]) * NANO if times and times[0].isdigit() else 0


def ended(work: StepContext) -> int | None:
    """Until when the last command of the change may have written, in nanoseconds since 1970; None for until now.

    Its supervisor notes the end. A power cut ends both: then the command wrote before the system was started again, and
    no longer than a command may take after its last word.
    """
    noted = _time(work.log.beside(ENDED))
    if noted is not None:
        return noted
    root, folder = work.target.root, work.log.above.path
    if read_progress(root, folder, read_plan(root, folder)).boot == work.target.boot:
        return None
    spoke = _time(work.log)
    longest = [] if spoke is None else [spoke + int(SECONDS) * NANO]
    return min([_boot_began(), *longest])


def _started(work: StepContext) -> int:
    """When the last command of the change was about to start, in nanoseconds since 1970; 0 where that is not known."""
    place = work.log.beside(STARTED)
    return disk.stat_of(place).st_mtime_ns if disk.kind(place) == "file" else 0


def kernels(work: StepContext) -> tuple[str, ...]:
    """The kernels that came since the step was prepared."""
    known = work.keep.noted(work.step).get("kernels")
    return () if known is None else tuple(k for k in installed(work.target.root) if k not in known)


def made_by_command(work: StepContext, place: Place) -> bool:
    """Whether what lies at a place may be the work of the change's last command: not where it is older or younger than
    the command's run, or belongs to a kernel that came since."""
    if any(release in place.name for release in kernels(work)):
        return False
    end, changed = ended(work), disk.stat_of(place).st_ctime_ns
    return _started(work) <= changed and (end is None or changed <= end)


KEPT_KINDS = ("file", "link")
OTHER_KINDS = ("other",)
"""FIFOs, devices and sockets: they are never opened, kept or removed."""


def products(target: Target, patterns: tuple[str, ...], kinds: tuple[str, ...] = KEPT_KINDS) -> dict[str, Place]:
    """Paths inside the root that match the patterns now, and where they lie; only the last name may be a pattern."""
    found: dict[str, Place] = {}
    for pattern in patterns:
        folder, name = os.path.split(pattern)
        place = target.real_place(folder)
        try:
            names = sorted(disk.names(place))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in fnmatch.filter(names, name.replace("[", "[[]")):
            hidden = entry.startswith(".") and not name.startswith(".")
            if hidden or entry.startswith(".vfiotui-") or disk.kind(place / entry) not in kinds:
                continue
            found[(place / entry).path] = place / entry
    return found


def shell_pattern(name: str) -> str:
    """The same pattern for a shell, to which brackets and backslashes mean something too."""
    return name.replace("\\", "\\\\").replace("[", "[[]")


class CommandKind(Kind):
    """Programs of the system, run without a shell."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"$ {shlex.join(change.argv)}"
        if change.products:
            yield f"  it writes {', '.join(change.products)}: kept before, put back by the undo"
        if change.back:
            yield f"  undone by $ {shlex.join(change.back)}"
        if change.again:
            yield "  the undo puts everything back and runs it once more"

    def prepare(self, work: StepContext) -> None:
        target, change = work.target, work.change
        if not change.argv or target.program(change.argv[0]) is None:
            raise ApplyError(
                f"{change.argv[0] if change.argv else 'a command'} is not installed here: nothing was changed"
            )
        kept = []
        for index, (path, place) in enumerate(products(target, change.products).items()):
            work.keep.copy(place, f"{work.step}.{index}")
            kept.append([path, digest(place)])
        odd = list(products(target, change.products, OTHER_KINDS))
        said = {"said": f"{', '.join(odd)} {'is no file' if len(odd) == 1 else 'are no files'} and left alone"}
        folders = [[folder, target.real_place(folder).path] for folder in _folders(change)]
        known = list(installed(target.root))
        work.keep.note(work.step, kept=kept, odd=odd, folders=folders, kernels=known, **(said if odd else {}))

    def _now(self, work: StepContext) -> dict[str, Place]:
        """The products that are there, without what was no file before."""
        odd = work.keep.noted(work.step).get("odd", [])
        return {path: place for path, place in products(work.target, work.change.products).items() if path not in odd}

    def _moved(self, work: StepContext) -> bool:
        """Whether a folder of the products is another one than before: a link came into its way."""
        folders = work.keep.noted(work.step).get("folders", [])
        return any(work.target.real_place(folder).path != real for folder, real in folders)

    def _kept(self, work: StepContext) -> dict[str, str]:
        """What was there before, with its digest."""
        return {str(path): str(before) for path, before in work.keep.noted(work.step).get("kept", [])}

    def _after(self, work: StepContext) -> dict[str, str] | None:
        """What was there after the command had ended well; None where it did not."""
        after = work.keep.noted(work.step).get("after")
        return dict(after) if isinstance(after, dict) else None

    def _left(self, work: StepContext) -> dict[str, str]:
        """What the whole change left of its products: a later command may have written them again."""
        left = self._after(work) or {}
        for later in work.keep.later(work.step):
            after = later.get("after")
            left |= {p: d for p, d in after.items() if p in left} if isinstance(after, dict) else {}
        return left

    def standing(self, work: StepContext) -> SubjectState:
        if self._moved(work):
            return SubjectState.FOREIGN
        before, after, left = self._kept(work), self._after(work), self._left(work)
        there = self._now(work)
        now = {p: digest(place) for p, place in there.items()}
        if after is None:
            # It never began, or was killed on its way: it is run again, or taken back. What is taken back by another
            # command shows in no file, and what somebody made since is not looked at.
            ours = {p: d for p, d in now.items() if p in before or made_by_command(work, there[p])}
            if ours == before:
                return SubjectState.PARTLY if work.change.back else SubjectState.BEFORE
            strange = any(d != before[p] and not made_by_command(work, there[p]) for p, d in now.items() if p in before)
            return self._remade(work) if strange else SubjectState.PARTLY
        torn = {p for n, p in enumerate(before) if work.keep.is_writing(f"{work.step}.{n}")}
        paths = (before.keys() | after.keys()) - torn
        known = (before, after, left)
        if any(now.get(p, ABSENT) not in (k.get(p, ABSENT) for k in known) for p in paths):
            return self._remade(work)
        if any(missing_of_menu(work.target, self._text(work, p)) for p in before if p.endswith("/grub.cfg")):
            return self._remade(work)
        return SubjectState.AFTER

    def as_before(self, work: StepContext) -> bool:
        """Whether nothing of what was there before the command is another one now."""
        now = self._now(work)
        return all(digest(now[path]) == word if path in now else False for path, word in self._kept(work).items())

    def _remade(self, work: StepContext) -> SubjectState:
        """What was made anew is made anew again, where there is a generator that does."""
        change = work.change
        again = change.products and not change.back and work.target.program(change.argv[0]) is not None
        return SubjectState.STALE if again else SubjectState.FOREIGN

    def _text(self, work: StepContext, path: str) -> str:
        """A kept product that would be put back, as a text."""
        name = f"{work.step}.{list(self._kept(work)).index(path)}"
        return (work.keep.read(name) or b"").decode("utf-8", "replace")

    def changed(self, work: StepContext, earlier: Iterable[StepContext]) -> str | None:
        """A product that is not as it was when the change began, and that no earlier step of it wrote; None for none.
        Asked before the command runs for the first time."""
        known = dict(self._kept(work))
        free = set()
        for step in earlier:
            noted = step.keep.noted(step.step)
            after, kept = noted.get("after"), noted.get("kept", [])
            if isinstance(after, dict):
                known = {p: d for p, d in known.items() if p not in dict(kept)} | after
            if "place" in noted:
                free.add(noted["place"])
        now = {p: digest(place) for p, place in products(work.target, work.change.products).items()}
        ours = now.keys() | self._kept(work).keys()
        return next((p for p in sorted(ours - free) if now.get(p, ABSENT) != known.get(p, ABSENT)), None)

    def do(self, work: StepContext) -> None:
        run(work.target, work.change.argv, work.log, work.started)
        made = self._now(work)
        for place in made.values():
            _sync(place)
        before, words = self._kept(work), {p: digest(place) for p, place in made.items()}
        # What somebody else made meanwhile is no product of this command.
        ours = (p for p, place in made.items() if words[p] == before.get(p) or made_by_command(work, place))
        work.keep.note_done(work.step, after={p: words[p] for p in ours})

    def undo(self, work: StepContext) -> None:
        before, after, left = self._kept(work), self._after(work), self._left(work)
        now = {} if self._moved(work) else self._now(work)
        for path, place in now.items():
            # New ones go first: the room that they take may be needed.
            if path in before or (after is not None and path not in after):
                continue
            if after is not None:
                remove_only(place, work.partial, frozenset({after[path], left.get(path, ABSENT)}))
            elif made_by_command(work, place):
                disk.remove(place)
        for index, (path, old) in enumerate(before.items()):
            place = work.target.place(path)
            if digest(place) != old:
                over = None
                if after is not None and not work.keep.is_writing(f"{work.step}.{index}"):
                    over = frozenset({old, after.get(path, ABSENT), left.get(path, ABSENT)})
                put_back(work, place, f"{work.step}.{index}", old, over=over)
        if work.change.back:
            run(work.target, work.change.back, work.log, work.started)

    def tidy(self, work: StepContext) -> None:
        for path in self._kept(work):
            disk.drop(work.target.place(path).beside(work.partial))

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        words = [word(w) for w in change.argv]
        return [f"installed {words[0]}"] if words else [], [" ".join(words)] if words else []

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        before, after, found = self._kept(work), self._after(work), self._left(work)
        checks = [f"stays {work.step} {quoted(real)}" for _, real in work.keep.noted(work.step).get("folders", [])]
        backs = []
        made = " made" if work.change.products and not work.change.back else ""
        for index, (path, old) in enumerate(before.items()):
            left = "any" if after is None else found.get(path, "absent")
            kept = f"{work.step}.{index}"
            checks.append(f"check {kept} {quoted(path)} {quoted(old)} {quoted(left)}{made}")
            backs.append(put_back_line(work, kept, path, old))
        if after is None:
            backs.append(f"kernels={quoted(' '.join(work.keep.noted(work.step).get('kernels', [])))}")
            known = " ".join(quoted(p) for p in (*before, *work.keep.noted(work.step).get("odd", [])))
            for pattern in work.change.products:
                folder, name = os.path.split(pattern)
                folder = work.target.real_place(folder).path.rstrip("/")
                backs.append(f"drop_new {work.step} {quoted(folder)} {quoted(shell_pattern(name))} {known}".rstrip())
        else:
            for path in sorted(after.keys() - before.keys()):
                checks.append(f"check {work.step}.new {quoted(path)} absent {quoted(found[path])}{made}")
                backs.append(f"put_back {work.step}.new {quoted(path)} absent")
        if work.change.back:
            backs.append(f"run_back {work.step} {shlex.join(work.change.back)}")
        return checks, backs


def _folders(change: Change) -> list[str]:
    """The folders of the products."""
    return list(dict.fromkeys(os.path.dirname(pattern) for pattern in change.products))


def _sync(place: Place) -> None:
    """Tools rarely make their output durable themselves."""
    if disk.kind(place) == "file":
        disk.sync_file(place)


KIND = CommandKind()
