"""The devices whose words for QEMU libvirt ties to its own running daemon, and that the script writes itself.

libvirt replaces every network card by one of another kind where it prints a command line, and names USB devices by the
number that they have now (src/qemu/qemu_driver.c, qemuConnectDomainXMLToNative).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.formats.domain_xml.words import number, pci_address
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.formats.qemu.line import joined
from vfiotui.model.base.value import dataclass
from vfiotui.plan.draft import PlanError

RUN = "\uffffRUN\uffff"
"""In a word: the folder of the script's run."""
TAP = "\uffffTAP\uffff"
"""In a word: the first part of the names of its network devices."""
MODEL = re.compile(r"[A-Za-z0-9_.-]{1,40}")
VIRTIO = {
    "virtio": "virtio-net-pci",
    "virtio-transitional": "virtio-net-pci-transitional",
    "virtio-non-transitional": "virtio-net-pci-non-transitional",
}
TPMS = {"tpm-tis": "tpm-tis", "tpm-crb": "tpm-crb"}
Parts = list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Own:
    """What stands on the line beside libvirt's words, and what the host does for it."""

    xml: str
    """The definition without these devices: libvirt translates it."""
    words: tuple[str, ...] = ()
    taps: tuple[str, ...] = ()
    """The bridge of each network device that the script makes, in the order of their numbers."""
    tpm: str = ""
    """The version of the TPM that swtpm plays: 2.0, 1.2; empty for none."""
    boots: bool = False
    """Whether the order in which devices are booted is that of these alone: the rest has none then."""
    notes: tuple[str, ...] = ()


def own_devices(xml: str, bridges: Mapping[str, str]) -> Own:
    """Takes them out of a definition as libvirt stores it; ValueError where it is no sound domain.

    `bridges` are those of libvirt's networks, by the network's name. PlanError for what can only be written by hand.
    """
    work = _Work(DomainXml(xml), bridges)
    for index, card in enumerate(work.xml.devices("interface")):
        work.card(index, card)
    for index, device in enumerate(work.xml.devices("hostdev")):
        if device.get("type") == "usb":
            work.usb(index, device)
    for tpm in work.xml.devices("tpm"):
        work.tpm(tpm)
    for share in work.xml.devices("filesystem"):
        target = share.find("target")
        work.notes.append(f"the shared folder {'' if target is None else target.get('dir')} is not in the script")
    ordered = bool(work.xml.root.all("devices/*/boot"))
    work.take_out()
    boots = ordered and not work.xml.root.all("devices/*/boot")
    return Own(work.xml.xml, tuple(work.words), tuple(work.taps), work.version, boots, tuple(work.notes))


