"""GRUB's settings are in /etc/default/grub.

Expected
    There is no /etc/defaults/grub.
Why
    No tool reads that file: what was written there by an old guide never reaches the kernel.
How it is read
    The presence of /etc/defaults/grub.
Fix
    Move its words to /etc/default/grub and run update-grub or grub-mkconfig.
Valid for
    Every GRUB.
Sources
    GRUB manual, simple configuration handling.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, ByHand, all_files, by_hand, fails, holds, known, rule, seen

MISSPELT = "/etc/defaults/grub"


@rule(
    "GRUB-CONFIG-PATH",
    Severity.WARN,
    needs=("boot",),
    fires="old-guide",
    silent="clean",
    reads=(MISSPELT,),
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    found = [f for f in known(facts.boot).loader_config if f.path == MISSPELT]
    for file in found:
        lines = file.numbered()
        yield fails(
            MISSPELT,
            "No tool reads /etc/defaults/grub; the file that counts is /etc/default/grub.",
            *(seen(f"{MISSPELT}:{n}", line) for n, line in lines[:3]),
            *(() if lines else (seen(MISSPELT, "is there"),)),
            fix=by_hand(
                ByHand.CHOICE,
                "move those of its words that you still want ('vfiotui plan cmdline.add=WORD'), and remove the file",
                Risk.R2,
            ),
        )
    if not found:
        all_files(known(facts.boot))
        yield holds("host", "there is no misspelt file", seen(MISSPELT, "is not there"))
