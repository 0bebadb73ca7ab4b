"""What libvirt says of a guest for a script that starts it without libvirt; nothing is changed."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.guest_state import why_not
from vfiotui.host.root.root import Root
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.draft import PlanError
from vfiotui.plan.qemu.own_devices import Own, own_devices
from vfiotui.plan.qemu.script import domain_of
from vfiotui.virt import define
from vfiotui.virt import native as virt
from vfiotui.virt.connect import NoConnection, load


@dataclass(frozen=True, slots=True)
class Native:
    """A guest as libvirt hands it to QEMU."""

    domain: Domain
    own: Own
    """What the script itself adds."""
    line: str
    """libvirt's words for the rest, quoted for a shell."""


def native(root: Root, uri: str, name: str, *, named: bool) -> Native:
    """Asks the daemon of a connection; blocks.

    ApplyError where no daemon translates it, PlanError where the definition holds what cannot do without libvirt.
    """
    if why := why_not(root, uri if named else ""):
        raise ApplyError(why)
    try:
        libvirt = load()
        with define.writable(uri) as connection:
            try:
                stored = define.definition(connection, name)
                text = (stored or b"").decode("utf-8", "surrogateescape") or define.running_xml(connection, name)
                if not text:
                    raise ApplyError(f"{name} has no stored definition")
                domain = domain_of(text, uri)
                own = own_devices(text, virt.bridges(connection, [n.name for n in domain.networks]))
                return Native(domain, own, virt.qemu_line(connection, own.xml))
            except libvirt.libvirtError as error:
                words = " ".join(str(error).split())
                raise ApplyError(f"libvirt does not write {name} as a command line: {words}") from error
            except ValueError as error:
                raise PlanError(f"the definition of {name} cannot be read: {error}") from error
    except NoConnection as error:
        raise ApplyError(str(error)) from error
