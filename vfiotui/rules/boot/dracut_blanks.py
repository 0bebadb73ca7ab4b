"""Lists of dracut that += appends have blanks at both ends.

Expected
    add_drivers+=" vfio_pci vfio ": a blank behind the first quote and before the last one.
Why
    Every file appends to one text. Without the blanks the last word of one file and the first of the next become one
    name, and no such module goes into the image.
How it is read
    The += lines of /etc/dracut.conf and dracut.conf.d.
Fix
    Put the blanks in, and build the initramfs again.
Valid for
    Every dracut.
Sources
    dracut.conf(5).
"""

from __future__ import annotations

from vfiotui.formats.initramfs import dracut_faults
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import LISTS, Answers, known, rule


@rule("DRACUT-BLANKS", Severity.WARN, needs=("boot",), fires="dracut-words", silent="clean", reads=LISTS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    files = [f for f in boot.initramfs_config if f.path.startswith("/etc/dracut.conf")]
    yield from dead_lines(files, lambda f: dracut_faults.faults(f.text), "blanks", "write it so", boot.lists_seen)
