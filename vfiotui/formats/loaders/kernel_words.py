"""One editor for every kernel command line: words in, words out; what a format does with them is its own affair.

Words are kept verbatim, double quotes hold blanks together, and what follows "--" is for init and stays last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.cmdline import split

COMMAND_LINE_SIZE = 2048
"""What x86 kernels hold, with the closing NUL (arch/x86/include/asm/setup.h)."""

FOR_INIT = "--"

WRITABLE = re.compile(r"[!\"#%()*+,\-./0-9:=?@A-Z\[\]^_a-z{}~ ]+")
"""What every loader, every shell and GRUB's own language read alike."""

BOOTS_THE_SYSTEM = frozenset(
    "root rootflags rootfstype rootwait rootdelay rootovl roothash usrhash real_root nfsroot ro rw init rdinit initrd"
    " cryptdevice cryptkey cryptopts crypt_root cryptroot resume resume_offset noresume boot zfs ostree subvol verity"
    " dolvm domdadm BOOT_IMAGE rd".split()
)
"""Parameters that find, unlock and mount the system."""
BEGINS_SUCH = ("rd.", "luks.", "mount.", "systemd.verity", "bootc.", "composefs.", "zfs.", "spl.")
"""How all parameters of a module or a program that does so begin."""

EACH_COUNTS = frozenset("hugepages hugepagesz console earlycon memmap modprobe.blacklist pci".split())
"""Parameters of which every occurrence counts, not only the last."""


