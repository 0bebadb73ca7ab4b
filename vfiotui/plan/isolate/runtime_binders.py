"""What programs of the running system do to a device when they start: played, or named as what is not known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.binders import OPTIMUS, SUPERGFXD, WORDS, gpu_mode
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.services import Services
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.plan.isolate.boot_event import DRIVER, VFIO, Does, Event
from vfiotui.plan.isolate.script_addresses import named_by

IDS = re.compile(r"\b([0-9a-fA-F]{4})[ :]([0-9a-fA-F]{4})\b")
SWITCHES = re.compile(r"(?mi)^\s*(?:pci_remove|pci_power_control)\s*=\s*(?:yes|true|1)\b")


@dataclass(frozen=True, slots=True)
class Binders:
    """The files of a host that bind at run time, with what is known of the units that run."""

    files: tuple[ConfigFile, ...] = ()
    services: Services | None = None
    """None where the units could not be read."""
    disabled: frozenset[str] = frozenset()
    """Units that a plan disables, without their suffix."""

    def rules(self, besides: frozenset[str]) -> tuple[ConfigFile, ...]:
        """udev rules outside of /etc, but for those whose namesakes are there."""
        rules = (f for f in self.files if f.path.endswith(".rules") and not f.path.startswith("/etc/"))
        return tuple(f for f in rules if f.path.rpartition("/")[2] not in besides)

    def events(self, device: PciDevice, bus: PciBus) -> Iterator[Event]:
        """What happens to the device; a load of vfio-pci is left to the caller."""
        for file in self.files:
            if file.path == SUPERGFXD:
                yield from self._supergfxd(file, device, bus)
            elif file.path == OPTIMUS and SWITCHES.search(file.text) and is_discrete(device, bus):
                yield _unknown(f"optimus-manager switches it as {OPTIMUS} says", file)
            elif file.path.endswith((".service", "/rc.local")) and self.runs(file.path):
                whole = "\n".join((file.text, *(s.text for s in self.scripts(file))))
                if "vfiotui" not in file.path and concerns(whole, device, bus):
                    yield _unknown(f"{file.path} binds devices at run time", file)

    def scripts(self, unit: ConfigFile) -> tuple[ConfigFile, ...]:
        """The scripts that a unit runs, as far as they are among the files."""
        return tuple(f for f in self.files if "/local/" in f.path and f.path in unit.text)

    def runs(self, path: str) -> bool:
        """Whether the next boot starts a unit; what is not known counts as started."""
        name = path.rpartition("/")[2].removesuffix(".service")
        services = self.services
        if name in self.disabled and path.endswith(".service"):
            return False
        if not path.endswith(".service") or services is None or isinstance(services.enabled, Unread):
            return True
        if name not in services.enabled and any("[Install]" in f.text for f in self.files if f.path == path):
            return False  # It runs since it was started by hand, or until the reboot since it was disabled.
        return bool(services.wanted(name))

    def _supergfxd(self, file: ConfigFile, device: PciDevice, bus: PciBus) -> Iterator[Event]:
        mode = gpu_mode(file.text)
        if not is_discrete(device, bus) or mode.mode in ("Hybrid", "AsusMuxDgpu", "NvidiaNoModeset"):
            return
        known = self.services is not None and not isinstance(self.services.enabled, Unread)
        starts = is_given(device) or (known and self.runs("supergfxd.service"))
        seen = ((SUPERGFXD, f"mode {mode.mode}"),)
        if not starts or mode.mode not in ("Vfio", "Integrated"):
            yield _unknown(f"supergfxd may switch the card to the mode {mode.mode or 'of ' + SUPERGFXD}", file)
        elif mode.mode == "Integrated":
            yield Event(Does.REMOVE, "", "supergfxd removes it in its mode Integrated", seen)
        elif mode.restored:
            yield Event(Does.LOAD, VFIO, "supergfxd loads vfio-pci")
            yield Event(Does.RELEASE, "", "supergfxd takes it from its driver", seen)
            yield Event(Does.OVERRIDE, DRIVER, "supergfxd restores its mode Vfio", seen)
            yield Event(Does.PROBE, "", "supergfxd has the device probed", seen)


def binders_of(facts: Facts, files: tuple[ConfigFile, ...], plan: Plan | None = None) -> Binders:
    """The binders of a machine, as a plan leaves them."""
    gone = [step.subject for step in plan.steps if step.kind == "link" and step.after is None] if plan else []
    disabled = frozenset(path.rpartition("/")[2].removesuffix(".service") for path in gone)
    return Binders(files, None if isinstance(facts.services, Unread) else facts.services, disabled)


def _unknown(text: str, file: ConfigFile) -> Event:
    found = WORDS.search(file.text)
    return Event(Does.UNKNOWN, "", text, ((file.path, found[0] if found else "binds devices"),))


def is_discrete(device: PciDevice, bus: PciBus) -> bool:
    """Whether a function belongs to a graphics card beside the one of the firmware's screen."""
    displays = [d for d in bus.devices if d.is_display]
    cards = {d.slot for d in displays if d.boot_vga is not True and len(displays) > 1}
    return device.slot in cards and not device.is_bridge


def concerns(text: str, device: PciDevice, bus: PciBus) -> bool:
    """Whether a script is for a device: by address, by ids of new_id, or as it names none, for a card to give away."""
    if not WORDS.search(text):
        return False
    named = named_by(text)
    ids = {(int(v, 16), int(d, 16)) for v, d in IDS.findall(text)} if "new_id" in text else set()
    if named.any or ids:
        return device.bdf in named.full or (device.vendor, device.device) in ids
    return is_discrete(device, bus)
