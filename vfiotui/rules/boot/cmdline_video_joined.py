"""Each video= word is about one framebuffer.

Expected
    No word such as video=vesafb:off,efifb:off.
Why
    The kernel takes the name before the first colon for the framebuffer, and the rest for its options: efifb and
    simplefb get nothing.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Drop the word: vfio-pci takes the firmware's framebuffer from the card by itself.
Valid for
    Every kernel.
Sources
    drivers/video/fbdev/core/fb_cmdline.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_words import dead_words
from vfiotui.rules.engine import LINES, Answers, rule


@rule("CMDLINE-VIDEO-JOINED", Severity.WARN, needs=("boot",), fires="video-joined", silent="clean", reads=LINES)
def check(facts: Facts) -> Answers:
    yield from dead_words(facts, "video", "drop it")