class _Work:
    def __init__(self, xml: DomainXml, bridges: Mapping[str, str]) -> None:
        self.xml, self.bridges = xml, bridges
        self.words: list[str] = []
        self.taps: list[str] = []
        self.notes: list[str] = []
        self.version = ""

    def take_out(self) -> None:
        """Removes what stands in `words` from the definition, and has VFIO named where libvirt would look for it."""
        for kind in ("interface", "tpm", "filesystem"):
            while found := self.xml.devices(kind):
                self.xml.remove(found[0])
        while usb := [d for d in self.xml.devices("hostdev") if d.get("type") == "usb"]:
            self.xml.remove(usb[0])
        for index, device in enumerate(self.xml.devices("hostdev")):
            if device.get("type") == "pci" and device.find("driver") is None:
                self.xml.set_below(self.xml.devices("hostdev")[index], "driver", "name", "vfio", ("driver", "source"))

    def card(self, index: int, card: Element) -> None:
        """A network card at its own address; what connects it to the network is the script's."""
        place = self._pci(card, "network card")
        if card.get("type") == "hostdev":
            self._passed(index, card, place)
            return
        model = _get(card, "model", "type") or "rtl8139"
        if not MODEL.fullmatch(model):
            raise PlanError(f"{model!r} is no model of a network card")
        device = VIRTIO.get(model, model)
        backend = self._backend(index, card, virtio=model in VIRTIO)
        self.words += ["-netdev", joined([(backend[0][0], None), ("id", f"hostnet{index}"), *backend[1:]])]
        parts: Parts = [(device, None), ("netdev", f"hostnet{index}"), ("id", f"net{index}")]
        if mac := _get(card, "mac", "address"):
            parts.append(("mac", mac))
        self.words += ["-device", joined([*parts, *(_boot(card) or self._network_boot(index)), *place])]

    def _network_boot(self, index: int) -> Parts:
        """The first card's place where the machine boots by kinds of devices: libvirt counts those of <os>."""
        kinds = [boot.get("dev") for boot in self.xml.root.all("os/boot")]
        return [("bootindex", str(kinds.index("network") + 1))] if index == 0 and "network" in kinds else []

    def _backend(self, index: int, card: Element, *, virtio: bool) -> Parts:
        kind = card.get("type")
        named = _get(card, "source", "network") if kind == "network" else ""
        bridge = _get(card, "source", "bridge") if kind == "bridge" else self.bridges.get(named, "")
        if bridge and card.find("virtualport") is None:
            fast: Parts = [("vhost", "on")] if virtio and _get(card, "driver", "name") != "qemu" else []
            self.taps.append(bridge)
            tap = f"{TAP}{len(self.taps) - 1}"
            return [("tap", None), ("ifname", tap), ("script", "no"), ("downscript", "no"), *fast]
        target = card.find("target")
        if kind == "ethernet" and target is not None and target.get("managed") == "no":
            return [("tap", None), ("ifname", target.get("dev")), ("script", "no"), ("downscript", "no")]
        if kind != "user":
            what = f"the network {named}" if named else f"{kind or 'its'} network"
            self.notes.append(f"network card {index} reaches {what} through libvirt alone: it gets QEMU's user network")
        return [("user", None)]

    def _passed(self, index: int, card: Element, place: Parts) -> None:
        source = card.find("source/address")
        words = ("domain", "bus", "slot", "function")
        bdf = None if source is None else pci_address(*(source.get(w, "0") for w in words))
        if bdf is None:
            raise PlanError("a network card that is passed through names no PCI address")
        self.words += [
            "-device",
            joined([("vfio-pci", None), ("host", bdf), ("id", f"net{index}"), *_boot(card), *place]),
        ]
        if mac := _get(card, "mac", "address"):
            self.notes.append(f"{bdf} keeps the MAC address that it has: libvirt would set {mac}")

    def usb(self, index: int, device: Element) -> None:
        """A USB device by its ids or its port: its number changes whenever it is plugged in."""
        parts: Parts = [("usb-host", None)]
        vendor, product = _get(device, "source/vendor", "id"), _get(device, "source/product", "id")
        address = device.find("source/address")
        if number(vendor) is not None and number(product) is not None:
            parts += [("vendorid", vendor), ("productid", product)]
        if address is not None and number(address.get("bus")) is not None:
            parts.append(("hostbus", str(number(address.get("bus")))))
            port, device_number = address.get("port"), number(address.get("device"))
            if port:
                parts.append(("hostport", port))
            elif device_number is not None:
                parts.append(("hostaddr", str(device_number)))
        if len(parts) == 1:
            raise PlanError("a USB device has neither ids nor an address")
        parts.append(("id", f"usbdev{index}"))
        self.words += ["-device", joined([*parts, *_boot(device), *self._usb_place(device)])]

    def _usb_place(self, device: Element) -> Parts:
        place = device.find("address")
        if place is None or place.get("type") != "usb":
            return []
        bus = number(place.get("bus"))
        name = _alias(self._controller("usb", bus)) or f"usb{bus or ''}"
        return [("bus", f"{name}.0"), *([("port", port)] if (port := place.get("port")) else [])]

    def tpm(self, tpm: Element) -> None:
        """A TPM that swtpm plays; one of the host is left to libvirt's words."""
        model, backend = tpm.get("model") or "tpm-tis", _get(tpm, "backend", "type")
        if model not in TPMS or backend not in ("emulator", "passthrough"):
            raise PlanError(f"a TPM of the model {model} and the backend {backend} is written by hand")
        if backend == "passthrough":
            path = _get(tpm, "backend/device", "path") or "/dev/tpm0"
            self.words += ["-tpmdev", joined([("passthrough", None), ("id", "tpm-tpm0"), ("path", path)])]
        else:
            if tpm.find("backend/encryption") is not None:
                raise PlanError("the state of its TPM is encrypted with a secret that libvirt alone has")
            self.version = _get(tpm, "backend", "version") or "2.0"
            self.words += ["-chardev", f"socket,id=chrtpm,path={RUN}/swtpm.sock"]
            self.words += ["-tpmdev", "emulator,id=tpm-tpm0,chardev=chrtpm"]
        self.words += ["-device", joined([(TPMS[model], None), ("tpmdev", "tpm-tpm0"), ("id", "tpm0")])]

    def _controller(self, kind: str, index: int | None) -> Element | None:
        found = (c for c in self.xml.devices("controller") if c.get("type") == kind)
        return next((c for c in found if number(c.get("index")) == index), None)

    def _pci(self, device: Element, what: str) -> Parts:
        """Its place on the guest's PCI bus."""
        place = device.find("address")
        words = ("domain", "bus", "slot", "function")
        if place is None or place.get("type") != "pci" or pci_address(*(place.get(w, "0") for w in words)) is None:
            raise PlanError(f"a {what} has no PCI address in the guest: write its words by hand")
        bus, slot, function = (number(place.get(w, "0")) or 0 for w in words[1:])
        controller = self._controller("pci", bus)
        root = "" if controller is None else controller.get("model")
        name = {"pcie-root": "pcie.0", "pci-root": "pci.0"}.get(root) or _alias(controller) or f"pci.{bus}"
        several = [("multifunction", "on")] if place.get("multifunction") == "on" else []
        return [("bus", name), *several, ("addr", f"0x{slot:x}" + (f".0x{function:x}" if function else ""))]


def _get(element: Element, path: str, name: str) -> str:
    found = element.find(path)
    return "" if found is None else found.get(name)


def _alias(controller: Element | None) -> str:
    """The id of a controller that a person named; libvirt's own follow from its kind and number."""
    name = "" if controller is None else _get(controller, "alias", "name")
    return name if name.startswith("ua-") else ""


def _boot(device: Element) -> Parts:
    order = number(_get(device, "boot", "order"))
    return [] if order is None else [("bootindex", str(order))]
