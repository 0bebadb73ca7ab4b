"""A command runs; the files that it writes are kept before, so that undoing needs no second run of it.

With its products all else of /boot and of the EFI partitions is kept: a generator writes where its configuration says.
What the command made is told from what somebody else made beside it by time, and by kernel.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.programs.process import run
from vfiotui.apply.record import boot_folders, boot_record
from vfiotui.apply.record.backup import ABSENT, digest
from vfiotui.apply.record.command_notes import CommandNotes, changed_by_others, made
from vfiotui.apply.record.made import kernels, made_by_command
from vfiotui.apply.record.menu import missing_of_menu
from vfiotui.apply.record.products import OTHER_KINDS, products, shell_pattern
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, put_back_line, quoted
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.name import put_back
from vfiotui.apply.writes.place import Place
from vfiotui.apply.writes.swap import remove_only
from vfiotui.host.boot.kernel import installed
from vfiotui.model.change.change import Change

SMALL_TOOLS = frozenset({"grub-editenv", "grub2-editenv", "bootctl", "sync", "modprobe"})
"""Programs that write what the plan names, and nothing else: nothing is kept beside it."""


def is_recorded(change: Change) -> bool:
    """Whether all of /boot is recorded and kept before a command runs: it is a generator."""
    return bool(change.kind == "command" and change.products and change.argv[0] not in SMALL_TOOLS)


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
        record = boot_record.look(target) if is_recorded(change) else {}
        declared = products(target, change.products)
        wanted = {**declared, **{p: Place(target.top, p) for p, s in record.items() if boot_record.is_kept(s)}}
        kept = self._keep(work, wanted, frozenset(declared))
        odd = list(products(target, change.products, OTHER_KINDS))
        noted: dict[str, Any] = {
            "kept": kept,
            "declared": len(declared),
            "odd": odd,
            "folders": [[folder, target.real_place(folder).path] for folder in _folders(change)],
            "kernels": list(installed(target.root)),
            "gone": self._gone(work, kept),
        }
        if odd:
            noted["said"] = f"{', '.join(odd)} {'is no file' if len(odd) == 1 else 'are no files'} and left alone"
        if is_recorded(change):
            noted["tree"] = boot_folders.recorded(target)
            noted["seen"] = {p: boot_record.sign(s) for p, s in record.items()}
        work.keep.note(work.step, **noted)

    def _keep(self, work: StepContext, wanted: dict[str, Place], declared: frozenset[str]) -> list[list[str]]:
        """Keeps these files: path and digest of each. What another step of the change keeps gets a second name."""
        known: dict[str, tuple[str, str]] = {}
        for step in range(1, work.step):
            pairs = work.keep.noted(step).get("kept", [])
            known |= {str(path): (f"{step}.{n}", str(word)) for n, (path, word) in enumerate(pairs)}
        kept, copied = [], []
        for index, (path, place) in enumerate(wanted.items()):
            name = f"{work.step}.{index}"
            if path in known:
                work.keep.name_again(known[path][0], name)
                kept.append([path, known[path][1]])
                continue
            work.keep.copy(place, name, durably=path in declared)
            copied += [name] if path not in declared else []
            kept.append([path, digest(work.keep.path(name))])
        # Hundreds of small files: their bytes are on the way already when they are waited for.
        for name in copied:
            _sync(work.keep.path(name))
        return kept

    def _gone(self, work: StepContext, kept: list[list[str]]) -> list[str]:
        """What the kept menus name and was gone before the command ran: none of it went since."""
        names = (f"{work.step}.{n}" for n, (path, _) in enumerate(kept) if path.endswith("/grub.cfg"))
        texts = ((work.keep.read(name) or b"").decode("utf-8", "replace") for name in names)
        return sorted({path for text in texts for path in missing_of_menu(work.target, text)})

    def _moved(self, work: StepContext, notes: CommandNotes) -> bool:
        """Whether a folder of what counts is another one than before: a link came into its way."""
        target = work.target
        folders = {real: target.real_place(folder).path for folder, real in notes.noted.get("folders", [])}
        paths = (p for p in notes.noted.get("touched", ()))
        return any(real != now for real, now in folders.items()) or any(target.place(p).path != p for p in paths)

    def standing(self, work: StepContext) -> SubjectState:
        notes = CommandNotes(work)
        if self._moved(work, notes):
            return SubjectState.FOREIGN
        now, before = notes.digests(), notes.before
        strange = notes.strange(now)
        if notes.after is None:
            # It never began, or was killed on its way: it is run again, or taken back. What is taken back by another
            # command shows in no file, and what somebody made since is not looked at.
            ours = {p: d for p, d in now.items() if p in before or made_by_command(work, notes.now[p])}
            if ours == before and not boot_folders.differ(work):
                return SubjectState.PARTLY if work.change.back else SubjectState.BEFORE
            return self._remade(work) if strange else SubjectState.PARTLY
        if strange or self._outdated(work, notes):
            return self._remade(work)
        return SubjectState.AFTER

    def _outdated(self, work: StepContext, notes: CommandNotes) -> set[str]:
        """The menus that were kept and name kernels which have gone since."""
        menus, gone = (p for p in notes.before if p.endswith("/grub.cfg")), set(notes.noted.get("gone", ()))
        return {p for p in menus if set(missing_of_menu(work.target, self._text(work, notes, p))) - gone}

    def as_before(self, work: StepContext) -> bool:
        """Whether nothing of what was there before the command is another one now."""
        notes = CommandNotes(work)
        now = notes.digests()
        return all(now.get(p) == word for p, word in notes.before.items())

    def is_outgrown(self, work: StepContext) -> bool:
        """Whether a kernel came since with products of this generator: they were made from the change's files."""
        change, notes = work.change, CommandNotes(work)
        if notes.after is None or not change.products or change.back or not work.target.program(change.argv[0]):
            return False
        known = {*notes.before, *notes.after}
        releases = kernels(work)
        return any(r in p.rpartition("/")[2] for p in notes.now if p not in known for r in releases)

    def _remade(self, work: StepContext) -> SubjectState:
        """What was made anew is made anew again, where there is a generator that does."""
        change = work.change
        again = change.products and not change.back and work.target.program(change.argv[0]) is not None
        return SubjectState.STALE if again else SubjectState.FOREIGN

    def _text(self, work: StepContext, notes: CommandNotes, path: str) -> str:
        """A kept product that would be put back, as a text."""
        return (work.keep.read(notes.all_kept[path][0]) or b"").decode("utf-8", "replace")

    def changed(self, work: StepContext, earlier: Iterable[StepContext]) -> str | None:
        """A product that is not as it was when the change began, and that no earlier step of it wrote; None for none.
        Asked before the command runs for the first time."""
        notes = CommandNotes(work)
        mine = {p: word for p, (_, word) in notes.all_kept.items() if p in notes.declared}
        known, free = dict(mine), set()
        for step in earlier:
            noted = step.keep.noted(step.step)
            after, kept = noted.get("after"), noted.get("kept", [])
            if isinstance(after, dict):
                wrote = {p for p, _ in kept[: noted.get("declared", len(kept))]} | set(noted.get("touched", ()))
                known = {p: d for p, d in known.items() if p not in wrote} | after
            if "place" in noted:
                free.add(noted["place"])
        now = {p: digest(place) for p, place in products(work.target, work.change.products).items()}
        ours = now.keys() | mine.keys()
        return next((p for p in sorted(ours - free) if now.get(p, ABSENT) != known.get(p, ABSENT)), None)

    def do(self, work: StepContext) -> None:
        notes = CommandNotes(work)
        recorded = "seen" in notes.noted
        if recorded and "others" not in notes.noted:
            work.keep.note_done(work.step, others=changed_by_others(work, notes, boot_record.look(work.target)))
            notes = CommandNotes(work)
        ran = boot_record.look(work.target) if recorded else {}
        run(work.target, work.change.argv, work.log, work.started)
        for place in products(work.target, work.change.products).values():
            _sync(place)
        noted = made(work, notes, ran)
        for path in noted["touched"]:
            _sync(Place(work.target.top, path))
        work.keep.note_done(work.step, **noted, **boot_folders.after_command(work))

    def release(self, work: StepContext) -> None:
        """Removes the copies that no undo of a command that ended well needs."""
        for name in CommandNotes(work).unused:
            disk.drop(work.keep.path(name))

    def undo(self, work: StepContext) -> None:
        notes = CommandNotes(work)
        before, after, left = notes.before, notes.after, notes.left
        moved = self._moved(work, notes)
        now = {} if moved else notes.now
        boot_folders.put_back(work)
        # What somebody made anew since is made again by its generator, when all else is as before.
        alone: set[str] = set()
        if not work.forced or self.standing(work) is SubjectState.STALE:
            alone = notes.strange(notes.digests()) | (self._outdated(work, notes) if after is not None else set())
        for path, place in now.items():
            # New ones go first: the room that they take may be needed.
            if path in before or path in alone or (after is not None and path not in after):
                continue
            if notes.is_state(path):
                continue
            if after is not None:
                remove_only(place, work.partial, frozenset({after[path], left.get(path, ABSENT)}))
            elif made_by_command(work, place):
                disk.remove(place)
        for path, old in before.items():
            place, name = work.target.place(path), notes.all_kept[path][0]
            word = digest(place)
            if word == old or path in alone or not self._may_put_back(work, notes, path, place, word):
                continue
            over = None
            if after is not None and not work.keep.is_writing(name):
                over = frozenset({old, after.get(path, ABSENT), left.get(path, ABSENT)})
            put_back(work, place, name, old, over=over)
        boot_folders.drop_new(work)
        if work.change.back:
            run(work.target, work.change.back, work.log, work.started)

    def _may_put_back(self, work: StepContext, notes: CommandNotes, path: str, place: Place, now: str) -> bool:
        """Whether a recorded file that is not as before is the command's work; products are put back in any case."""
        if path in notes.declared or work.forced or work.keep.is_writing(notes.all_kept[path][0]):
            return True
        if place.path != path:
            raise Conflict(f"a link came into the way of {path}, which leads to {place} now: take it away")
        if notes.after is None:
            return now == ABSENT or made_by_command(work, place)
        return now in (notes.after.get(path, ABSENT), notes.left.get(path, ABSENT))

    def differs(self, work: StepContext) -> list[str]:
        """Recorded paths that are not as they were before the change, and that nobody else changed before it ran:
        none after a way back that was begun at once."""
        notes = CommandNotes(work)
        kept, found = {p: word for p, (_, word) in notes.all_kept.items()}, []
        seen, now = notes.noted.get("seen", {}), boot_record.look(work.target)
        for path in sorted(boot_record.differing(seen, now) - notes.others) if seen else ():
            word = digest(Place(work.target.top, path))
            if word != kept.get(path, word if path in seen else ABSENT):
                found.append(path)
        return found

    def tidy(self, work: StepContext) -> None:
        for path in CommandNotes(work).before:
            disk.drop(work.target.place(path).beside(work.partial))

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        words = [word(w) for w in change.argv]
        return [f"installed {words[0]}"] if words else [], [" ".join(words)] if words else []

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        notes = CommandNotes(work)
        before, after, found = notes.before, notes.after, notes.left
        checks = [f"stays {work.step} {quoted(real)}" for _, real in notes.noted.get("folders", [])]
        backs, last = boot_folders.undo_lines(work)
        made_here = "made" if work.change.products and not work.change.back else ""
        for path, old in before.items():
            left = "any" if after is None else found.get(path, "absent")
            kept = notes.all_kept[path][0]
            how = made_here if path in notes.declared or (after is not None and not notes.is_state(path)) else "beside"
            checks.append(f"check {kept} {quoted(path)} {quoted(old)} {quoted(left)} {how}".rstrip())
            backs.append(put_back_line(work, kept, path, old))
        if after is None:
            backs.append(f"kernels={quoted(' '.join(notes.noted.get('kernels', [])))}")
            known = " ".join(quoted(p) for p in (*notes.declared, *notes.noted.get("odd", [])))
            backs += [f"drop_new {work.step} {where} {known}".rstrip() for where in _patterns(work)]
            if "seen" in notes.noted:
                backs += self._drop_others(work, notes)
        else:
            for n, path in enumerate(sorted(after.keys() - before.keys())):
                how = "beside" if notes.is_state(path) else made_here
                kept = f"{work.step}.new{n}"
                checks.append(f"check {kept} {quoted(path)} absent {quoted(found[path])} {how}".rstrip())
                backs.append(f"put_back {kept} {quoted(path)} absent")
            if made_here:
                known = " ".join(quoted(p) for p in sorted({*before, *after, *notes.noted.get("odd", [])}))
                program = quoted(work.change.argv[0])
                checks.append(f"kernels={quoted(' '.join(notes.noted.get('kernels', [])))}")
                checks += [f"came {work.step} {program} {where} {known}".rstrip() for where in _patterns(work)]
        backs += last
        if work.change.back:
            backs.append(f"run_back {work.step} {shlex.join(work.change.back)}")
        return checks, backs

    def _drop_others(self, work: StepContext, notes: CommandNotes) -> Iterator[str]:
        """Lines that remove what a killed command made below /boot and the EFI partitions beside its products."""
        there = notes.noted["seen"].keys() | notes.others | notes.noted.get("tree", {}).keys()
        known = "|".join(quoted(p) for p in sorted(there))
        yield "known() { # PATH: it was there before the change"
        yield f"    case $1 in {known or quoted('')}) return 0 ;; *) return 1 ;; esac"
        yield "}"
        for place in boot_record.places(work.target):
            yield f"drop_below {work.step} {quoted(place.path)}"


def _patterns(work: StepContext) -> Iterator[str]:
    """Folder and pattern of each product, as words of undo.sh."""
    for pattern in work.change.products:
        folder, name = os.path.split(pattern)
        yield f"{quoted(work.target.real_place(folder).path.rstrip('/'))} {quoted(shell_pattern(name))}"


def _folders(change: Change) -> list[str]:
    """The folders of the products."""
    return list(dict.fromkeys(os.path.dirname(pattern) for pattern in change.products))


def _sync(place: Place) -> None:
    """Tools rarely make their output durable themselves."""
    if disk.kind(place) == "file":
        disk.sync_file(place)


KIND = CommandKind()
