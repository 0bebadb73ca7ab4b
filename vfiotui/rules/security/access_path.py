"""QEMU's user reaches the files of its guests.

Expected
    QEMU's user may pass every folder on the way to images, ROMs and firmware.
Why
    An ISO in a home folder is the classic: the file is readable, the folder above is not, and the guest does not
    start.
How it is read
    The modes and owners of the folders on the way, for the user of qemu.conf. The entries of access lists count;
    a capture keeps none of them.
Fix
    Keep the file below /var/lib/libvirt/images, or setfacl -m u:USER:x on the folder.
Valid for
    The system connection; guests of a session run as their user.
Sources
    path_resolution(7); libvirt drvqemu, POSIX users/groups.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, counted, fails, fix, holds, known, rule, seen


def _folders(first: str, path: str) -> list[str]:
    """The folder that stops QEMU's user, and those behind it on the way to a file: what they allow is not seen."""
    on_way = [path[:at] for at, letter in enumerate(path) if letter == "/" and at]
    return [folder for folder in on_way if f"{folder}/".startswith(f"{first.rstrip('/')}/")]


@rule("ACCESS-PATH", Severity.WARN, needs=("access", "virt"), fires="home-images", silent="clean")
def check(facts: Facts) -> Answers:
    access = known(facts.access)
    files = known(access.files)
    user = or_else(access.qemu_user, "QEMU's user")
    blind = [f for f in files if isinstance(f.blocked_at, Unread)]
    blocked = [f for f in files if isinstance(f.blocked_at, str) and f.blocked_at]
    for file in blocked:
        yield fails(
            file.guest,
            f"{user} may not pass {file.blocked_at}, which is on the way to the {file.role} {file.path}.",
            seen(str(file.blocked_at), "no right to pass for others"),
            fix=fix(
                f"let {user} pass the folder (setfacl -m u:{user}:x), or move the file below /var/lib/libvirt/images",
                Risk.R2,
                *(("access.pass", folder) for folder in _folders(str(file.blocked_at), file.path)),
            ),
        )
    if blocked:
        return
    if blind:
        known(blind[0].blocked_at)
    yield holds("host", f"{user} reaches {counted(len(files), 'file')} of guests")
