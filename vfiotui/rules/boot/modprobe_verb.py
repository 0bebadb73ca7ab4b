"""Every line of modprobe.d begins with a word that kmod knows.

Expected
    Lines begin with options, softdep, blacklist, alias, install, remove or weakdep, and the line above does not end in
    a backslash.
Why
    kmod ignores a line that begins with another word, and says so only to programs that ask for its log: the ids or
    the softdep in it are not in force. A backslash before the line end joins the next line, in comments too.
How it is read
    The first word of each line of modprobe.d; one that is almost a word of kmod was meant to be it. A statement below a
    line that ends in a backslash is joined to that.
Fix
    Spell the word, or remove the backslash, and build the initramfs again.
Valid for
    Every kmod.
Sources
    modprobe.d(5); libkmod/libkmod-config.c, kmod_config_parse; libkmod/libkmod-util.c, freadline_wrapped.
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
    yield from dead_lines(boot.modprobe, lambda f: modprobe_faults.faults(f.text), "verb", "write it so", boot.seen)
