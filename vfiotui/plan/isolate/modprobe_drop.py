"""Lines of modprobe.d, and words of the command line that say the same, that go away wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable

from vfiotui.formats.loaders.kernel_words import OptionEdit, WordEdit
from vfiotui.formats.modprobe import modprobe
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.command_line import edit_command_line
from vfiotui.plan.boot.initramfs import rebuild
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.modprobe import FOLDER, WRITES

EDITABLE = re.compile("|".join(WRITES))
BLACKLISTS = ("module_blacklist", "modprobe.blacklist")
PACKAGED = ("/usr/lib/modprobe.d", "/lib/modprobe.d", "/run/modprobe.d")


def _lines(draft: Draft) -> tuple[CommandLine, ...]:
    """The command lines of the sources and of the next boot."""
    boot = draft.facts.boot
    if isinstance(boot, Unread):
        return ()
    return tuple(line for line in (boot.configured, *boot.lines) if isinstance(line, CommandLine))


def _edit(draft: Draft, edit: Callable[[str], str], why: str) -> None:
    """The edit of each file of /etc/modprobe.d; a package's file that has the line too is named."""
    for path in draft.snapshot.below(FOLDER, ".conf"):
        text = draft.text(path)
        if text is not None and edit(text) != text:
            if not EDITABLE.fullmatch(path):
                raise PlanError(
                    f"{path!r} has a name that no plan edits: rename it to letters and digits, then ask again"
                )
            draft.write(path, edit(text), why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)
    for path in (p for folder in PACKAGED for p in draft.snapshot.below(folder, ".conf")):
        name = path.rpartition("/")[2]
        text = draft.text(path) or ""
        if edit(text) != text and draft.text(f"{FOLDER}/{name}") is None:
            raise PlanError(f"{path} belongs to a package: copy it to {FOLDER}/{name} and correct the copy")
    if draft.touches(Phase.MODPROBE):
        rebuild(draft)


def _module(argument: str) -> str:
    if not modprobe.is_module_name(argument):
        raise PlanError(f"{argument!r} is no name of a module: letters, digits, - and _")
    return argument


def option(draft: Draft, argument: str) -> None:
    """MODULE OPTION: the kernel's default of an option applies again."""
    module, _, key = argument.partition(" ")
    _module(module)
    if not modprobe.is_module_name(key):
        raise PlanError(f"{argument!r} is no MODULE OPTION, such as 'kvm_amd avic'")
    _edit(draft, lambda text: modprobe.remove_option(text, module, key), f"leave {key} of {module} to the kernel")
    name = f"{modprobe.fold(module)}.{modprobe.fold(key)}"
    words = dict.fromkeys(w.text for line in _lines(draft) for w in line.words() if modprobe.fold(w.key) == name)
    if words:
        edit_command_line(draft, WordEdit(remove=tuple(words)), f"leave {key} of {module} to the kernel")


def softdep(draft: Draft, argument: str) -> None:
    """The module waits for vfio-pci no more."""
    module = _module(argument)
    _edit(draft, lambda text: modprobe.remove_softdep(text, module, "vfio-pci"), f"no softdep line for {module}")


def blacklist(draft: Draft, argument: str) -> None:
    """The module may be loaded by its aliases again."""
    module, why = _module(argument), f"let the host load {argument} for its devices"
    _edit(draft, lambda text: modprobe.remove(text, "blacklist", module), why)
    fold = modprobe.fold(module)
    found = {
        (key, word)
        for line in _lines(draft)
        for key in BLACKLISTS
        for word in line.options(key)
        if modprobe.fold(word) == fold
    }
    edits = tuple(OptionEdit(key, remove=(word,)) for key, word in sorted(found))
    if edits:
        edit_command_line(draft, WordEdit(options=edits), why)


def install(draft: Draft, argument: str) -> None:
    """No command of its own runs when the module is loaded."""
    module = _module(argument)
    _edit(draft, lambda text: modprobe.remove(text, "install", module), f"load {module} as it is, without a script")


PLANNERS = (
    Planner("modprobe.option.drop", "MODULE OPTION", "leave an option of a module at the kernel's default",
            "Default of {}", option),
    Planner("modprobe.softdep.drop", "MODULE", "remove the softdep line that loads vfio-pci before a module",
            "No softdep of {}", softdep),
    Planner("modprobe.blacklist.drop", "MODULE", "take a module off every blacklist", "Allow {}", blacklist),
    Planner("modprobe.install.drop", "MODULE", "remove the install lines of a module", "No install line of {}",
            install),
)  # fmt: skip
