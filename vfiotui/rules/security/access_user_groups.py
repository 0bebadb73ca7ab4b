"""Who uses this console may manage guests.

Expected
    The user is root or in the group libvirt; for QEMU without libvirt in the group kvm.
Why
    Without the group every action asks for a password, or is refused: 'authentication unavailable', 'Permission
    denied'.
How it is read
    /etc/group and the user who runs this program (of sudo: who called it); unknown for other machines.
Fix
    usermod -aG libvirt USER, then log in again.
Valid for
    Distributions whose polkit rules let that group in: Debian, Ubuntu, Arch, Fedora.
Sources
    libvirt auth, polkit; usermod(8).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule("ACCESS-USER-GROUPS", Severity.INFO, needs=("access",), fires="outsider", silent="insider", only_running=True)
def check(facts: Facts) -> Answers:
    access = known(facts.access)
    if facts.mode is Mode.ROOT and isinstance(access.user, Unread) and access.user.why is Why.NOT_HERE:
        yield not_applicable("host", "who will use this host is not known", seen(access.user.path, "is not shown"))
        return
    user, groups = known(access.user), known(access.user_groups)
    evidence = seen("/etc/group", f"{user}: {', '.join(sorted(groups)) or 'none'}")
    if user == "root" or groups & {"libvirt", "libvirtd"}:
        yield holds("host", f"{user} may manage guests", evidence)
    else:
        yield fails(
            "host",
            f"{user} is not in the group libvirt: managing guests asks for a password or is refused.",
            evidence,
            fix=fix(f"usermod -aG libvirt {user}, then log in again", Risk.R2, ("access.join", user)),
        )
