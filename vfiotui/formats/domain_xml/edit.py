"""Edits of a domain's XML by path; all other bytes stay.

A new element comes to stand where libvirt itself would write it (libvirt.org/formatdomain.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vfiotui.formats.domain_xml.schema import order_of
from vfiotui.formats.domain_xml.words import cpuset, number
from vfiotui.formats.domain_xml.xml_text import Edit, Element, XmlText, escaped


class DomainEdit:
    """One domain's XML; raises ValueError where the text is no sound domain."""

    def __init__(self, xml: str) -> None:
        self.document = XmlText(xml)
        if self.document.root.tag != "domain":
            raise ValueError(f"the XML is no domain but <{self.document.root.tag[:40]}>")

    @property
    def xml(self) -> str:
        """The text as it is now."""
        return self.document.text

    @property
    def root(self) -> Element:
        """The domain element of the present text."""
        return self.document.root

    def add(self, path: str, written: str) -> None:
        """Adds an element, written with a left margin of zero, to the parent at a path, which is made if need be."""
        parent = self.made(path)
        self.document.edit([self.document.insert_edit(parent, [written], order_of(path))])

    def remove(self, element: Element) -> None:
        """Takes an element of the present text away, with its line."""
        self.document.edit(self.document.remove_edits([element]))

    def made(self, path: str) -> Element:
        """The element at a path of names, made with its parents where it is not there; "" is the domain."""
        if not path:
            return self.root
        found = self.root.find(path)
        if found is None:
            above, _, name = path.rpartition("/")
            parent = self.made(above)
            self.document.edit([self.document.insert_edit(parent, [f"<{name}/>"], order_of(above))])
            found = self.root.find(path)
            assert found is not None
        return found

    def set_attribute(self, path: str, name: str, value: str | None) -> None:
        """Sets an attribute of the first element at a path, or takes it away; an element left bare goes too."""
        element = self.root.find(path)
        if value is None:
            if element is not None and name in element.attributes:
                alone = len(element.attributes) == 1 and not element.children and not element.text.strip()
                if alone:
                    self.remove(element)
                else:
                    self._edit(self.document.attribute_edit(element, name, None))
            return
        if element is None:
            above, _, tag = path.rpartition("/")
            quote = self.document.quote
            self.add(above, f"<{tag} {name}={quote}{escaped(value)}{quote}/>")
        else:
            self._edit(self.document.attribute_edit(element, name, value))

    def set_text(self, path: str, value: str | None) -> None:
        """Sets the words inside the first element at a path, or takes the element away."""
        element = self.root.find(path)
        if value is None:
            if element is not None:
                self.remove(element)
        elif element is None:
            above, _, tag = path.rpartition("/")
            self.add(above, f"<{tag}>{escaped(value)}</{tag}>")
        else:
            self._edit(self.document.text_edit(element, value))

    def set_on(self, element: Element, name: str, value: str | None) -> None:
        """Sets an attribute of an element of the present text, or takes it away."""
        self._edit(self.document.attribute_edit(element, name, value))

    def set_below(self, element: Element, tag: str, name: str, value: str | None, order: tuple[str, ...] = ()) -> None:
        """Sets an attribute of the child `tag` of an element, which is made if need be; one left bare goes away."""
        child = element.find(tag)
        if child is not None:
            bare = value is None and list(child.attributes) == [name] and not child.children
            self.document.edit(self.document.remove_edits([child])) if bare else self.set_on(child, name, value)
        elif value is not None:
            quote = self.document.quote
            self.add_to(element, f"<{tag} {name}={quote}{escaped(value)}{quote}/>", order or (tag,))

    def add_to(self, element: Element, written: str, order: tuple[str, ...] = ()) -> None:
        """Adds an element, written with a left margin of zero, to one of the present text."""
        self.document.edit([self.document.insert_edit(element, [written], order)])

    def set_words(self, element: Element, value: str) -> None:
        """Replaces the words inside an element of the present text."""
        self._edit(self.document.text_edit(element, value))

    def remove_all(self, elements: Sequence[Element], *, prune: bool = True) -> None:
        """Takes children of one element away with their lines; with `prune` a parent that is left bare goes too."""
        self.document.edit(self.document.remove_edits(elements, prune=prune))

    def set_keyed(self, path: str, key: str, name: str, wanted: Mapping[str, str]) -> None:
        """Makes the elements at a path, told apart by the attribute `key`, carry exactly these values of `name`."""
        above, _, tag = path.rpartition("/")
        parent = self.made(above) if wanted else self.root.find(above)
        if parent is None:
            return
        left = dict(wanted)
        kept: dict[str, Element] = {}
        gone: list[Element] = []
        edits: list[Edit | None] = []
        # libvirt takes the children of several parents of one name together.
        first = set(parent.children)
        for element in self.root.all(path):
            word = plain(element.attributes.get(key, ""))
            if word not in left:
                gone.append(element)
                continue
            value = left.pop(word)
            if element in first:
                kept[word] = element
            if not same(element.attributes.get(name), value):
                edits.append(self.document.attribute_edit(element, name, value))
        quote = self.document.quote
        places: dict[Element | None, list[str]] = {}
        for word, value in left.items():
            written = f"<{tag} {key}={quote}{escaped(word)}{quote} {name}={quote}{escaped(value)}{quote}/>"
            places.setdefault(before(word, kept), []).append(written)
        order = order_of(above)
        edits += [self.document.insert_edit(parent, new, order, behind) for behind, new in places.items()]
        for one in self.root.all(above) if gone else ():
            own = set(one.children)
            edits += self.document.remove_edits([e for e in gone if e in own], prune=not left)
        self.document.edit(e for e in edits if e is not None)

    def _edit(self, edit: Edit | None) -> None:
        if edit is not None:
            self.document.edit([edit])


def plain(word: str) -> str:
    """A key as it is compared: numbers as libvirt reads them, other words as they are."""
    value = number(word)
    return word if value is None else str(value)


def same(old: str | None, new: str) -> bool:
    """Whether two values mean the same to libvirt: equal words, or equal sets of CPUs."""
    cpus = cpuset(old)
    return old == new or (cpus is not None and cpus == cpuset(new))


def before(word: str, present: Mapping[str, Element]) -> Element | None:
    """The element behind which one with a numbered key belongs; None where the keys are no numbers."""
    if not word.isdecimal():
        return None
    lower = [k for k in present if k.isdecimal() and int(k) < int(word)]
    return present[max(lower, key=int)] if lower else None
