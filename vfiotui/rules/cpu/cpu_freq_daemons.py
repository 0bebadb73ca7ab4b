"""One program at most decides about frequencies.

Expected
    Not more than one of power-profiles-daemon, tuned, TLP, auto-cpufreq, system76-power, asusd and their kin runs.
Why
    Each overwrites what the other, or you, has set: governors jump back some seconds after a guest has started.
How it is read
    Units that run, or are wanted at boot and not masked; units that start with every user's session. What belongs
    together (tuned and tuned-ppd, TLP and tlp-pd) counts once.
Fix
    Keep one of them and switch the others off; systemctl mask keeps one off that others start.
Valid for
    Systems with systemd or OpenRC.
Sources
    Documentation/admin-guide/pm/cpufreq.rst; systemd.unit(5); the programs' own manuals, which exclude each other.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.services import Services
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, holds, known, rule, seen

PROGRAMS = {
    "power-profiles-daemon": ("power-profiles-daemon",),
    "tuned": ("tuned", "tuned-ppd"),
    "tlp": ("tlp", "tlp-pd"),
    "auto-cpufreq": ("auto-cpufreq", "snap.auto-cpufreq.service"),
    "system76-power": ("com.system76.PowerDaemon", "system76-power"),
    "asusd": ("asusd",),
    "tccd": ("tccd",),
    "cpupower": ("cpupower",),
    "cpufrequtils": ("cpufrequtils",),
    "laptop-mode": ("laptop-mode",),
}
"""Programs that set governors, preferences or the platform profile, with their units."""
OF_USERS = "gamemoded"
"""Sets the governor while a game of the host runs; a unit of each user."""


def deciders(services: Services) -> dict[str, str]:
    """The programs that decide, each with the unit that runs or will."""
    known(services.masked)
    found = {}
    for program, units in PROGRAMS.items():
        if wanted := services.wanted(*units):
            found[program] = wanted[0]
    if OF_USERS in known(services.for_users):
        found[OF_USERS] = OF_USERS
    return found


@rule("CPU-FREQ-DAEMONS", Severity.INFO, needs=("services",), fires="lazy", silent="clean", changes=(Part.POWER,))
def check(facts: Facts) -> Answers:
    services = known(facts.services)
    found = deciders(services)
    evidence = seen("/etc/systemd/system/*.wants", ", ".join(found.values()) or "none of them")
    if len(found) > 1:
        last = list(found)[-1]
        of_users = last == OF_USERS
        user = " --global" if of_users else " --now"
        yield fails(
            "host",
            f"{' and '.join(found)} all decide about frequencies: each overwrites the others.",
            evidence,
            fix=by_hand(ByHand.CHOICE, f"keep one of them: systemctl disable{user} {found[last]}", Risk.R2)
            if of_users
            else fix(f"keep one of them: systemctl disable{user} {found[last]}", Risk.R2, ("service.off", found[last])),
        )
    else:
        known(services.every)
        yield holds("host", f"{next(iter(found))} decides alone" if found else "no program decides", evidence)
