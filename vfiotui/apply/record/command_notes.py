"""What is noted of a command: what was there before it and is kept, and what it left behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from vfiotui.apply.record import boot_record
from vfiotui.apply.record.backup import ABSENT, digest
from vfiotui.apply.record.boot_record import STATE
from vfiotui.apply.record.made import kernels, made_by_command
from vfiotui.apply.record.products import products
from vfiotui.apply.steps.step import StepContext
from vfiotui.apply.writes.place import Place


class CommandNotes:
    """The notes of one command step, as they are on the disk now.

    `before` begins with what the patterns of the products matched; behind it stands what else of /boot and of the EFI
    partitions was kept, of which counts only what the command changed.
    """

    def __init__(self, work: StepContext) -> None:
        self.work = work
        self.noted: dict[str, Any] = work.keep.noted(work.step)

    @cached_property
    def all_kept(self) -> dict[str, tuple[str, str]]:
        """All that was kept: path → the name of the copy, and the digest."""
        pairs = self.noted.get("kept", [])
        return {str(path): (f"{self.work.step}.{n}", str(word)) for n, (path, word) in enumerate(pairs)}

    @cached_property
    def declared(self) -> frozenset[str]:
        """Those of `all_kept` that the plan names as products."""
        paths = list(self.all_kept)
        return frozenset(paths[: self.noted.get("declared", len(paths))])

    @cached_property
    def after(self) -> dict[str, str] | None:
        """What was there after the command had ended well, by digest; None where it did not."""
        after = self.noted.get("after")
        return dict(after) if isinstance(after, dict) else None

    @cached_property
    def others(self) -> frozenset[str]:
        """Recorded paths that somebody else changed before the command ran."""
        return frozenset(self.noted.get("others", ()))

    @cached_property
    def before(self) -> dict[str, str]:
        """What an undo puts back, by digest: the products, and what else the command changed or may have changed."""
        touched = self.noted.get("touched", ())
        counts = self.declared | (frozenset(touched) if self.after is not None else self.all_kept.keys() - self.others)
        return {p: word for p, (_, word) in self.all_kept.items() if p in counts}

    @cached_property
    def left(self) -> dict[str, str]:
        """What the whole change left of what the command left: a later command may have written it again."""
        left = dict(self.after or {})
        for later in self.work.keep.later(self.work.step):
            after = later.get("after")
            left |= {p: d for p, d in after.items() if p in left} if isinstance(after, dict) else {}
        return left

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """The names of copies that no undo needs: of what the command left as it was. None before it ended well."""
        if self.after is None:
            return ()
        return tuple(name for path, (name, _) in self.all_kept.items() if path not in self.before)

    @cached_property
    def now(self) -> dict[str, Place]:
        """What is there of the products, and of all else that counts, without what was no file before."""
        odd = self.noted.get("odd", ())
        target = self.work.target
        found = {p: place for p, place in products(target, self.work.change.products).items() if p not in odd}
        if "seen" in self.noted and self.after is None:
            more = boot_record.look(target).keys() - self.others
            mine = {p for p in more if p in self.all_kept or p not in self.noted["seen"]}
        else:
            mine = {p for p in (*self.before, *(self.after or ())) if p not in found}
        return found | {p: Place(target.top, p) for p in sorted(mine - found.keys())}

    def strange(self, now: dict[str, str]) -> set[str]:
        """The paths that are neither as before nor as the change left them; `now` are digests."""
        before, after, left = self.before, self.after, self.left
        if after is None:
            return {
                p
                for p, word in now.items()
                if p in self.declared and word != before[p] and not made_by_command(self.work, self.now[p])
            }
        torn = {p for p in before if self.work.keep.is_writing(self.all_kept[p][0])}
        known = (before, after, left)
        paths = (before.keys() | after.keys()) - torn
        found = {p for p in paths if now.get(p, ABSENT) not in (k.get(p, ABSENT) for k in known)}
        return {p for p in found if not self.is_state(p)}

    def is_state(self, path: str) -> bool:
        """Whether a path is none of the plan's products and is written at every start of the system."""
        return path.rpartition("/")[2] in STATE and path not in self.declared

    def digests(self) -> dict[str, str]:
        """What is there now of `now`, by digest; what has the status that it had when it was kept is not read again."""
        seen, kept = self.noted.get("seen", {}), self.all_kept
        record = boot_record.look(self.work.target) if seen else {}
        return {
            p: kept[p][1] if p in kept and p in record and seen.get(p) == boot_record.sign(record[p]) else digest(place)
            for p, place in self.now.items()
        }


def made(work: StepContext, notes: CommandNotes, ran: Mapping[str, os.stat_result]) -> dict[str, Any]:
    """The note of what a command did; `ran` is the record of just before it (boot_record.look).

    after: what it left, by digest; touched: what it changed beside its products; wrote: every file that it wrote, also
    where the bytes are the same.
    """
    target = work.target
    recorded = "seen" in notes.noted
    record = boot_record.look(target) if recorded else {}
    odd = notes.noted.get("odd", ())
    there = {p: place for p, place in products(target, work.change.products).items() if p not in odd}
    words = {p: digest(place) for p, place in there.items()}
    # What somebody else made meanwhile is no product of this command.
    kept = {p: word for p, (_, word) in notes.all_kept.items()}
    mine = _left_before(work)
    after = {
        p: word for p, word in words.items() if word in (kept.get(p), mine.get(p)) or made_by_command(work, there[p])
    }
    changed = boot_record.differing({p: boot_record.sign(s) for p, s in ran.items()}, record)
    seen, came = notes.noted.get("seen", {}), kernels(work)
    touched, lost = [], []
    for path in sorted(boot_record.differing(seen, record) - notes.others - words.keys()) if recorded else ():
        of_file = path in _of_files(work) and path not in changed
        of_new_kernel = path not in seen and any(release in path for release in came)
        word = digest(Place(target.top, path))
        if of_file or of_new_kernel or word == kept.get(path, ABSENT if path not in seen else ""):
            continue
        touched.append(path)
        if path in seen and path not in kept:
            lost.append(path)
        if word != ABSENT:
            after[path] = word
    wrote = {p for p in changed if p in record} | {p for p in after if p not in ran and p not in record}
    said = f"{' and '.join(lost)} was rewritten, and is too large to be kept: no undo puts it back"
    return {"after": after, "touched": touched, "wrote": sorted(wrote), **({"said": said} if lost else {})}


def _left_before(work: StepContext) -> dict[str, str]:
    """What the earlier commands of the change left, by digest: kernel-install runs once for each kernel."""
    found: dict[str, str] = {}
    for step in range(1, work.step):
        found |= dict(work.keep.noted(step).get("after") or {})
    return found


def _of_files(work: StepContext) -> frozenset[str]:
    """The places that earlier steps of files and links write."""
    notes = (work.keep.noted(step) for step in range(1, work.step))
    return frozenset(str(noted["place"]) for noted in notes if "place" in noted)


def changed_by_others(work: StepContext, notes: CommandNotes, now: Mapping[str, os.stat_result]) -> list[str]:
    """Recorded paths that are not as they were when all was kept, and that no step before this one changed."""
    ours = set(_of_files(work)) | set(products(work.target, work.change.products)) | notes.declared
    for step in range(1, work.step):
        noted = work.keep.noted(step)
        declared = (path for path, _ in noted.get("kept", [])[: noted.get("declared", 0)])
        ours |= {*(noted.get("after") or ()), *noted.get("touched", ()), *declared}
    return sorted(boot_record.differing(notes.noted.get("seen", {}), now) - ours)
