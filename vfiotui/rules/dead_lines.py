"""Lines of configuration files that their reader does not take as they were meant: one answer for all such checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vfiotui.formats.fault import Fault
from vfiotui.model.base.reading import Reading
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.finding.finding import Risk
from vfiotui.rules.engine import Answers, counted, fails, fix, holds, known, seen
from vfiotui.rules.ids_in_force import with_vfio_first


def dead_lines(
    files: Iterable[ConfigFile],
    find: Callable[[ConfigFile], Iterable[Fault]],
    kind: str,
    advice: str,
    all_seen: Reading[bool],
) -> Answers:
    """Fails for each fault of a kind; the fix corrects the file in /etc, where the right line is known.

    Holds where no file has one, and all of them were seen.
    """
    looked = list({file.text: file for file in reversed(list(files))}.values())[::-1]
    bad = False
    for file in looked:
        faults = [f for f in find(file) if f.kind == kind]
        ours = file.path.startswith("/etc/")
        for fault in faults:
            bad = True
            corrects = ours and (fault.right or kind == "line")
            goal = (("config.repair", f"{kind}:{file.path}"),) if corrects else ()
            meant = f"{advice}: {' / '.join(fault.right.splitlines())}" if fault.right and kind != "name" else advice
            yield fails(
                file.path,
                fault.sentence,
                seen(f"{file.path}:{fault.line}", fault.text),
                fix=with_vfio_first(fix(meant, Risk.R2, *goal), fault.right or fault.text),
            )
    if not bad:
        known(all_seen)
        yield holds("host", f"no such line in {counted(len(looked), 'file')}")
