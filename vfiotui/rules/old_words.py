"""Words of the kernel's command line that are no good today: one check for all of them."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.model.boot.cmdline import Word
from vfiotui.model.boot.machine import kernel_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.rules.engine import Answers, all_lines, fails, fix, holds, known, not_applicable, seen

NO_WORD = "no such word on the command line"
OLD_KERNEL = "this kernel is older than what the rule is about"


def old_word(
    facts: Facts, is_old: Callable[[Word], bool], sentence: str, advice: str, since: tuple[int, int] | None = None
) -> Answers:
    """Fails for each word of the running or the next command line that is no good today; the fix drops it.

    `since` is the first kernel on which the word is no good.
    """
    found = {word.text: line for line in reversed(known(facts.boot).lines) for word in line.words() if is_old(word)}
    if not found:
        yield holds("host", NO_WORD, *(seen(line.source, line.text) for line in all_lines(facts)))
    elif since is not None and not known(kernel_since(facts, since)):
        yield not_applicable("host", OLD_KERNEL, *(seen(line.source, text) for text, line in found.items()))
    else:
        for text, line in found.items():
            yield fails("host", sentence, seen(line.source, text), fix=fix(advice, Risk.R2, ("cmdline.remove", text)))
