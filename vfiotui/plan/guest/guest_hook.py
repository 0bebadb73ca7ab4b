"""Fragments of libvirt's qemu.d that serve guests by name: a guest joins, a guest leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vfiotui.formats.libvirt_hooks import libvirt_hook
from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.draft import Draft, Phase, PlanError

RUNNER = "/etc/libvirt/hooks/qemu"
FOLLOWS_FOLDER = (6, 5)
"""libvirt runs what lies in qemu.d itself since this version (libvirt.org/hooks.html)."""


@dataclass(frozen=True, slots=True)
class GuestHook:
    """One fragment."""

    path: str
    script: Callable[[Iterable[str]], str]
    guests_of: Callable[[str], tuple[str, ...]]


def guest_named(draft: Draft, name: str) -> Domain:
    """The guest; PlanError where there is none."""
    virt = draft.facts.virt
    domains = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
    domain = next((d for d in domains if d.name == name), None)
    if domain is None:
        raise PlanError(f"there is no guest {name!r}")
    if domain.owner:
        raise PlanError(f"{name} belongs to the session of {domain.owner}: hooks of the system do not run for it")
    return domain


def _version(draft: Draft) -> tuple[int, ...] | None:
    """libvirt's version, where it was asked."""
    virt = draft.facts.virt
    words = "" if isinstance(virt, Unread) else virt.libvirt_version
    return tuple(int(w) for w in words.split(".") if w.isdigit()) or None


def _served(draft: Draft, hook: GuestHook) -> tuple[str, ...]:
    text = draft.text(hook.path)
    if text is None:
        return ()
    try:
        libvirt_hook.may_change(text)
    except EditRefused as error:
        raise PlanError(f"{hook.path}: {error}") from error
    return hook.guests_of(text)


def serve(draft: Draft, hook: GuestHook, guest: str, why: str) -> None:
    """The hook serves the guest from its next start on."""
    served = _served(draft, hook)
    _write(draft, hook, {*served, guest}, why)
    version = _version(draft)
    if version is not None and version < FOLLOWS_FOLDER and draft.text(RUNNER) is None:
        runs = "this libvirt does not look into qemu.d itself"
        draft.write(RUNNER, libvirt_hook.runner(), runs, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.GUEST, mode=0o755)
    if not {"python3", "xmllint"} & draft.snapshot.programs.keys():
        draft.note("the hook reads the guest's XML with python3 or xmllint, and neither was found here: install one")
    if not served:
        draft.note("libvirt looks for hooks when its daemon starts: restart it once, guests run on meanwhile")


def leave(draft: Draft, hook: GuestHook, guest: str, why: str) -> None:
    """The hook serves the guest no more; the last one takes the script along."""
    served = _served(draft, hook)
    if guest not in served:
        raise PlanError(f"the hook does not serve {guest}")
    _write(draft, hook, set(served) - {guest}, why)


def _write(draft: Draft, hook: GuestHook, guests: set[str], why: str) -> None:
    text = hook.script(guests) if guests else None
    mode = 0o755 if text else None
    draft.write(hook.path, text, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.GUEST, mode=mode)
