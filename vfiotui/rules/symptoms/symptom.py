"""What a symptom is: something that a person sees, and the checks that explain it."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One possible cause: a check whose failure makes this symptom."""

    code: str
    """Of the rule that finds whether it is so."""
    weight: int
    """Of a hundred hosts with this symptom on which this check fails: on how many it is the reason. An estimate that
    only orders the answers."""
    because: str
    """How it makes the symptom, as a sentence."""
    proof: str
    """What a person does to be sure, as a sentence."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that goes wrong, in the words of those to whom it happens."""

    name: str
    """For the command line: no-picture."""
    title: str
    """One line, without a full stop."""
    words: tuple[str, ...]
    """What people call it; a search finds it by them."""
    causes: tuple[Cause, ...]
    """In the order in which they are worth looking at."""
    by_hand: tuple[str, ...]
    """What no program on the host can see, and a person should look at; each a sentence."""
    sources: str
    of_host: bool = False
    """It happens to the host itself: devices that no guest has may explain it too."""

    def fits(self, wanted: str) -> bool:
        """Whether all words of a search stand in its name, its title or one thing that people call it.

        >>> Symptom("code-43", "Windows says Code 43", ("error 43",), (), (), "").fits("ERROR 43")
        True
        """
        phrases = [phrase.lower() for phrase in (self.name, self.title, *self.words)]
        return any(all(word in phrase for word in wanted.lower().split()) for phrase in phrases)
