"""Programs of a mounted system run as root on this host only where a person agreed to that."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.chroot import walls
from vfiotui.apply.target import Target
from vfiotui.model.change.plan import Plan


def programs_of(target: Target, plan: Plan) -> tuple[str, ...]:
    """The programs of a mounted system that applying a plan runs; none on the running one, whose own they are."""
    return () if target.is_live else tuple(dict.fromkeys(s.argv[0] for s in plan.steps if s.argv))


def consent_words(target: Target, programs: Iterable[str]) -> str:
    """What a person agrees to, as a half sentence."""
    lacking = walls()[1]
    names = " and ".join(f"'{p}'" for p in programs)
    said = f" ({lacking})" if lacking else ""
    return f"{names} of the system at {target.folder}, with its /bin/sh, as root on this host{said}"


def must_be_agreed(target: Target, programs: Iterable[str]) -> None:
    """ApplyError where programs of a mounted system would run and nobody agreed to that."""
    wanted = tuple(programs)
    if wanted and not target.is_live and not target.runs_programs:
        raise ApplyError(
            f"this runs {consent_words(target, wanted)}: give --run-its-programs where you trust that system; nothing "
            "of it was run"
        )
