"""What an initramfs will do with devices, read from its own files: each tool leaves its lists in other places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from vfiotui.formats.initramfs import booster_init, initramfs_tools
from vfiotui.formats.modprobe import modules_load
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import gathered, in_force
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.early_boot import EarlyBoot, Moment, Script
from vfiotui.model.boot.image import Image

MODULE = re.compile(r"(?:usr/)?lib/modules/(?:([^/]+)/(?:.*/)?)?([^/]+)\.ko(?:\.(?:xz|zst|gz|lz4))?")
"""The kernel's release and the module; booster's images name no release (booster, generator/kmod.go)."""
RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")


def tool_of(image: Image) -> str:
    """The tool that built it, by files that no other one leaves; empty where none is known."""
    signs = (
        ("booster", (booster_init.PATH,)),
        ("initramfs-tools", ("conf/initramfs.conf", "scripts/init-top/ORDER", "conf/arch.conf")),
        ("mkinitcpio", ("buildconfig", "usr/lib/initcpio", "hooks/udev")),
        ("dracut", ("usr/lib/dracut", "lib/dracut", "usr/lib/dracut-lib.sh", "lib/dracut-lib.sh")),
    )
    return next((tool for tool, paths in signs if any(image.get(p) is not None for p in paths)), "")


def early_boot(image: Image) -> EarlyBoot:
    """What the image will do, as it was built."""
    tool = tool_of(image)
    early, file, moment = _early(image, tool)
    found = [m for path in image.files if (m := MODULE.fullmatch(path))]
    made_for = booster_init.release(image.text(booster_init.PATH) or "") or image.release or ""
    return EarlyBoot(
        source=image.path,
        tool=tool,
        modules=frozenset(fold(m[2]) for m in found),
        early=early,
        early_file=file,
        early_at=moment,
        modprobe=modprobe_files(image),
        options_only=tool == "booster",
        rules=_naming_override(image, RULES, ".rules"),
        scripts=_scripts(image),
        release=next((m[1] for m in found if m[1]), made_for),
    )


def modprobe_files(image: Image) -> tuple[ConfigFile, ...]:
    """The files of modprobe.d in the image that count, in order; their paths begin with a slash.

    booster's image has no such files: its generator writes the options into the file of its init.
    """
    told = image.text(booster_init.PATH)
    if told is not None:
        return (ConfigFile(f"/{booster_init.PATH}", booster_init.options_as_modprobe(told)),)
    paths = [p for p in image.files if "modprobe.d/" in p]
    texts = ((p, image.text(p)) for p in in_force(paths))
    return tuple(ConfigFile(f"/{p}", text) for p, text in texts if text is not None)


def _early(image: Image, tool: str) -> tuple[tuple[tuple[str, str], ...], str, Moment]:
    """The modules that are loaded by name, where they are listed, and when."""
    if tool == "initramfs-tools":
        listed = initramfs_tools.modules(image.text("conf/modules") or "")
        return tuple((fold(m), " ".join(o)) for m, o in listed), "conf/modules", Moment.AFTER_COLDPLUG
    if tool == "mkinitcpio":
        # mkinitcpio 38 and later write it below etc (install/systemd).
        for path in ("etc/modules-load.d/MODULES.conf", "usr/lib/modules-load.d/MODULES.conf"):
            text = image.text(path)
            if text is not None:
                return _plain(modules_load.modules(text)), path, Moment.COLDPLUG
        if starts_systemd(image):
            return (), "etc/modules-load.d", Moment.COLDPLUG
        value = value_of(parse(image.text("config") or ""), "MODULES")
        return _plain(value.split() if isinstance(value, str) else ()), "config", Moment.BEFORE_UDEV
    if tool == "booster":
        path = booster_init.PATH
        return _plain(booster_init.forced(image.text(path) or "")), path, Moment.COLDPLUG
    words: list[str] = []
    for file in image.below("etc/cmdline.d", ".conf"):
        line = CommandLine((file.content or b"").decode("utf-8", "replace"), file.path)
        words += [w for w in line.options("rd.driver.pre") if w]
    return _plain(words), "etc/cmdline.d", Moment.BEFORE_UDEV


def starts_systemd(image: Image) -> bool:
    """Whether its /init is systemd, which runs units and no hook scripts."""
    init = image.files.get("init")
    return init is not None and init.target.rpartition("/")[2] == "systemd"


def _plain(words: object) -> tuple[tuple[str, str], ...]:
    return tuple((fold(str(w).removesuffix("?")), "") for w in words) if isinstance(words, list | tuple) else ()


def _naming_override(image: Image, folders: tuple[str, ...], suffix: str) -> tuple[ConfigFile, ...]:
    found: dict[str, ConfigFile] = {}
    for folder in folders:
        for file in image.below(folder, suffix):
            text = (file.content or b"").decode("utf-8", "replace")
            name = file.path.rpartition("/")[2]
            if name not in found and ("driver_override" in text or "remove" in text):
                found[name] = ConfigFile(f"/{file.path}", text)
    return tuple(found[name] for name in sorted(found))


def _scripts(image: Image) -> tuple[Script, ...]:
    """Scripts that set driver_override, with their place before or behind udev where the image tells it."""
    found = []
    systemd = starts_systemd(image)
    early_units = _ahead_of_udev(image) if systemd else frozenset()
    for path in sorted(image.files):
        text = image.text(path) or ""
        if "driver_override" not in text or path.endswith((".rules", ".conf")) or image.files[path].target:
            continue
        before: bool | None = None
        folder, _, name = path.rpartition("/")
        if systemd and folder == "hooks":
            continue
        if f"/{path}" in early_units:
            before = True
        elif folder == "scripts/init-top":
            order = re.findall(r"/scripts/init-top/(\S+)", image.text(f"{folder}/ORDER") or "")
            if order and name not in order:
                # It was not executable when the image was built, and is not run.
                continue
            before = order.index(name) < order.index("udev") if name in order and "udev" in order else None
        elif folder == "hooks":
            hooks = value_of(parse(image.text("config") or ""), "EARLYHOOKS")
            early = hooks.split() if isinstance(hooks, str) else []
            before = early.index(name) < early.index("udev") if name in early and "udev" in early else None
        elif folder.startswith("scripts/"):
            before = False
        elif "/hooks/" in path:
            before = any(f"/hooks/{hook}/" in f"/{path}" for hook in ("cmdline", "pre-udev"))
        found.append(Script(f"/{path}", text, before))
    return tuple(found)


UNITS = ("etc/systemd/system", "usr/lib/systemd/system")
BEFORE = re.compile(r"^Before=.*\bsystemd-udevd\.service\b", re.MULTILINE)
STARTS = re.compile(r"^ExecStart=[-@:+!]*(?:(?:/usr)?/bin/(?:busybox[ \t]+)?(?:a?sh|bash)[ \t]+)?(/\S+)", re.MULTILINE)


def _ahead_of_udev(image: Image) -> frozenset[str]:
    """What units start that are wanted by a target and stand before systemd-udevd (systemd.unit(5))."""
    wanted = {path.rpartition("/")[2] for path in image.files if ".wants/" in path or ".requires/" in path}
    found: set[str] = set()
    for folder in UNITS:
        for file in image.below(folder, ".service"):
            text = (file.content or b"").decode("utf-8", "replace")
            if file.path.rpartition("/")[2] in wanted and BEFORE.search(text):
                found |= set(STARTS.findall(text))
    return frozenset(found)


def stale_files(files: Iterable[ConfigFile], image: Image) -> tuple[str, ...]:
    """Files of /etc/modprobe.d whose copy in the image is another one, or is missing where others are copied."""
    copies = {f.path: f.text for f in modprobe_files(image)}
    any_copied = any(path.startswith("/etc/modprobe.d/") for path in copies)
    found = []
    for file in files:
        copy = copies.get(file.path)
        missing = copy is None and any_copied and bool(file.text.strip())
        other = copy is not None and copy.rstrip("\n") != file.text.rstrip("\n")
        if file.path.startswith("/etc/modprobe.d/") and (missing or other):
            found.append(file.path)
    return tuple(found)


OWN_FOLDER = "/etc/initcpio/vfiotui"
"""Files that our install hook of mkinitcpio takes along, each at its place in the image."""


def copies_of(path: str) -> tuple[str, ...]:
    """Where the tools put a file of the system into an image."""
    name = path.rpartition("/")[2]
    if "/udev/rules.d/" in path:
        return tuple(f"{folder}/{name}" for folder in RULES)
    if path.startswith("/usr/lib/dracut/modules.d/"):
        return tuple(f"{top}/dracut/hooks/pre-udev/10-{name}" for top in ("usr/lib", "lib", "var/lib"))
    if path.startswith("/etc/initcpio/hooks/"):
        return (f"hooks/{name}",)
    if path.startswith("/etc/initramfs-tools/scripts/"):
        return (path.removeprefix("/etc/initramfs-tools/"),)
    if path.startswith(f"{OWN_FOLDER}/"):
        return (path.removeprefix(OWN_FOLDER).strip("/"),)
    return (path.strip("/"),)


def missing(
    image: Image,
    wants: Iterable[str],
    content: Callable[[str], bytes | None],
    kernel: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Those of the wants that an image does not fulfil, in words; `content` gives a file of the system.

    `kernel` are the modules that are built into the image's kernel: nothing loads them, and they are there.

    module NAME: the module is inside, or part of the kernel. early NAME: it is loaded by name. same PATH: the copy
    of the file is the file. gone PATH: there is no copy of it. option MODULE KEY=VALUE: the module is given it.
    """
    early = early_boot(image)
    builtin = {fold(m[2]) for path in image.files if "modules.builtin" in path for m in _builtin(image, path)} | kernel
    found = []
    for want in wants:
        verb, _, what = want.partition(" ")
        if verb == "module" and early.modules is not None and fold(what) not in early.modules | builtin:
            found.append(f"lacks the module {what}")
        elif verb == "early" and fold(what) not in builtin and fold(what) not in {name for name, _ in early.early}:
            found.append(f"lacks {what} among the modules that it loads first")
        elif verb == "option" and not _has_option(early, what):
            found.append(f"lacks the option {what}")
        elif verb in ("same", "gone"):
            copies = [f.content for c in copies_of(what) if (f := image.get(c)) is not None]
            if verb == "gone" and copies:
                found.append(f"still holds {what}, which is gone")
            elif verb == "same" and (not copies or copies[0] != content(what)):
                found.append(f"lacks {what} as it is now" if copies else f"lacks {what}")
    return tuple(found)


def _has_option(early: EarlyBoot, what: str) -> bool:
    module, _, option = what.partition(" ")
    key, _, value = option.partition("=")
    said = gathered(early.modprobe).option(module, key)
    return said is not None and said.words[0] == value


def _builtin(image: Image, path: str) -> list[re.Match[str]]:
    lines = (image.text(path) or "").split("\n")
    return [m for line in lines if (m := MODULE.fullmatch(f"lib/modules/x/{line}"))]
