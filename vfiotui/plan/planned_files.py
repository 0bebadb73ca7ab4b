"""The configuration as a plan leaves it: the surveyed files with the plan's own over them."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

from vfiotui.formats.modprobe.modprobe_set import in_force
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot, ConfigFile
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan

REBUILDS = (
    "update-initramfs", "mkinitcpio", "dracut", "regenerate_images", "kernel-install", "mkinitramfs",
    "reinstall-kernels", "limine-mkinitcpio",
)  # fmt: skip
"""Programs that rebuild the initramfs."""


class PlannedFiles:
    """Files by path, as they will be when the plan is applied."""

    def __init__(self, boot: Boot, snapshot: ConfigSnapshot, plan: Plan | None = None) -> None:
        known = (*boot.modprobe, *boot.initramfs_config, *boot.loader_config, *boot.modules_load)
        self.makers = boot.makers
        self.modules = snapshot.modules
        """Release → the kernel's modules, as far as they are known."""
        self._not_executable = snapshot.not_executable
        self._texts: dict[str, str] = {f.path: f.text for f in known}
        for path, content in snapshot.files.items():
            if not isinstance(content, Unread):
                self._texts[path] = content.decode("utf-8", "surrogateescape")
        self.rebuilds = False
        for step in plan.steps if plan else ():
            if step.kind == "file":
                self._texts.pop(step.subject, None)
                if step.mode is not None and step.mode & 0o100:
                    self._not_executable -= {step.subject}
                if step.after is not None:
                    self._texts[step.subject] = step.after.decode("utf-8", "surrogateescape")
            elif step.kind == "command" and step.argv:
                self.rebuilds |= step.argv[0].rpartition("/")[2] in REBUILDS

    def text(self, path: str) -> str | None:
        """The content, or None where there is no such file or it was not surveyed."""
        return self._texts.get(path)

    def is_executable(self, path: str) -> bool:
        """Whether a file may be run, as far as its mode is known."""
        return path not in self._not_executable

    def with_text(self, path: str, text: str) -> PlannedFiles:
        """The same files, but for one of them."""
        other = copy(self)
        other._texts = {**self._texts, path: text}
        return other

    def below(self, folder: str, suffix: str = "") -> tuple[ConfigFile, ...]:
        """The files of a folder by name."""
        inside = folder + "/"
        paths = sorted(p for p in self._texts if p.startswith(inside) and p.endswith(suffix))
        return tuple(ConfigFile(p, self._texts[p]) for p in paths if "/" not in p[len(inside) :])

    def modprobe(self, without: Iterable[str] = ()) -> tuple[ConfigFile, ...]:
        """modprobe.d as it will be obeyed, but for some folders."""
        left_out = tuple(f"{folder}/" for folder in without)
        paths = [p for p in self._texts if "/modprobe.d/" in p and not p.startswith(left_out or ("\0",))]
        return tuple(ConfigFile(p, self._texts[p]) for p in in_force(paths))

    def rules(self) -> tuple[ConfigFile, ...]:
        """udev rules of /etc that name driver_override, or remove devices."""
        found = self.below("/etc/udev/rules.d", ".rules")
        return tuple(f for f in found if any(w in f.text for w in ("driver_override", "remove", "/local/")))
