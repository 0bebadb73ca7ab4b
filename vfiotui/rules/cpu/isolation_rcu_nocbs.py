"""rcu_nocbs is not given beside the same nohz_full.

Expected
    rcu_nocbs= names a CPU that nohz_full= does not.
Why
    nohz_full implies rcu_nocbs for its CPUs; the second list only has to be kept in step.
How it is read
    The kernel command line.
Fix
    Drop rcu_nocbs=.
Valid for
    Kernel 3.10 and later.
Sources
    Documentation/admin-guide/kernel-parameters.txt: nohz_full=, rcu_nocbs=.
"""

from __future__ import annotations

from vfiotui.model.base.reading import at
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule(
    "ISOLATION-RCU-NOCBS",
    Severity.INFO,
    needs=("boot",),
    fires="isolated",
    silent="tower",
    only_running=True,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    line = known(known(facts.boot).cmdline)
    nocbs, full = line.last("rcu_nocbs"), line.last("nohz_full")
    if not nocbs or not full:
        yield not_applicable("host", "rcu_nocbs and nohz_full are not both given", seen(line.source, line.text))
        return
    evidence = seen(line.source, f"nohz_full={full} rcu_nocbs={nocbs}")
    if nocbs == "all":
        yield holds("host", "rcu_nocbs names all CPUs", evidence)
        return
    if known(at(line.source, parse_list(nocbs))) <= known(at(line.source, parse_list(full))):
        yield fails(
            "host",
            "rcu_nocbs repeats what nohz_full implies.",
            evidence,
            fix=fix("drop rcu_nocbs", Risk.R2, ("cmdline.remove", f"rcu_nocbs={nocbs}")),
        )
    else:
        yield holds("host", "rcu_nocbs names more CPUs than nohz_full", evidence)
