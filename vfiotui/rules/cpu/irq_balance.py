"""irqbalance leaves the CPUs of vCPUs alone.

Expected
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

from vfiotui.formats.shell.assignments import Computed, parse, value_of
from vfiotui.model.base.reading import Unread, Why, at
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.cpu.cpuset import format_list, parse_list, parse_mask
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, fails, fix, guests, holds, known, not_applicable, rule, seen

LIST, MASK = "IRQBALANCE_BANNED_CPULIST", "IRQBALANCE_BANNED_CPUS"


def banned(files: tuple[ConfigFile, ...]) -> frozenset[int]:
    """The CPUs that the settings take out; the check ends where that cannot be told."""
    found = frozenset[int]()
    for file in files:
        assigned = parse(file.text)
        for name, read in ((LIST, parse_list), (MASK, parse_mask)):
            value = value_of(assigned, name)
            if isinstance(value, Computed):
                known(Unread(f"line {value.line} lets the shell compute {name}", Why.NOT_HERE, file.path))
            elif value:
                found |= known(at(file.path, read(str(value))))
    return found


def isolated(facts: Facts) -> frozenset[int]:
    """The CPUs that irqbalance leaves alone by itself; of a disk those that the next command line names."""
    if facts.mode is not Mode.ROOT or not isinstance(facts.cpu, Unread):
        return known(known(facts.cpu).isolated_cpus)
    line = known(known(facts.boot).next_line)
    full, spans = line.last("nohz_full") or "", line.last("isolcpus") or ""
    # Flags such as managed_irq stand ahead of the list.
    plain = ",".join(part for part in spans.split(",") if part[:1].isdigit())
    return known(at(line.source, parse_list(full))) | known(at(line.source, parse_list(plain)))


@rule("IRQ-BALANCE", Severity.WARN, needs=("services", "isolation", "virt"), fires="tower", silent="clean")
def check(facts: Facts) -> Answers:
    services, isolation = known(facts.services), known(facts.isolation)
    guests(facts)
    pinned = pinned_cpus(facts.virt)
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
        return
    if not services.wanted("irqbalance"):
        known(services.every)
        yield not_applicable("host", "irqbalance does not run", seen("/etc/systemd/system", "no irqbalance"))
        return
    files = known(isolation.irqbalance)
    free = pinned - banned(files)
    if free:
        free -= isolated(facts)
    evidence = [seen(f.path, f"bans {format_list(banned((f,))) or 'none'}") for f in files]
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
