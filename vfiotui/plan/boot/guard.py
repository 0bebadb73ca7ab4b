"""The guard: hooks that look at the next boot whenever kernels, boot images or the boot menu were changed."""

from __future__ import annotations

from vfiotui.formats.guard_hooks.hooks import HOOKS
from vfiotui.formats.guard_hooks.runner import INSTALLED, PATH, program_of, runner, running
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.guard import GuardProgram
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

PATHS = (PATH, *(hook.path for hook in HOOKS))
"""All that the guard may consist of."""
HOOKLESS = {
    "xbps-install": "xbps",
    "emerge": "Portage",
    "urpmi": "urpmi",
    "eopkg": "eopkg",
    "slackpkg": "slackpkg",
    "swupd": "swupd",
}
"""Programs of package managers for which there is no hook here, with their names. xbps-install(1) and emerge(1) have
none but scripts of packages, and /etc/portage/bashrc, which is the administrator's; of the others none is known."""


def is_own_text(path: str, text: str) -> bool:
    """Whether a file that runs for the guard is as this program writes it, and starts this program."""
    if path == PATH:
        return program_of(text) in (running(), *map(GuardProgram, INSTALLED))
    return any(hook.path == path and hook.text == text for hook in HOOKS)


def _boot(draft: Draft) -> Boot:
    if isinstance(draft.facts.boot, Unread):
        raise PlanError(f"how this host boots cannot be read: {draft.facts.boot}")
    return draft.facts.boot


def _on(draft: Draft, argument: str) -> None:
    """Installs the script and every hook that fits; those that are damaged are written anew."""
    _yes(argument)
    boot = _boot(draft)
    if boot.managed.name:
        raise PlanError(
            f"{boot.managed.name} makes the boot images of this system as a whole: no hook of it can look at the next "
            "boot; run 'vfiotui guard check' after each update"
        )
    hookless = [name for program, name in HOOKLESS.items() if program in draft.snapshot.programs]
    if not boot.guard.interfaces:
        found = (
            f"vfiotui knows no hook of {' and '.join(hookless)}, and found no image builder with hooks here"
            if hookless
            else "no package manager and no image builder with hooks that vfiotui knows was found here"
        )
        raise PlanError(f"{found}: run 'vfiotui guard check' after each update")
    program = draft.snapshot.own_program
    if isinstance(program, Unread):
        raise PlanError(f"no hook can start vfiotui: {program.reason}")
    dead = [path for path in PATHS if path in draft.snapshot.not_executable]
    if dead:
        raise PlanError(f"{' and '.join(dead)} is not executable: 'chmod 755 {' '.join(dead)}' first")
    _write(draft, PATH, runner(program), "look at the next boot when a hook asks for it", 0o755)
    for hook in HOOKS:
        if hook.path in boot.guard.interfaces:
            _write(
                draft, hook.path, hook.text, f"have the next boot looked at by a hook of {hook.interface}", hook.mode
            )
    if "dnf" in draft.snapshot.programs and not any("/dnf/" in path for path in boot.guard.interfaces):
        draft.note(
            "dnf has no plugin here that runs hooks: what it changes beside kernels is looked at only with the package "
            "libdnf5-plugin-actions, or python3-dnf-plugin-post-transaction-actions for dnf 4; then turn the guard on "
            "again"
        )
    watched = dict.fromkeys(hook.interface for hook in HOOKS if hook.path in boot.guard.interfaces)
    for name in hookless:
        draft.note(
            f"vfiotui knows no hook of {name}: the guard looks at the next boot after {' and '.join(watched)} only; "
            "run 'vfiotui guard check' after every other update"
        )
    draft.note("a hook only warns: it changes nothing, and no package operation fails because of it")


def _off(draft: Draft, argument: str) -> None:
    """Takes the script and every hook away."""
    _yes(argument)
    there = [path for path in reversed(PATHS) if draft.text(path) is not None]
    if not there:
        raise PlanError("the guard is off: there is nothing to take away")
    for path in there:
        _write(draft, path, None, "no longer look at the next boot after each update", None)


def _yes(argument: str) -> None:
    if argument != "yes":
        raise PlanError(f"{argument!r} is no argument of it: only 'yes' is")


def _write(draft: Draft, path: str, text: str | None, why: str, mode: int | None) -> None:
    draft.write(path, text, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.NOW, mode=mode)


def _paths(argument: str) -> tuple[str, ...]:
    return PATHS


PLANNERS = (
    Planner(
        "guard.on", "yes", "warn before a reboot when an update lost the isolation", "Turn the guard on",
        _on, _paths,
    ),
    Planner("guard.off", "yes", "remove the hooks of guard.on", "Turn the guard off", _off, _paths),
)  # fmt: skip
