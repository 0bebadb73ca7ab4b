"""What the last command of a change made, told from what somebody else made beside it: by time, and by kernel."""

from __future__ import annotations

from vfiotui.apply.programs.process import ENDED, SECONDS, STARTED
from vfiotui.apply.steps.step import StepContext
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.host.boot.kernel import installed
from vfiotui.host.changes import read_plan, read_progress
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else

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
