"""Each line of a list of modules names one module.

Expected
    /etc/modules and modules-load.d hold one name on a line and no options; initramfs-tools/modules one name, and only
    options of that module behind it. No line begins with options or softdep.
Why
    systemd-modules-load takes the whole line for the name of a module, and loads nothing. initramfs-tools hands what
    follows the first name to modprobe as options: further modules on the line are not loaded.
How it is read
    The lines of /etc/modules, modules-load.d and /etc/initramfs-tools/modules.
Fix
    One module on a line; options and softdep lines go to modprobe.d.
Valid for
    Every systemd; initramfs-tools.
Sources
    modules-load.d(5); src/modules-load/modules-load.c; initramfs-tools(7), /etc/initramfs-tools/modules.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.fault import Fault
from vfiotui.formats.modprobe import list_faults
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import LISTS, Answers, known, rule

INITRAMFS = "/etc/initramfs-tools/modules"


def _faults(file: ConfigFile) -> Iterable[Fault]:
    return list_faults.faults(file.text, file.path == INITRAMFS)


@rule("MODULES-LINE", Severity.WARN, needs=("boot",), fires="crowded-lists", silent="clean", reads=LISTS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    lists = [f for f in boot.initramfs_config if f.path == INITRAMFS]
    yield from dead_lines((*lists, *boot.modules_load), _faults, "line", "one module on a line", boot.lists_seen)
