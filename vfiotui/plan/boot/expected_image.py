"""What the initramfs will do when its tool has built it from the configuration as it will be.

What the tool takes beside the configuration (drivers of the disks, of plymouth's screen) is taken from the image that
is there now; where that is not known, every possibility is kept.
"""

from __future__ import annotations

from vfiotui.formats.initramfs import booster, initramfs_tools
from vfiotui.formats.initramfs.boot_image import copies_of
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.early_boot import EarlyBoot, Moment, Script
from vfiotui.plan.boot.image_sources import (
    dracut_files,
    hooks_of,
    is_hostonly,
    list_words,
    mkinitcpio_build,
    mkinitcpio_files,
    up_to_missing,
)
from vfiotui.plan.isolate.early_script import (
    DRACUT_HOOK,
    DRACUT_SETUP,
    HOOK_NAME,
    MKINITCPIO_HOOK,
    UNIT,
    UNIT_SCRIPT,
)
from vfiotui.plan.planned_files import PlannedFiles

VFIO = "vfio_pci"


def expected(tool: str, files: PlannedFiles, now: EarlyBoot | None) -> tuple[EarlyBoot, ...]:
    """What the tool will build: one answer, or several where the configuration leaves it open."""
    makers = {"initramfs-tools": _initramfs_tools, "mkinitcpio": _mkinitcpio, "dracut": _dracut, "booster": _booster}
    maker = makers.get(tool)
    if maker is None:
        return ()
    base = EarlyBoot(f"as {tool} will build it", tool, now.modules if now else None, release=now.release if now else "")
    try:
        return maker(files, base, now)
    except EditRefused:
        # Shell code computes a list: what the present image does is the best that is known.
        return (replace(now, source=f"{now.source}, as {tool} built it before"),) if now else (base,)


