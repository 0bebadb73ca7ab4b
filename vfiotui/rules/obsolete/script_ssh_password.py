"""No script holds a password for ssh.

Expected
    No hook or start script calls plink -pw or sshpass -p.
Why
    Who can read the script, a guest with a shared folder for one, is root on the host.
How it is read
    libvirt hooks and start scripts that name QEMU; the password itself is not shown.
Fix
    A key with a forced command in authorized_keys, or a key on the host's own keyboard.
Valid for
    Every system.
Sources
    sshd(8), AUTHORIZED_KEYS FILE FORMAT.
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, ByHand, all_scripts, by_hand, fails, holds, known, rule, seen

CALL = re.compile(r"\b(plink\b.*\s-pw|sshpass\s+-p)\s*\S+")


@rule("SCRIPT-SSH-PASSWORD", Severity.WARN, needs=("boot",), fires="old-guide", silent="clean")
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    files = (*boot.hooks, *boot.scripts)
    found = [(f, n, m[1]) for f in files for n, line in f.numbered() if (m := CALL.search(line))]
    for file, number, call in found:
        yield fails(
            file.path,
            "This script holds a password for ssh in plain text.",
            seen(f"{file.path}:{number}", f"{call.split()[0]} … (password not shown)"),
            fix=by_hand(ByHand.SCRIPT, "use a key with a forced command, and change the password", Risk.R1),
        )
    if not found:
        all_scripts(boot)
        yield holds("host", f"none of {len(files)} hooks and scripts holds one")
