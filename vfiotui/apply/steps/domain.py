"""A guest's stored definition is replaced, made or removed through libvirt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.guest_schema import schema_of
from vfiotui.apply.scripts.shell_words import digest, printing, word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, diff_lines, quoted
from vfiotui.apply.writes import disk
from vfiotui.formats.domain_xml.same import same_definition
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.change import Change
from vfiotui.virt import define as virt
from vfiotui.virt.connect import DEFAULT_URI, NoConnection, load


@contextmanager
def guests(work: StepContext) -> Iterator[Any]:
    """A connection to the guests of a live host; libvirt's errors become sentences."""
    if not work.target.is_live:
        raise ApplyError(f"the guest {work.change.subject} of a mounted system is changed in its file, not by a daemon")
    try:
        libvirt = load()
        with virt.writable(work.change.where) as connection:
            try:
                yield connection
            except libvirt.libvirtError as error:
                raise ApplyError(f"libvirt does not take it for {work.change.subject}: {error}") from error
    except NoConnection as error:
        raise ApplyError(str(error)) from error


def _note_difference(work: StepContext, stored: bytes) -> None:
    """What libvirt made of a definition goes into the change's log: addresses, controllers, defaults."""
    lines = list(diff_lines(f"{work.change.subject}.xml", work.change.after, stored, around=0))
    if lines:
        words = [f"libvirt stored the definition of {work.change.subject} with a difference:", *lines, ""]
        with open(disk.open_regular(work.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as log:
            log.write("\n".join(words).encode("utf-8", "surrogateescape"))


class DomainKind(Kind):
    """Stored definitions; a running guest is not touched until its next start."""

    def preview(self, change: Change) -> Iterator[str]:
        yield from diff_lines(f"{change.subject}.xml", change.before, change.after)

    def prepare(self, work: StepContext) -> None:
        with guests(work) as connection:
            now = virt.definition(connection, work.change.subject)
        if now != work.change.before:
            raise Conflict(
                f"the definition of {work.change.subject} is not as it was when the plan was made; make the plan again"
            )
        if now is not None:
            work.keep.write(str(work.step), now)

    def standing(self, work: StepContext) -> SubjectState:
        with guests(work) as connection:
            now = virt.definition(connection, work.change.subject)
        # libvirt fills in what was left out: what it made of our text was kept.
        stored = work.keep.read(f"{work.step}.after")
        if work.change.after is None:
            if now is None:
                return SubjectState.AFTER
        elif stored is not None and same_definition(now, stored):
            return SubjectState.AFTER
        if same_definition(now, work.change.before):
            return SubjectState.BEFORE
        return SubjectState.FOREIGN if stored is not None or work.change.after is None else SubjectState.PARTLY

    def holds(self, work: StepContext) -> bytes | None:
        with guests(work) as connection:
            return virt.definition(connection, work.change.subject)

    def do(self, work: StepContext) -> None:
        with guests(work) as connection:
            if work.change.after is None:
                virt.undefine(connection, work.change.subject)
                return
            virt.define(connection, work.change.after, validate=self._was_valid(work))
            stored = virt.definition(connection, work.change.subject)
        work.keep.write(f"{work.step}.after", stored or b"")
        _note_difference(work, stored or b"")

    def _was_valid(self, work: StepContext) -> bool:
        """Whether the schema may judge the new definition: not where it refuses the old one already."""
        if work.change.before is None:
            return True
        return not or_else(schema_of(work.target).problems(work.change.before), ())

    def undo(self, work: StepContext) -> None:
        with guests(work) as connection:
            if work.change.before is None:
                virt.undefine(connection, work.change.subject)
            else:
                virt.define(connection, work.change.before, validate=False)

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        uri, name = word(change.where or DEFAULT_URI), word(change.subject)
        # A shell drops the line ends of what it reads: one is put back before the digest is taken.
        before = None if change.before is None else change.before.rstrip(b"\n") + b"\n"
        checks = [f"guest_is {uri} {name} {digest(before)}"]
        if change.after is None:
            return checks, [f"virsh -c {uri} undefine --keep-nvram --domain {name}"]
        return checks, printing(change.after, f"virsh -c {uri} define /dev/stdin")

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        name, uri = quoted(work.change.subject), quoted(work.change.where or DEFAULT_URI)
        guest = f"guest {work.step} {name} {uri}"
        if work.change.before is None:
            return [], [f"{guest} undefine --keep-nvram {name}", f"back {work.step}"]
        return [], [f'{guest} define "$here/before/{work.step}"', f"back {work.step}"]


KIND = DomainKind()
