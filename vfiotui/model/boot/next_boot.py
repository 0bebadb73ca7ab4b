"""One of the boots that may come next: an entry with the kernel and the initramfs that it loads."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.host_kind import Kind
from vfiotui.model.boot.image import Image
from vfiotui.model.boot.path import BootEntry
from vfiotui.model.facts import Facts


@dataclass(frozen=True, slots=True)
class NextBoot:
    """What one candidate of the boot path loads."""

    entry: BootEntry | None
    """None where the loader's entries are not followed: the image is then found by its name."""
    image: Reading[Image]
    """Everything that the entry loads as initramfs, in one; without files where it loads none."""


def narrowed(facts: Facts, boot: NextBoot) -> Facts:
    """The facts as they are when this boot comes: its entry is the only one, and `Boot.kernel` is its kernel."""
    if isinstance(facts.boot, Unread) or isinstance(facts.boot.path, Unread) or boot.entry is None:
        return facts
    path = replace(facts.boot.path, candidates=(boot.entry,), open="")
    return replace(facts, boot=replace(facts.boot, path=path, kernel=facts.boot.kernel_of(boot.entry)))


def starts_dom0(facts: Facts) -> bool:
    """Whether this system runs as Xen's dom0 after the next boot: by GRUB's entry, else as it runs now."""
    path = None if isinstance(facts.boot, Unread) else facts.boot.path
    own = () if path is None or isinstance(path, Unread) else path.own
    if own and all(entry.loader == "grub" for entry in own):
        return all(entry.xen for entry in own)
    return not isinstance(facts.host_kind, Unread) and facts.host_kind.kind is Kind.XEN_DOM0


def image_of_all(boots: tuple[NextBoot, ...]) -> Reading[Image]:
    """The image of the next boot; Unread where the candidates load different ones."""
    if not boots:
        return Unread("the next boot loads nothing of this system", Why.NOT_HERE)
    found = boots[0].image
    if all(_same(found, boot.image) for boot in boots):
        return found
    names = " or ".join(dict.fromkeys(f"'{b.entry.name}'" for b in boots if b.entry is not None))
    return Unread(f"{names} may be started, and they load different images", Why.NOT_HERE)


def _same(one: Reading[Image], other: Reading[Image]) -> bool:
    """Whether it is the same file; a comparison of the content would cost more than all other work."""
    if isinstance(one, Unread) or isinstance(other, Unread):
        return one == other
    return one.path == other.path
