"""The kernel command line as words; a word is kept exactly as it was written."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One parameter: its text, and what the kernel makes of it."""

    text: str
    key: str
    """With - and _ folded to _, as the kernel compares parameter names."""
    value: str | None
    """Without quotes; None for a bare word."""

    @property
    def options(self) -> tuple[str, ...]:
        """The parts of a comma list."""
        return tuple((self.value or "").split(","))


def split(text: str) -> tuple[str, ...]:
    """The words of a command line; double quotes keep blanks together (kernel lib/cmdline.c next_arg).

    >>> split('a b="c d" "e=f g"')
    ('a', 'b="c d"', '"e=f g"')
    """
    words: list[str] = []
    word, quoted = "", False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char.isspace() and not quoted:
            if word:
                words.append(word)
            word = ""
        else:
            word += char
    if word:
        words.append(word)
    return tuple(words)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A kernel command line and where it was read."""

    text: str
    source: str
    """Path inside the root."""

    def words(self) -> Iterator[Word]:
        """Every parameter for the kernel, in order; what follows "--" is for init and is left out."""
        for text in split(self.text):
            if text == "--":
                return
            bare = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
            key, equals, value = bare.partition("=")
            yield Word(text, key.replace("-", "_"), value.strip('"') if equals else None)

    def values(self, key: str) -> tuple[str | None, ...]:
        """All values given for a parameter, in order.

        >>> CommandLine("hugepages=1 quiet hugepages=2", "").values("hugepages")
        ('1', '2')
        """
        folded = key.replace("-", "_")
        return tuple(w.value for w in self.words() if w.key == folded)

    def last(self, key: str) -> str | None:
        """The value that wins, or None where the parameter is absent or bare; see `has`."""
        values = self.values(key)
        return values[-1] if values else None

    def has(self, key: str) -> bool:
        """Whether the parameter is there at all."""
        return bool(self.values(key))

    def options(self, key: str) -> tuple[str, ...]:
        """The comma-separated options of every occurrence, in order: intel_iommu=on,igfx_off."""
        return tuple(o for v in self.values(key) if v for o in v.split(","))
