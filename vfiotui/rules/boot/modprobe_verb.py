"""Every line of modprobe.d begins with a word that kmod knows.

Expected
    Lines begin with options, softdep, blacklist, alias, install, remove or weakdep.
Why
    kmod ignores a line that begins with another word, and says so only to programs that ask for its log: the ids or
    the softdep in it are not in force.
How it is read
    The first word of each line of modprobe.d; one that is almost a word of kmod was meant to be it.
Fix
    Spell the word, and build the initramfs again.
Valid for
    Every kmod.
Sources
    modprobe.d(5); libkmod/libkmod-config.c, kmod_config_parse.
"""

from __future__ import annotations

from vfiotui.formats.modprobe import modprobe_faults
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import OPTIONS, Answers, known, rule


@rule("MODPROBE-VERB", Severity.WARN, needs=("boot",), fires="misspelt-verb", silent="clean", reads=OPTIONS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    yield from dead_lines(boot.modprobe, lambda f: modprobe_faults.faults(f.text), "verb", "spell the word", boot.seen)
