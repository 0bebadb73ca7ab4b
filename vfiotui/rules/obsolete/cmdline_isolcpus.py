"""CPUs are isolated at run time rather than at boot.

Expected
    The command line does not hold isolcpus=.
Why
    isolcpus cannot be undone before the next boot and takes the CPUs from the host all day; a cpuset takes them
    only while the guest runs.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Use AllowedCPUs on user.slice, system.slice and init.scope from a hook; keep isolcpus for hosts that only
    serve.
Valid for
    systemd 244 and later with cgroup v2.
Sources
    Documentation/admin-guide/cpu-isolation.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, all_lines, fails, fix, holds, known, not_applicable, rule, seen
from vfiotui.rules.old_words import NO_WORD


@rule("CMDLINE-ISOLCPUS", Severity.INFO, needs=("boot",), fires="isolated", silent="clean", changes=(Part.BOOT,))
def check(facts: Facts) -> Answers:
    found = {
        word.text: line for line in reversed(known(facts.boot).lines) for word in line.words() if word.key == "isolcpus"
    }
    if found and known(facts.boot).cgroup_v2 is False:
        yield not_applicable(
            "host",
            "the host uses cgroup v1: a cpuset cannot do it",
            *(seen(line.source, text) for text, line in found.items()),
        )
        return
    for text, line in found.items():
        yield fails(
            "host",
            "isolcpus takes these CPUs from the host all day; a cpuset takes them only while the guest runs.",
            seen(line.source, text),
            fix=fix("consider a cpuset instead", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", NO_WORD, *(seen(line.source, line.text) for line in all_lines(facts)))