def _words(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((fold(n.removesuffix("?")), "") for n in names)


def _with_pulled(early: EarlyBoot) -> EarlyBoot:
    """A softdep line takes vfio-pci into the image along with the driver that it is for (modprobe --show-depends)."""
    if early.modules is None:
        return early
    there = early.modules | {n for n, _ in early.early}
    return replace(early, modules=early.modules | {VFIO}) if gathered(early.modprobe).pulling(VFIO, there) else early


def _initramfs_tools(files: PlannedFiles, base: EarlyBoot, now: EarlyBoot | None) -> tuple[EarlyBoot, ...]:
    path = "/etc/initramfs-tools/modules"
    listed = initramfs_tools.modules(files.text(path) or "")
    # mkinitramfs copies /etc/modprobe.d and /lib/modprobe.d; its udev hook the rules that have no namesake in /lib.
    scripts = tuple(
        Script(f.path, f.text, f.path.rpartition("/")[2] < "udev" if _needs_nothing(f.text) else None)
        for f in files.below("/etc/initramfs-tools/scripts/init-top")
        if "driver_override" in f.text and files.is_executable(f.path)
    )
    made = replace(
        base,
        early=tuple((fold(m), " ".join(o)) for m, o in listed),
        early_file=path,
        early_at=Moment.AFTER_COLDPLUG,
        modprobe=files.modprobe(("/run",)),
        rules=files.rules(),
        scripts=scripts,
    )
    return (_with_pulled(made),)


def _needs_nothing(script: str) -> bool:
    """Whether a boot script names no other as its prerequisite: then the order is that of the names."""
    value = value_of(parse(script), "PREREQ")
    return not isinstance(value, str) or not value.strip()


def _mkinitcpio(files: PlannedFiles, base: EarlyBoot, now: EarlyBoot | None) -> tuple[EarlyBoot, ...]:
    build = mkinitcpio_build(files, now)
    config = mkinitcpio_files(files, build)
    hooks = hooks_of(files, build)
    early = _words(list_words(files, config, "MODULES"))
    packed = [ConfigFile(p, files.text(p) or "") for p in list_words(files, config, "FILES") if files.text(p)]
    systemd = "systemd" in hooks
    made = replace(
        base,
        early=early,
        early_file=f"{config[0]}{' and its drop-ins' if len(config) > 1 else ''}",
        early_at=Moment.COLDPLUG if systemd else Moment.BEFORE_UDEV,
        modprobe=files.modprobe(("/run",)) if "modconf" in hooks else _copied(packed),
        rules=tuple(f for f in packed if f.path.endswith(".rules") and "driver_override" in f.text),
        scripts=(*(() if systemd else _others(now)), *_mkinitcpio_script(files, hooks)),
    )
    return (made,)


def _mkinitcpio_script(files: PlannedFiles, hooks: tuple[str, ...]) -> tuple[Script, ...]:
    """Our script: an early hook that the list has ahead of udev, or what our unit starts ahead of systemd's udev."""
    if "systemd" in hooks:
        text = files.text(UNIT_SCRIPT) if HOOK_NAME in hooks else None
        return () if text is None or files.text(UNIT) is None else (Script(UNIT_SCRIPT, text, True),)
    text = files.text(MKINITCPIO_HOOK)
    ahead = hooks[: hooks.index("udev")] if "udev" in hooks else ()
    return (Script(MKINITCPIO_HOOK, text, True),) if text is not None and HOOK_NAME in ahead else ()


def _copied(packed: list[ConfigFile]) -> tuple[ConfigFile, ...]:
    return tuple(f for f in packed if "/modprobe.d/" in f.path)


def _dracut(files: PlannedFiles, base: EarlyBoot, now: EarlyBoot | None) -> tuple[EarlyBoot, ...]:
    config = dracut_files(files)
    hostonly = is_hostonly(files)
    items = list_words(files, config, "install_items")
    if hostonly is None and now is not None:
        had = {f.path for f in now.modprobe if f.path.startswith("/etc/modprobe.d/")} - set(items)
        hostonly = bool(had) or None if files.modprobe(("/run", "/usr/lib")) else None
    packed = [ConfigFile(p, files.text(p) or "") for p in items if files.text(p)]
    hook = files.text(DRACUT_HOOK)
    own = (Script(DRACUT_HOOK, hook, True),) if hook is not None and files.text(DRACUT_SETUP) is not None else ()
    made = []
    for whole in (True, False) if hostonly is None else (hostonly,):
        copied = files.modprobe(("/run",)) if whole else (*files.modprobe(("/etc", "/run")), *_copied(packed))
        one = replace(
            base,
            source=base.source + ("" if hostonly is not None else f", hostonly={'yes' if whole else 'no'}"),
            early=_words(up_to_missing(list_words(files, config, "force_drivers"), _modules(files, base.release))),
            early_file="force_drivers of dracut.conf",
            early_at=Moment.BEFORE_UDEV,
            modprobe=copied,
            rules=tuple(f for f in packed if f.path.endswith(".rules") and "driver_override" in f.text),
            scripts=(*_others(now), *own),
        )
        made.append(_with_pulled(one))
    return tuple(made)


def _modules(files: PlannedFiles, release: str) -> frozenset[str] | None:
    """The modules of the image's kernel; those of all kernels where its release is not known."""
    if not files.modules:
        return None
    return files.modules.get(release) or frozenset().union(*files.modules.values())


def _others(now: EarlyBoot | None) -> tuple[Script, ...]:
    """Scripts of the present image that come from somewhere else."""
    own = (*copies_of(DRACUT_HOOK), *copies_of(MKINITCPIO_HOOK), *copies_of(UNIT_SCRIPT))
    return tuple(s for s in now.scripts if s.path.strip("/") not in own) if now else ()


def _booster(files: PlannedFiles, base: EarlyBoot, now: EarlyBoot | None) -> tuple[EarlyBoot, ...]:
    listed = booster.modules(files.text("/etc/booster.yaml") or "")
    made = replace(
        base,
        # A name with a dash is no module for booster's generator.
        early=_words(tuple(name for name in listed if "-" not in name)),
        early_file="/etc/booster.yaml",
        early_at=Moment.COLDPLUG,
        modprobe=files.modprobe(("/run",)),
        options_only=True,
    )
    return (made,)
