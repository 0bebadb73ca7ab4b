"""Who may do what: QEMU's user on its way to a file, a person with libvirt's socket, libvirt with its hooks."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, run_command
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

HOOKS = r"/etc/libvirt/hooks/(qemu|qemu\.d/[^/\x00-\x1f]+)"
USER = r"[a-z_][a-z0-9_-]{0,31}"
"""As useradd(8) takes names."""
GROUPS = ("libvirt", "libvirtd")


def let_pass(draft: Draft, folder: str) -> None:
    """QEMU's user gets the right to pass one folder, and no other right there (setfacl(1))."""
    access = draft.facts.access
    user = access if isinstance(access, Unread) else access.qemu_user
    if isinstance(user, Unread):
        raise PlanError(f"as which user QEMU runs is not known: {user}")
    if not re.fullmatch(USER, user):
        raise PlanError(f"QEMU runs as {user!r}, which is no plain name of a user")
    if not folder.startswith("/") or ".." in folder.split("/") or any(c < " " for c in folder):
        raise PlanError(f"{folder!r} is no folder's whole path")
    if "setfacl" not in draft.snapshot.programs:
        raise PlanError("setfacl is not installed: install the package acl, or move the file below /var/lib/libvirt")
    draft.add(
        run_command(
            ("setfacl", "-m", f"u:{user}:x", folder),
            f"let {user} pass {folder}, without the right to list it",
            back=("setfacl", "-x", f"u:{user}", folder),
            risk=Risk.R2,
            effect=Effect.NOW,
        ),
        Phase.HOST_FILE,
    )


def join_group(draft: Draft, user: str) -> None:
    """A person becomes a member of libvirt's group; sessions that are open do not notice."""
    if not re.fullmatch(USER, user):
        raise PlanError(f"{user!r} is no plain name of a user")
    access = draft.facts.access
    groups = access if isinstance(access, Unread) else access.user_groups
    if not isinstance(groups, Unread) and groups & set(GROUPS):
        return
    draft.add(
        run_command(
            ("usermod", "-aG", "libvirt", user),
            f"make {user} a member of the group libvirt, who may manage guests",
            back=("gpasswd", "-d", user, "libvirt"),
            risk=Risk.R2,
            effect=Effect.NOW,
        ),
        Phase.HOST_FILE,
    )
    draft.note(f"{user} has to log out and in again: sessions that are open keep their groups")


def make_executable(draft: Draft, path: str) -> None:
    """libvirt runs the hook; nothing where it may already."""
    if not re.fullmatch(HOOKS, path):
        raise PlanError(f"{path!r} is no hook below /etc/libvirt/hooks")
    access = draft.facts.access
    hooks = access if isinstance(access, Unread) else access.hooks
    if isinstance(hooks, Unread):
        raise PlanError(f"libvirt's hooks cannot be seen: {hooks}")
    hook = next((h for h in hooks if h.path == path), None)
    if hook is None:
        raise PlanError(f"{path} is not there")
    if hook.executable:
        return
    draft.add(
        run_command(
            ("chmod", "+x", path),
            "let libvirt run this hook: read it first, it runs as root",
            back=("chmod", "-x", path),
            risk=Risk.R2,
            effect=Effect.GUEST,
        ),
        Phase.HOST_FILE,
    )
    if not any(h.executable for h in hooks):
        draft.note("libvirt looks for hooks when its daemon starts: restart it once, guests run on meanwhile")


PLANNERS = (
    Planner("access.pass", "FOLDER", "let QEMU's user pass a folder", "Let QEMU pass {}", let_pass),
    Planner("access.join", "USER", "make a user a member of the group libvirt", "Let {} manage guests", join_group),
    Planner("hook.executable", "PATH", "make a hook executable, so that libvirt runs it", "Run {}", make_executable),
)
