"""Programs of a mounted system run as root on this host only where a person agreed to that."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.apply.chroot import walls
from vfiotui.apply.errors import Trouble
from vfiotui.apply.target import Site
from vfiotui.model.change.plan import Plan


def programs_of(site: Site, plan: Plan) -> tuple[str, ...]:
    """The programs of a mounted system that applying a plan runs; none on the running one, whose own they are."""
    return () if site.is_live else tuple(dict.fromkeys(s.argv[0] for s in plan.steps if s.argv))


def consent_words(site: Site, programs: Iterable[str]) -> str:
    """What a person agrees to, as a half sentence."""
    lacking = walls()[1]
    names = " and ".join(f"'{p}'" for p in programs)
    said = f" ({lacking})" if lacking else ""
    return f"{names} of the system at {site.folder}, with its /bin/sh, as root on this host{said}"


def must_be_agreed(site: Site, programs: Iterable[str]) -> None:
    """Trouble where programs of a mounted system would run and nobody agreed to that."""
    wanted = tuple(programs)
    if wanted and not site.is_live and not site.runs_programs:
        raise Trouble(
            f"this runs {consent_words(site, wanted)}: give --run-its-programs where you trust that system; nothing of "
            "it was run"
        )
