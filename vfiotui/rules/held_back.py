"""What keeps a host's driver from taking a card before vfio-pci does, and lines that were meant to and do not."""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe_set import ModprobeSet, Said, gathered
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.driver_refusal import modeset_refusal
from vfiotui.model.boot.modprobe_lines import fold
from vfiotui.model.finding.finding import Evidence

VFIO = "vfio_pci"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """One driver."""

    softdep: tuple[Evidence, ...]
    """The softdep line that loads vfio-pci ahead of it."""
    away: tuple[Evidence, ...]
    """What keeps it from being loaded for the card, or from taking it."""
    vain: tuple[tuple[str, Evidence], ...]
    """Lines about it and vfio-pci that do nothing, each with a sentence that says why."""


def _seen(verb: str, said: Said) -> Evidence:
    return Evidence(said.where, f"{verb} {said.name} {said.text}".rstrip())


def held_back(boot: Boot, driver: str, is_display: bool) -> HeldBack:
    """What modprobe.d and the command lines do about a driver, as kmod and the kernel obey them."""
    lines, module = gathered(boot.modprobe), fold(driver)
    names = (module, *(("drm",) if is_display and not _builtin(boot, "drm") else ()))
    softdep = tuple(_seen("softdep", s) for name in names if (s := lines.softdep(name, VFIO)))
    away = [_seen("blacklist", s) for s in (lines.blacklist(module),) if s]
    away += [_seen("install", s) for s in (lines.never(module),) if s]
    option = lines.option(module, "modeset")
    for line in boot.lines:
        for word in ("module_blacklist", "modprobe.blacklist"):
            if module in map(fold, line.options(word)):
                away.append(Evidence(line.source, f"{word}={module}"))
        refusal = modeset_refusal(module, line, option.words[0] if option else None)
        if refusal:
            away.append(Evidence(line.source if option is None else option.where, refusal))
    vain = () if softdep else tuple(_vain(lines, module))
    return HeldBack(softdep, tuple(dict.fromkeys(away)), vain)


def _builtin(boot: Boot, module: str) -> bool:
    kernel = boot.next_kernel
    names = kernel if isinstance(kernel, Unread) else kernel.builtin
    return not isinstance(names, Unread) and module in names


def _vain(lines: ModprobeSet, module: str) -> list[tuple[str, Evidence]]:
    found = []
    first = lines.first("softdep", module)
    for said in lines.of("softdep", module):
        if said != first and VFIO in said.side("pre:") and first is not None:
            why = f"modprobe obeys only the first softdep line of {module}, at {first.where}"
        elif VFIO in said.side("post:"):
            why = "behind 'post:' vfio-pci is loaded after it, not before"
        elif VFIO in said.side(""):
            why = "'pre:' is missing before vfio-pci"
        else:
            continue
        found.append((why, _seen("softdep", said)))
    back = lines.first("softdep", VFIO)
    if back is not None and module in back.side("pre:"):
        found.append((f"it is the wrong way round: it loads {module} ahead of vfio-pci", _seen("softdep", back)))
    for said in lines.of("alias", module):
        if said.text == "off":
            found.append((f"it does not keep udev from loading {module} for the card", _seen("alias", said)))
    ignored = lines.first("install", module)
    if ignored is not None and lines.install(module) is None:
        why = f"modprobe runs no install command of a module that has a softdep line, and {module} has one"
        found.append((why, _seen("install", ignored)))
    return found
