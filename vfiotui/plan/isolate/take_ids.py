"""Ids of devices that go back to the host, out of every ids= of vfio-pci and pci-stub; other ids stay as they are."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.initramfs import initramfs_tools
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.modprobe import modprobe
from vfiotui.model.boot.boot import Boot
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.vfio_ids import LIST
from vfiotui.plan.boot.command_line import edit_command_line
from vfiotui.plan.boot.initramfs import rebuild
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.bound_by import BoundBy, IdList
from vfiotui.plan.isolate.modprobe import FOLDER, take_ids_out
from vfiotui.plan.isolate.module_loading import shown, takes

VFIO = "vfio_pci"


def take_from_lists(draft: Draft, bus: PciBus, devices: tuple[PciDevice, ...], module: str) -> None:
    """The lists without the ids that fit one of the devices.

    Where nothing is left of the list that counts, those that it replaced go whole: they would count from now on.
    """
    lists = BoundBy(draft).id_lists(module)
    gone = {i for one in lists for i in one.ids if any(takes(i, d) for d in devices)}
    if not gone:
        return
    _name_others(draft, bus, devices, gone, lists)
    _take(draft, lists, gone, module)


def _take(draft: Draft, lists: tuple[IdList, ...], gone: set[str], module: str) -> None:
    """The lists of a module without these ids; see `take_from_lists`."""
    all_go = bool(set(lists[0].ids) & gone) and not set(lists[0].ids) - gone
    for one in lists[1:] if all_go else ():
        rest = [i for i in one.ids if i not in gone and i not in lists[0].ids]
        if rest:
            draft.note(f"ids={','.join(rest)} at {one.where} did not count so far and goes too, so that it does not")
    dropped = {i for one in lists for i in one.ids} if all_go else gone
    why = f"take {', '.join(sorted(gone))} out of the ids of {shown(module)}"
    for path in dict.fromkeys(one.path for one in lists if one.path):
        if path == LIST:
            _from_list(draft, module, dropped, why)
        else:
            _from_modprobe(draft, path, module, dropped, why)
    _from_command_line(draft, [one for one in lists if one.word], dropped, why)


def _name_others(
    draft: Draft, bus: PciBus, devices: tuple[PciDevice, ...], gone: Iterable[str], lists: tuple[IdList, ...]
) -> None:
    """Another device of the same ids goes back as well: it is said."""
    for word in sorted(gone):
        others = [d.bdf for d in bus.devices if d not in devices and takes(word, d)]
        where = next(one.where for one in lists if word in one.ids)
        if others and word in lists[0].ids:
            draft.note(
                f"{word} at {where} is the id of {' and '.join(others)} too: it goes back to the host as well; bind it "
                "by address to keep it (isolate --method override)"
            )


def _left(value: str, dropped: set[str]) -> str:
    return ",".join(i for i in value.strip('"').split(",") if i and i not in dropped)


def _from_modprobe(draft: Draft, path: str, module: str, dropped: set[str], why: str) -> None:
    """A file of modprobe.d; one outside of /etc is replaced by a namesake there, which hides it (modprobe.d(5))."""
    target = f"{FOLDER}/{path.rpartition('/')[2]}"
    text = draft.text(path) or ""
    values = [o.partition("=")[2] for o in modprobe.options(text, module) if o.startswith("ids=")]
    if not any(set(v.strip('"').split(",")) & dropped for v in values):
        return
    rest = _left(values[-1], dropped)
    after = modprobe.set_option(text, module, f"ids={rest}") if rest else modprobe.remove_option(text, module, "ids")
    if target != path:
        draft.note(f"{path} stays as its package brings it: {target} hides it")
    draft.write(target, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)


def _from_list(draft: Draft, module: str, dropped: set[str], why: str) -> None:
    text = draft.text(LIST) or ""
    for name, options in initramfs_tools.modules(text):
        if name.replace("-", "_") != module:
            continue
        kept = [(o, _left(o[4:], dropped)) if o.startswith("ids=") else (o, "") for o in options]
        after = tuple(f"ids={rest}" if rest else o for o, rest in kept if rest or not o.startswith("ids="))
        text = initramfs_tools.set_options(text, name, after)
    draft.write(LIST, text, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)


def _from_command_line(draft: Draft, words: list[IdList], dropped: set[str], why: str) -> None:
    """The words of the next boots, as their loader's files give them."""
    if not any(set(one.ids) & dropped for one in words):
        return
    rest = ",".join(i for i in words[0].ids if i not in dropped)
    key = words[0].word.strip('"').partition("=")[0]
    # A file may quote the whole word, which a loader takes the quotes from.
    spelled = tuple(dict.fromkeys(w for one in words for w in (one.word, f'"{one.word}"') if w.count('"') <= 2))
    edit = WordEdit(replace=(f"{key}={rest}",)) if rest else WordEdit(remove=spelled)
    edit_command_line(draft, edit, why)


def _drop_id(draft: Draft, wanted: str) -> None:
    """An id out of every list, those that a built-in vfio-pci never reads among them."""
    seen = isinstance(draft.facts.pci, PciBus) and isinstance(draft.facts.boot, Boot)
    lists = BoundBy(draft).id_lists(VFIO) if seen else ()
    given = any(wanted in one.ids for one in lists)
    if given:
        _take(draft, lists, {wanted}, VFIO)
    if not take_ids_out(draft, {wanted}) and not given:
        raise PlanError(f"nothing gives the id {wanted} to vfio-pci: no file of {FOLDER}, no kernel word, no {LIST}")
    if draft.touches(Phase.MODPROBE, Phase.INITRAMFS_CONFIG):
        rebuild(draft)


PLANNERS = (Planner("vfio.ids.remove", "ID", "take an id out of the ids of vfio-pci", "Do not bind {}", _drop_id),)
