"""How an element of domain XML is declared: once, for reading it, for editing it, and for saying what is wrong in it.

class EmulatorPin(Part):
    "The host CPUs of QEMU's own threads."
    path = "cputune/emulatorpin"
    cpuset = Cpus("cpuset", "host CPUs")

EmulatorPin.of(domain).cpuset       # frozenset({0, 6}); None where it is missing or damaged
EmulatorPin.cpuset.spelled({0, 6})  # "0,6"
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from vfiotui.formats.domain_xml.words import MOST_CPUS, cpuset, number, scaled
from vfiotui.formats.domain_xml.xml_text import NAMES, Element
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.topology import CpuSet

T = TypeVar("T")
TEXT = ""
"""In place of an attribute's name: the text inside the element."""


class Attribute(ABC, Generic[T]):
    """One word of an element: an attribute, or the text inside. Read through a Part, `absent` where it is not there."""

    def __init__(self, name: str, meaning: str, absent: T) -> None:
        self.name = name
        self.meaning = meaning
        self.absent = absent
        self.path = ""
        """Of the element that it was declared for."""

    def __set_name__(self, owner: type[Part], _: str) -> None:
        self.path = owner.path

    def word(self, element: Element) -> str | None:
        """What is written there; None where the attribute is missing."""
        return element.attributes.get(self.name) if self.name else element.text

    @abstractmethod
    def read(self, element: Element) -> T:
        """The value of an element that is there."""

    def is_sound(self, word: str, element: Element) -> bool:
        """Whether a word that stands there makes sense."""
        return True

    @overload
    def __get__(self, part: None, owner: type[Part]) -> Self: ...

    @overload
    def __get__(self, part: Part, owner: type[Part]) -> T: ...

    def __get__(self, part: Part | None, owner: type[Part]) -> Self | T:
        if part is None:
            return self
        element = part.element
        return self.absent if element is None else self.read(element)


class Written(Attribute[T]):
    """An attribute that can be set: a value alone says what is written. An amount has no spelling without its unit."""

    @abstractmethod
    def spelled(self, value: T) -> str:
        """A value as libvirt writes it."""


class Word(Written[str]):
    """A word or a path, without blanks around it where it is text."""

    def __init__(self, name: str, meaning: str, absent: str = "") -> None:
        super().__init__(name, meaning, absent)

    def read(self, element: Element) -> str:
        return element.attributes.get(self.name, self.absent) if self.name else element.text.strip()

    @overload
    def __get__(self, part: None, owner: type[Part]) -> Self: ...

    @overload
    def __get__(self, part: Part, owner: type[Part]) -> str: ...

    def __get__(self, part: Part | None, owner: type[Part]) -> Self | str:
        # As above, in one call: most of what is read are words.
        if part is None:
            return self
        element = part.element
        if element is None:
            return self.absent
        return element.attributes.get(self.name, self.absent) if self.name else element.text.strip()

    def spelled(self, value: str) -> str:
        return value


class Switch(Written[bool | None]):
    """One of two words; None for any other."""

    def __init__(self, name: str, meaning: str, on: str = "on", off: str = "off") -> None:
        super().__init__(name, meaning, None)
        self.values = {on: True, off: False}

    def read(self, element: Element) -> bool | None:
        return self.values.get(self.word(element) or "")

    def spelled(self, value: bool | None) -> str:
        return next(word for word, meant in self.values.items() if meant is bool(value))


class Number(Written[int | None]):
    """A whole number; None where it is missing or damaged."""

    def __init__(self, name: str, meaning: str, absent: int | None = None) -> None:
        super().__init__(name, meaning, absent)

    def read(self, element: Element) -> int | None:
        word = self.word(element)
        return self.absent if word is None else number(word)

    def is_sound(self, word: str, element: Element) -> bool:
        return number(word) is not None

    def spelled(self, value: int | None) -> str:
        return str(value or 0)


class Cpus(Written[CpuSet | None]):
    """A set of CPUs or nodes; None where it is missing or damaged."""

    def __init__(self, name: str, meaning: str) -> None:
        super().__init__(name, meaning, None)

    def read(self, element: Element) -> CpuSet | None:
        return cpuset(self.word(element))

    def is_sound(self, word: str, element: Element) -> bool:
        return cpuset(word) is not None

    def spelled(self, value: CpuSet | None) -> str:
        return format_list(value or frozenset())


class Amount(Attribute[int | None]):
    """Bytes, with the unit in an attribute of that name; None where they are missing or damaged.

    `unit` is what libvirt assumes where the attribute is missing.
    """

    def __init__(self, name: str, meaning: str, unit: str = "KiB") -> None:
        super().__init__(name, meaning, None)
        self.unit = unit

    def read(self, element: Element) -> int | None:
        return scaled(self.word(element), element.attributes.get("unit", self.unit))

    def is_sound(self, word: str, element: Element) -> bool:
        return scaled(word, element.attributes.get("unit", self.unit)) is not None


class Part:
    """One element of a domain, or the place where it would stand: then each of its words is absent."""

    path: ClassVar[str] = ""
    """Names below <domain>, * for any; that of a namespace in braces."""
    order: ClassVar[tuple[str, ...]] = ()
    """Its children in the order that libvirt writes them in (virDomainDefFormat)."""
    below: ClassVar[tuple[str, ...]] = ()
    """The path as it is seen from the domain, from the first element on the way to it, and so on."""
    depth: ClassVar[int] = 0
    """How many names the path has."""
    words: ClassVar[tuple[Attribute[Any], ...]] = ()
    """What is declared of it."""
    judged: ClassVar[tuple[Attribute[Any], ...]] = ()
    """Those of them that can make no sense."""

    __slots__ = ("element",)

    def __init__(self, element: Element | None) -> None:
        self.element = element

    def __init_subclass__(cls) -> None:
        names = NAMES.findall(cls.path)
        cls.depth = len(names)
        cls.below = tuple("/".join(names[at:]) for at in range(cls.depth))
        cls.words = (*cls.words, *(word for word in vars(cls).values() if isinstance(word, Attribute)))
        cls.judged = tuple(word for word in cls.words if isinstance(word, (Number, Cpus, Amount)))

    @classmethod
    def of(cls, above: Part) -> Self:
        """The first one below an element on the way to it."""
        element = above.element
        return cls(None if element is None else element.find(cls.below[above.depth]))

    @classmethod
    def each(cls, above: Part) -> list[Self]:
        """All of them below an element on the way to it."""
        element = above.element
        return [] if element is None else [cls(e) for e in element.all(cls.below[above.depth])]

    @property
    def given(self) -> bool:
        """Whether the element is there."""
        return self.element is not None

    @classmethod
    def damage(cls, element: Element) -> Iterator[tuple[str, str]]:
        """The words of an element that make no sense to libvirt, each with the attribute's name."""
        for word in cls.judged:
            written = word.word(element)
            if written is not None and not word.is_sound(written, element):
                yield word.name, written

    @classmethod
    def cpus_in(cls, element: Element) -> int:
        """How many CPUs the sets of an element hold; a damaged set counts as the largest, which it may be."""
        sets = (cpuset(written) for word in cls.judged if isinstance(word, Cpus) and (written := word.word(element)))
        return sum(MOST_CPUS if cpus is None else len(cpus) for cpus in sets)
