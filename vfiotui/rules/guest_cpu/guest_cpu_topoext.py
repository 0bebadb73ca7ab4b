"""Threads of an AMD core are seen as threads.

Expected
    On an AMD host a guest with the host's processor and threads in its topology requires the feature topoext.
Why
    Without it the guest takes threads for cores: its scheduler puts two busy tasks on one core while others
    idle. QEMU says 'This family of AMD CPU doesn't support hyperthreading'.
How it is read
    <topology>, <feature name='topoext'>, vendor_id of /proc/cpuinfo.
Fix
    <feature policy='require' name='topoext'/> below <cpu>.
Valid for
    AMD hosts; mode host-passthrough or maximum.
Sources
    QEMU target/i386/cpu.c; Looking Glass documentation, libvirt.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule(
    "GUEST-CPU-TOPOEXT", Severity.WARN, needs=("cpu",), fires="guest-cpu", silent="guest-fine", changes=(Part.X86,)
)
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.topology is None or domain.topology[3] < 2 or domain.cpu_mode not in ("host-passthrough", "maximum"):
        return
    vendor = known(known(facts.cpu).vendor)
    if vendor not in ("AuthenticAMD", "HygonGenuine"):
        return
    evidence = (seen(domain.source, f"{domain.topology[3]} threads for each core"), seen("/proc/cpuinfo", vendor))
    if domain.cpu.has("topoext"):
        yield holds(domain.name, "topoext is required", *evidence)
    else:
        yield fails(
            domain.name,
            "It has threads without topoext: its system takes them for cores.",
            *evidence,
            fix=fix("require topoext", Risk.R2, *in_xml(domain, ("domain.cpu.feature", "topoext"))),
        )
