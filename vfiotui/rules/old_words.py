"""Words of the kernel's command line that are no good today: one check for all of them."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import Word
from vfiotui.model.boot.machine import kernel_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk
from vfiotui.rules.engine import Answers, all_lines, fails, fix, holds, known, not_applicable, seen

NO_WORD = "no such word on the command line"
OLD_KERNEL = "this kernel is older than what the rule is about"


def gone_at_boot(boot: Boot, *texts: str) -> bool:
    """Whether the next boot has none of these words any more: no edit takes them out of the running kernel."""
    lines = boot.next_lines
    if isinstance(lines, Unread) or isinstance(boot.configured, Unread):
        return False
    return not {w.text for line in (*lines, boot.configured) for w in line.words()}.intersection(texts)


def written_by_hand(boot: Boot, *texts: str) -> str:
    """Where the next boot's entry has one of these words that no generator's source has; empty where one has it."""
    if isinstance(boot.path, Unread) or isinstance(boot.configured, Unread):
        return ""
    if {w.text for w in boot.configured.words()}.intersection(texts):
        return ""
    for entry in boot.path.candidates:
        words = or_else(entry.words, None)
        by_hand = not entry.maker and not entry.unified
        if by_hand and words is not None and {w.text for w in words.words()}.intersection(texts):
            return words.source
    return ""


def without(boot: Boot, texts: tuple[str, ...], advice: str, right: tuple[str, ...] = ()) -> Fix:
    """The fix that takes words from the command line, and puts others in; a reboot where the next one lacks them."""
    if gone_at_boot(boot, *texts):
        return fix("boot again: the next command line does not have it", Risk.R0)
    place = written_by_hand(boot, *texts)
    if place:
        return fix(f"{advice}; the entry was written by hand: edit {place}", Risk.R2)
    goals = (*(("cmdline.remove", text) for text in texts), *(("cmdline.add", text) for text in right))
    return fix(advice, Risk.R2, *goals)


def old_word(
    facts: Facts, is_old: Callable[[Word], bool], sentence: str, advice: str, since: tuple[int, int] | None = None
) -> Answers:
    """Fails for each word of the running or the next command line that is no good today; the fix drops it.

    `since` is the first kernel on which the word is no good.
    """
    boot = known(facts.boot)
    found = {word.text: line for line in reversed(boot.lines) for word in line.words() if is_old(word)}
    if not found:
        yield holds("host", NO_WORD, *(seen(line.source, line.text) for line in all_lines(facts)))
    elif since is not None and not known(kernel_since(facts, since)):
        yield not_applicable("host", OLD_KERNEL, *(seen(line.source, text) for text, line in found.items()))
    else:
        for text, line in found.items():
            yield fails("host", sentence, seen(line.source, text), fix=without(boot, (text,), advice))
