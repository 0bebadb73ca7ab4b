"""Variables of /etc/default/grub are those that grub-mkconfig knows.

Expected
    GRUB_CMDLINE_LINUX_DEFAULT and GRUB_CMDLINE_LINUX are spelt so.
Why
    grub-mkconfig does not look at other variables: words in them reach no kernel, and nothing says so.
How it is read
    Variables whose names are almost one of those, and that the file does not use itself.
Fix
    Correct the line, and build grub.cfg again.
Valid for
    Every GRUB 2.
Sources
    GRUB manual, simple configuration handling; util/grub-mkconfig.in.
"""

from __future__ import annotations

from vfiotui.formats.loaders import grub_faults
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import CONFIGURED_LINE, Answers, known, rule


@rule("GRUB-VARIABLE", Severity.WARN, needs=("boot",), fires="grub-misspelt", silent="clean", reads=CONFIGURED_LINE)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    files = [f for f in boot.loader_config if f.path.startswith("/etc/default/grub")]
    yield from dead_lines(
        files, lambda f: grub_faults.faults(f.text), "name", "put its words into the right variable", boot.seen
    )
