"""The commands that make anew what somebody made anew since a change: for the kernels that are there now.

kernel-install is asked for each kernel by name (kernel-install(8)): those that went since are left out, and those that
came are added. Every other generator goes through the kernels by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.apply.steps.step import StepContext
from vfiotui.host.boot.makers.kernel_install import kernel_installs
from vfiotui.model.change.change import Change

ADD = ("kernel-install", "add")
"""Then the release, and the kernel's file."""


def adds_kernel(change: Change) -> bool:
    """Whether a step is kernel-install for one kernel."""
    return change.kind == "command" and change.argv[:2] == ADD and len(change.argv) > 3


def runs(works: Sequence[StepContext], steps: Sequence[StepContext]) -> list[tuple[StepContext, tuple[str, ...]]]:
    """The commands of `works` in order, each with the step to which it belongs; `steps` are all of the change.

    A command for a kernel's file that is not there is left out; those for kernels of which no step is stand behind the
    last one for a kernel.
    """
    found = [(w, w.change.argv) for w in works if not adds_kernel(w.change) or _is_there(w)]
    adders = [w for w in works if adds_kernel(w.change)]
    if not adders:
        return found
    known = {w.change.argv[2] for w in steps if adds_kernel(w.change)}
    came = [(adders[-1], a) for a in kernel_installs(adders[-1].target.root) if a[2] not in known]
    last = max((n for n, (w, _) in enumerate(found, 1) if adds_kernel(w.change)), default=len(found))
    return [*found[:last], *came, *found[last:]]


def _is_there(work: StepContext) -> bool:
    return work.target.root.exists(work.change.argv[3]) is not False
