"""Machines on which hooks look at the next boot after an update."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import CLEAN
from vfiotui.demo.description import Host
from vfiotui.formats.guard_hooks.hooks import HOOKS
from vfiotui.formats.guard_hooks.runner import PATH, STATE, runner
from vfiotui.model.boot.guard import GuardProgram, GuardState, Lost, to_json

PROGRAM = "/usr/bin/vfiotui"
FITTING = tuple(hook for hook in HOOKS if hook.interface in ("kernel packages", "initramfs-tools", "apt"))
MARKS = {"/usr/bin/apt-get": "\x7fELF", "/usr/bin/dpkg": "\x7fELF", PROGRAM: "#!/usr/bin/python3\n"}
HOOK_FILES = {PATH: runner(GuardProgram(PROGRAM)), **{hook.path: hook.text for hook in FITTING}}
MODES = {PATH: 0o755, PROGRAM: 0o755, **{hook.path: hook.mode for hook in FITTING}}
KEPT = GuardState("2026-11-30T09:00:00+00:00", "", "apt", kept=2)
SENTENCE = (
    "0000:01:00.0 (GM204 [GeForce GTX 970]) gets the driver nouveau, not vfio-pci (it is configured for vfio-pci): "
    "nouveau is loaded by udev in the initramfs."
)
LOST = replace(KEPT, kept=1, lost=(Lost("0000:01:00.0", SENTENCE),))


def guarded(state: GuardState) -> Host:
    """The clean host with the guard on and this last check."""
    return replace(CLEAN, files={**CLEAN.files, **MARKS, **HOOK_FILES, STATE: to_json(state)}, modes=MODES)


FINE = guarded(KEPT)
HOSTS: dict[str, Host] = {
    "guarded": FINE,
    "guard-lost": guarded(LOST),
    "guard-damaged": replace(
        FINE,
        files={
            **{path: text for path, text in FINE.files.items() if "post-update.d" not in path},
            "/etc/kernel/postinst.d/zz-vfiotui-guard": "#!/bin/sh\nexit 0\n",
        },
    ),
}