@dataclass(frozen=True, slots=True)
class OptionEdit:
    """Options of a comma list to be there or not: intel_iommu=on,igfx_off."""

    key: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WordEdit:
    """What is asked of a command line, carried out in this order; what already holds is left as it stands."""

    remove: tuple[str, ...] = ()
    """Words that go, wherever they are, compared as a whole."""
    replace: tuple[str, ...] = ()
    """Words that take the place of the word with the same key, or are added where there is none."""
    options: tuple[OptionEdit, ...] = ()
    add: tuple[str, ...] = ()
    """Words that are there afterwards. Words with a blank between them stay side by side: "hugepagesz=1G hugepages=8"
    is there only where the two follow each other."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a file, and where it stands."""

    text: str
    fixed: bool = False
    """A variable or a macro makes it, or it has no place of its own: it cannot be changed where it stands."""
    line_number: int = 0
    line_text: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A word of the result."""

    text: str
    index: int | None = None
    """Which of the words before it was; None for a new one."""


def key_of(word: str) -> str:
    """The parameter's name as the kernel compares it, with _ for -.

    >>> key_of("vfio-pci.ids=10de:2206"), key_of('"a b=c"')
    ('vfio_pci.ids', 'a b')
    """
    return word.strip('"').partition("=")[0].replace("-", "_")


def is_protected(word: str) -> bool:
    """Whether the word finds, unlocks or mounts the system, so that no edit may touch it.

    >>> [is_protected(w) for w in ("root=UUID=1", "rd.luks.uuid=1", "systemd.verity_root_data=/x")]
    [True, True, True]
    >>> [is_protected(w) for w in ("iommu=pt", "rootless")]
    [False, False]
    """
    key = key_of(word)
    return key in BOOTS_THE_SYSTEM or key.startswith(BEGINS_SUCH)


def check(edit: WordEdit) -> None:
    """Raise EditRefused where the goal itself cannot be carried out on any file."""
    wanted_words = [*edit.add, *edit.replace, *(f"{o.key}={x}" for o in edit.options for x in o.add)]
    leaving = [*edit.remove, *(o.key for o in edit.options)]
    for text in (*wanted_words, *leaving):
        words = split(text)
        if not words:
            raise EditRefused("An empty word cannot be put on a kernel command line.")
        if FOR_INIT in words:
            raise EditRefused("“--” parts the kernel's words from init's and is not edited.")
        for word in words:
            if is_protected(word):
                raise EditRefused(f"{key_of(word)} decides whether the system is found and mounted; edit it by hand.")
            if word.count('"') % 2:
                raise EditRefused(f"A quote in {word} is never closed.")
    for text in wanted_words:
        if not WRITABLE.fullmatch(text) or text.startswith("#"):
            raise EditRefused("Only plain printable characters that no loader reads as its own can be added.")
    for text in edit.replace:
        if len(split(text)) != 1:
            raise EditRefused("One word at a time can take the place of another.")


def rewrite(before: Sequence[Word], edit: WordEdit) -> tuple[Kept, ...]:
    """The words after the edit, in order; equal to the words before where nothing has to change.

    Raises EditRefused for a protected word, a word that is put together elsewhere, an open quote, and a line that
    grows beyond what the kernel holds.

    >>> [k.text for k in rewrite([Word("quiet"), Word("--"), Word("x")], WordEdit(add=("iommu=pt",)))]
    ['quiet', 'iommu=pt', '--', 'x']
    """
    check(edit)
    for word in before:
        if word.text.count('"') % 2:
            raise EditRefused("A quote on the kernel command line is never closed.", word.line_number, word.line_text)
    line = _Line(before)
    for text in edit.remove:
        line.remove(split(text))
    for text in edit.replace:
        line.replace(text)
    for option in edit.options:
        line.change_options(option)
    for text in edit.add:
        line.add(split(text))
    after = (*line.words, *line.rest)
    old, new = _size(w.text for w in before), _size(k.text for k in after)
    if new >= COMMAND_LINE_SIZE and new > old:
        last = before[-1] if before else Word("")
        raise EditRefused(
            f"The command line would have {new} bytes; the kernel reads {COMMAND_LINE_SIZE - 1} and drops the rest.",
            last.line_number,
            last.line_text,
        )
    return after


def _size(texts: Iterable[str]) -> int:
    """In bytes, with one blank between two words."""
    return len(" ".join(texts).encode("utf-8", "surrogateescape"))


class _Line:
    """The kernel's own words while they are edited, and the rest from "--" on."""

    def __init__(self, before: Sequence[Word]) -> None:
        self.before = before
        kept = [Kept(word.text, i) for i, word in enumerate(before)]
        end = next((i for i, k in enumerate(kept) if k.text == FOR_INIT), len(kept))
        self.words, self.rest = kept[:end], kept[end:]

    def places(self, run: tuple[str, ...]) -> list[int]:
        """Where these words follow each other."""
        return [i for i in range(len(self.words)) if tuple(k.text for k in self.words[i : i + len(run)]) == run]

    def with_key(self, key: str) -> list[int]:
        return [i for i, k in enumerate(self.words) if key_of(k.text) == key_of(key)]

    def drop(self, place: int) -> None:
        self._may_change(place)
        del self.words[place]

    def put(self, place: int, text: str) -> None:
        if self.words[place].text != text:
            self._may_change(place)
            self.words[place] = Kept(text, self.words[place].index)

    def _may_change(self, place: int) -> None:
        index = self.words[place].index
        word = self.before[index] if index is not None else None
        if word is not None and word.fixed:
            raise EditRefused(
                f"{word.text} is put together from elsewhere or shares its quotes with other words; edit it by hand.",
                word.line_number,
                word.line_text,
            )

    def add(self, run: tuple[str, ...]) -> None:
        if not self.places(run):
            self.words += [Kept(text) for text in run]

    def remove(self, run: tuple[str, ...]) -> None:
        while places := self.places(run):
            for place in reversed(range(places[0], places[0] + len(run))):
                self.drop(place)

    def replace(self, text: str) -> None:
        places = self.with_key(text)
        if not places:
            self.words.append(Kept(text))
            return
        if len(places) > 1 and key_of(text) in EACH_COUNTS:
            word = self.before[self.words[places[-1]].index or 0]
            raise EditRefused(
                f"{key_of(text)} is given {len(places)} times and each counts; say which one goes.",
                word.line_number,
                word.line_text,
            )
        self.put(places[-1], text)
        for place in reversed(places[:-1]):
            self.drop(place)

    def change_options(self, edit: OptionEdit) -> None:
        places = self.with_key(edit.key)
        present = {o for p in places for o in _options(self.words[p].text)}
        missing = [o for o in edit.add if o not in present and o not in edit.remove]
        for place in reversed(places):
            told = _options(self.words[place].text)
            wanted = [o for o in told if o not in edit.remove] + (missing if place == places[-1] else [])
            if wanted == told:
                continue
            if wanted:
                key = self.words[place].text.strip('"').partition("=")[0]
                self.put(place, f"{key}={','.join(wanted)}")
            else:
                self.drop(place)
        if missing and not places:
            self.words.append(Kept(f"{edit.key}={','.join(missing)}"))


def _options(word: str) -> list[str]:
    """The options of a comma list; none for a bare word."""
    return [o for o in word.strip('"').partition("=")[2].strip('"').split(",") if o]
