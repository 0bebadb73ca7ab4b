"""irqbalance leaves the CPUs of vCPUs alone.

What must hold
    Where irqbalance runs and guests are pinned, IRQBALANCE_BANNED_CPULIST names their CPUs.
Why
    It moves interrupts back onto the guest's CPUs every ten seconds, whatever was set by hand.
How it is read
    The unit irqbalance; /etc/default/irqbalance, /etc/sysconfig/irqbalance, /etc/irqbalance.env.
Fix
    Set IRQBALANCE_BANNED_CPULIST to the pinned CPUs, or switch irqbalance off. CPUs of isolcpus and nohz_full are
    left alone by itself.
Valid for
    irqbalance 1.8 and later for the list; older ones want the mask IRQBALANCE_BANNED_CPUS.
Sources
    irqbalance(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.model.boot import ConfigFile
from vfiotui.model.cpuset import format_list, parse_list, parse_mask
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.given import pinned_cpus
from vfiotui.model.reading import Unread, or_else
from vfiotui.rules.rule import Answer, fails, fix, holds, known, not_applicable, rule, seen

SETTING = re.compile(r"^(?:export\s+)?(IRQBALANCE_BANNED_CPUS|IRQBALANCE_BANNED_CPULIST)=[\"']?([^\"'\s]*)")


def banned(files: tuple[ConfigFile, ...]) -> frozenset[int]:
    """The CPUs that the settings take out."""
    found = frozenset[int]()
    for match in (SETTING.match(line) for file in files for _, line in file.numbered()):
        if match:
            cpus = parse_mask(match[2]) if match[1].endswith("CPUS") else parse_list(match[2])
            found |= or_else(cpus, frozenset())
    return found


@rule("IRQBALANCE-FREE", "H16", Severity.WARN, needs=("services", "isolation", "virt"), fires="tower", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    services, isolation = known(facts.services), known(facts.isolation)
    known(known(facts.virt).domains)
    pinned = pinned_cpus(facts.virt)
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
        return
    if services.unseen:
        known(services.enabled)
    if not services.wanted("irqbalance"):
        yield not_applicable("host", "irqbalance does not run", seen("/etc/systemd/system", "no irqbalance"))
        return
    boot = frozenset[int]()
    if not isinstance(facts.cpu, Unread):
        boot = or_else(facts.cpu.isolated, boot) | or_else(facts.cpu.nohz_full, boot)
    free = pinned - banned(isolation.irqbalance) - boot
    evidence = [seen(f.path, f"bans {format_list(banned((f,))) or 'none'}") for f in isolation.irqbalance]
    evidence = evidence or [seen("/etc/default/irqbalance", "is not there")]
    if free:
        yield fails(
            "host",
            f"irqbalance runs and may move interrupts onto CPUs {format_list(free)}, which carry vCPUs.",
            *evidence,
            fix=fix(
                f"IRQBALANCE_BANNED_CPULIST={format_list(pinned)} in {evidence[0].path}",
                Risk.R2,
                ("irqbalance.ban", format_list(pinned)),
            ),
        )
    else:
        yield holds("host", "irqbalance leaves the pinned CPUs alone", *evidence)
