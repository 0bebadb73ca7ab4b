"""One step of a plan: a subject, what is there, what shall be there, and how bad it can get."""

from __future__ import annotations

from enum import StrEnum

from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Risk


class Effect(StrEnum):
    """When a change takes effect; the values are those of a plan's JSON."""

    NOW = "now"
    GUEST = "next start of the guest"
    BOOT = "next boot"

    @property
    def words(self) -> str:
        """The same for a person, after "takes effect"."""
        return EFFECT_WORDS[self]


EFFECT_WORDS = {Effect.NOW: "immediately", Effect.GUEST: "at the guest's next start", Effect.BOOT: "at reboot"}


@dataclass(frozen=True, slots=True)
class Change:
    """What one step does to one subject; `kind` names the file of apply/kinds that knows how.

    `before` and `after` are what the subject holds: the bytes of a file, the target of a link, the
    text of a kernel value, the XML of a guest or a device. None says that it is not there. A command
    and a look hold nothing.
    """

    kind: str
    """file, link, value, command, look, domain, device, driver, …"""
    subject: str
    """A path inside the root, the name of a guest, or a PCI address."""
    why: str
    """One sentence for a person."""
    before: bytes | None = None
    after: bytes | None = None
    risk: Risk = Risk.R1
    effect: Effect = Effect.NOW
    mode: int | None = None
    """Permission bits of a file that is made anew; an existing one keeps its own."""
    argv: tuple[str, ...] = ()
    """A command's words."""
    back: tuple[str, ...] = ()
    """A command that undoes it, where putting its products back does not."""
    products: tuple[str, ...] = ()
    """Files that a command writes: kept before it runs, put back by the undo. A pattern may use * and ?."""
    again: bool = False
    """Whether a command must run once more after all steps were taken back: its effect lies where no undo reaches."""
    wants: tuple[str, ...] = ()
    """What a look must find in its subject; of a pool of huge pages, that it be whole."""
    bans: tuple[str, ...] = ()
    """What a look must not find there."""
    where: str = ""
    """The libvirt connection of a guest."""


def write_file(
    path: str, before: bytes | None, after: bytes, why: str, *, risk: Risk, effect: Effect, mode: int | None = None
) -> Change:
    """A file gets another content, or is made."""
    return Change("file", path, why, before, after, risk, effect, mode)


def remove_file(path: str, before: bytes, why: str, *, risk: Risk, effect: Effect) -> Change:
    """A file goes away."""
    return Change("file", path, why, before, None, risk, effect)


def set_link(path: str, before: bytes | None, target: str | None, why: str, *, risk: Risk, effect: Effect) -> Change:
    """A symbolic link points elsewhere, is made, or goes away (None)."""
    after = None if target is None else target.encode()
    return Change("link", path, why, before, after, risk, effect)


def set_value(path: str, before: bytes, after: bytes, why: str, *, risk: Risk = Risk.R1) -> Change:
    """A sysfs or procfs attribute gets another value until the next boot."""
    return Change("value", path, why, before, after, risk, Effect.NOW)


ALL_OR_NOTHING = "all"
"""Among the wants of a pool of huge pages: fewer than asked for are given back."""


def set_pages(path: str, before: int, after: int, why: str, *, whole: bool = False) -> Change:
    """A pool of huge pages holds another number of them until the next boot; `whole` wants all of them or none."""
    wants = (ALL_OR_NOTHING,) if whole else ()
    return Change("pages", path, why, str(before).encode(), str(after).encode(), Risk.R1, Effect.NOW, wants=wants)


def nudge(path: str, value: str, why: str) -> Change:
    """The kernel is asked to do something once; there is no way back."""
    return Change("nudge", path, why, None, value.encode(), Risk.R1, Effect.NOW)


def release_hook(hook: str, guest: str, why: str, *, serves: bool) -> Change:
    """A libvirt hook lets go of what it holds for a running guest where it serves the guest no more: at once, or where
    it `serves` the guest from now on, when that is undone."""
    before, after = (None, SERVES) if serves else (SERVES, None)
    return Change("release", hook, why, before, after, Risk.R1, Effect.NOW, wants=(guest,))


SERVES = b"the hook serves the guest"


