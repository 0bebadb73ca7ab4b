"""Devices out of hide= of xen-pciback, on the command line and in modprobe.d, so that dom0 gets them back."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.modprobe import modprobe
from vfiotui.formats.modprobe.xen_hide import hiding, without
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.functions import PciDevice
from vfiotui.plan.boot.command_line import edit_command_line
from vfiotui.plan.draft import Draft, Phase
from vfiotui.plan.isolate.bound_by import BoundBy
from vfiotui.plan.isolate.modprobe import FOLDER

MODULE = "xen-pciback"


def unhide(draft: Draft, device: PciDevice, kept: list[str]) -> None:
    """Every hide= without a device; one whose element names other devices too stays, and is put into `kept`."""
    for one in BoundBy(draft).hidden:
        if not hiding(one.value, device.bdf):
            continue
        rest = without(one.value, device.bdf)
        if rest is None:
            kept.append(f"{one.where} ({MODULE} hides {hiding(one.value, device.bdf)}, which names other devices too)")
            continue
        why = f"{MODULE} hides {device.bdf} no more"
        if one.word:
            key = one.word.strip('"').partition("=")[0]
            edit = WordEdit(replace=(f"{key}={rest}",)) if rest else WordEdit(remove=(one.word,))
            edit_command_line(draft, edit, why)
        elif one.path.startswith(f"{FOLDER}/"):
            text = draft.text(one.path) or ""
            after = (
                modprobe.set_option(text, MODULE, f"hide={rest}")
                if rest
                else modprobe.remove_option(text, MODULE, "hide")
            )
            draft.write(one.path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)
        else:
            kept.append(f"{one.where} (options of {MODULE} of a package)")
