"""Values in /etc/default/grub are quoted as the shell reads them.

Expected
    One pair of plain quotation marks around each value with blanks, closed on its line; no blank beside "=".
Why
    The file is a shell script. A value without quotes ends at the first blank, and the shell takes the rest for other
    variables, whose words are lost, or for a command, which ends grub-mkconfig: the menu stays as it was. A line break
    inside of the quotes ends the kernel's line in grub.cfg.
How it is read
    Lines of /etc/default/grub and grub.d that assign a variable.
Fix
    Correct the line, and build grub.cfg again.
Valid for
    Every GRUB 2.
Sources
    GRUB manual, simple configuration handling; POSIX shell command language, 2.9.1; util/grub-mkconfig.in (set -e).
"""

from __future__ import annotations

from vfiotui.formats.loaders import grub_faults
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import CONFIGURED_LINE, Answers, known, rule


@rule("GRUB-QUOTES", Severity.WARN, needs=("boot",), fires="grub-unquoted", silent="clean", reads=CONFIGURED_LINE)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    files = [f for f in boot.loader_config if f.path.startswith("/etc/default/grub")]
    yield from dead_lines(files, lambda f: grub_faults.faults(f.text), "quotes", "write it so", boot.seen)