def run_command(
    argv: tuple[str, ...],
    why: str,
    *,
    products: tuple[str, ...] = (),
    back: tuple[str, ...] = (),
    again: bool = False,
    risk: Risk,
    effect: Effect,
) -> Change:
    """A command runs; what it writes is named so that it can be put back."""
    return Change(
        "command", argv[0], why, None, None, risk, effect, argv=argv, products=products, back=back, again=again
    )


def look_into(path: str, wants: tuple[str, ...], why: str, bans: tuple[str, ...] = ()) -> Change:
    """What an earlier step should have produced is looked for, and what it should have removed; else it fails."""
    return Change("look", path, why, risk=Risk.R0, wants=wants, bans=bans)


def look_into_images(patterns: tuple[str, ...], wants: tuple[str, ...], why: str) -> Change:
    """The built images of the installed kernels are opened; wants are those of formats/boot_image.missing."""
    return Change("image", patterns[0], why, risk=Risk.R0, wants=wants, products=patterns)


NEXT_BOOT = "the next boot"
"""The subject of a look at the boot path."""


def look_at_next_boot(wants: tuple[str, ...], bans: tuple[str, ...], why: str) -> Change:
    """The boot path is resolved again: wants are "word WORD", "option KEY=OPTION", "vfio BDF" and "host BDF".

    Bans are words."""
    return Change("path", NEXT_BOOT, why, risk=Risk.R0, wants=wants, bans=bans)


def define_domain(
    name: str, before: bytes | None, after: bytes | None, why: str, *, risk: Risk = Risk.R2, where: str = ""
) -> Change:
    """A guest's stored definition is replaced, made, or removed (None)."""
    return Change("domain", name, why, before, after, risk, Effect.GUEST, where=where)


def plug_device(
    guest: str, before: bytes | None, after: bytes | None, why: str, *, risk: Risk = Risk.R1, where: str = ""
) -> Change:
    """A device is attached to a running guest (before None) or detached from it (after None)."""
    return Change("device", guest, why, before, after, risk, Effect.NOW, where=where)


AUTOSTART_ON, AUTOSTART_OFF = b"on", b"off"


def set_autostart(guest: str, on: bool, why: str, *, where: str) -> Change:
    """libvirt starts a guest together with itself, or does so no more."""
    before, after = (AUTOSTART_OFF, AUTOSTART_ON) if on else (AUTOSTART_ON, AUTOSTART_OFF)
    return Change("autostart", guest, why, before, after, Risk.R1, Effect.NOW, where=where)


def bind_driver(bdf: str, before: str | None, after: str | None, why: str, *, risk: Risk = Risk.R1) -> Change:
    """A running PCI function changes its driver; None is no driver."""
    old, new = (None if d is None else d.encode() for d in (before, after))
    return Change("driver", bdf, why, old, new, risk, Effect.NOW)


def make_image(path: str, form: str, size: int, why: str) -> Change:
    """qemu-img makes an image where nothing is; `form` is qcow2 or raw, `size` is in bytes."""
    return Change("disk_image", path, why, None, f"{form} {size}".encode(), Risk.R1, Effect.GUEST)


def image_words(change: Change) -> tuple[str, int]:
    """Format and size of the image that a step makes; ValueError for a step of a damaged plan.

    >>> image_words(make_image("/x.qcow2", "qcow2", 1 << 30, "for win"))
    ('qcow2', 1073741824)
    """
    form, _, size = (change.after or b"").decode("ascii", "replace").partition(" ")
    if form not in IMAGE_FORMATS or not (size.isascii() and size.isdecimal() and len(size) < 19):
        raise ValueError(f"{form} {size} is no format and size of an image")
    return form, int(size)


IMAGE_FORMATS = ("qcow2", "raw")
HOSTS_OWN = b"the host's own"
"""As the driver after a change: whichever of the host takes the device once no override stands in the way."""


def bind_host_driver(bdf: str, before: str, why: str, modules: tuple[str, ...] = (), *, risk: Risk = Risk.R1) -> Change:
    """A running PCI function goes to whichever driver of the host takes it; `modules` are those that claim it."""
    return Change("driver", bdf, why, before.encode(), HOSTS_OWN, risk, Effect.NOW, wants=modules)
