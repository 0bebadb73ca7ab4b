"""Who runs QEMU, and whether it may reach its guests' files (libvirt drvqemu, "POSIX users/groups"; passwd(5))."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.system import posix_acl
from vfiotui.host.guest import qemu_conf
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.access import Access, GuestFile, HookFile
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.model.guest.qemu_conf import PATH, QemuConf

LOGIN = "/proc/self/loginuid"
NOBODY = 0xFFFFFFFF
"""The kernel's word for a process without a login."""
HOOKS = "/etc/libvirt/hooks"
ID = re.compile(r"[0-9]{1,10}")
USERS = ("libvirt-qemu", "qemu", "nobody")
"""Of Debian and its kin; of Fedora, SUSE and their kin; of Arch before it had one."""
OTHERS_PASS, GROUP_PASS, OWNER_PASS = 0o001, 0o010, 0o100


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the root's own /etc/passwd."""

    name: str
    uid: int
    groups: frozenset[int]


def users(root: Root) -> Reading[dict[str, tuple[int, int]]]:
    """User → uid and gid."""
    lines = root.lines("/etc/passwd", 1 << 20)
    if isinstance(lines, Unread):
        return lines
    rows = (line.split(":") for line in lines)
    found = {r[0]: (int(r[2]), int(r[3])) for r in rows if len(r) > 3 and ID.fullmatch(r[2]) and ID.fullmatch(r[3])}
    return found or Unread("names no user", Why.DAMAGED, "/etc/passwd")


def groups(root: Root) -> Reading[dict[str, tuple[int, frozenset[str]]]]:
    """Group → gid and members."""
    lines = root.lines("/etc/group", 1 << 20)
    if isinstance(lines, Unread):
        return lines
    rows = (line.split(":") for line in lines)
    found = {
        r[0]: (int(r[2]), frozenset(m for m in r[3].split(",") if m)) for r in rows if len(r) > 3 and ID.fullmatch(r[2])
    }
    return found or Unread("names no group", Why.DAMAGED, "/etc/group")


def qemu_user(root: Root, known: Reading[dict[str, tuple[int, int]]]) -> Reading[str]:
    """The user under which libvirt starts QEMU: qemu.conf's, else the distribution's own."""
    conf = if_absent(qemu_conf.read(root), QemuConf())
    if isinstance(conf, Unread):
        return conf
    if (setting := conf.get("user")) is not None:
        return str(setting.value).lstrip("+")
    if isinstance(known, Unread):
        return known
    user = next((u for u in USERS if u in known), None)
    return user or Unread("qemu.conf names no user, and none of the usual ones is there", Why.ABSENT, PATH)


def person(root: Root, name: str) -> Reading[Person]:
    """A user with all groups."""
    known, named = users(root), groups(root)
    if isinstance(known, Unread):
        return known
    if isinstance(named, Unread):
        return named
    if name not in known:
        return Unread(f"there is no user {name!r}", Why.ABSENT, "/etc/passwd")
    uid, gid = known[name]
    more = (g for g, members in named.values() if name in members)
    return Person(name, uid, frozenset({gid, *more}))


def may_pass(root: Root, folder: str, who: Person) -> Reading[bool]:
    """Whether a user may pass a folder, by its access list where it has one, else by its mode."""
    found = root.stat(folder)
    if isinstance(found, Unread):
        return found
    if who.uid == 0:
        return True
    if found.owner == who.uid:
        return bool(found.mode & OWNER_PASS)
    listed = root.acl(folder)
    if isinstance(listed, Unread):
        # The bits of the group are the most that a list gives to whom it names.
        return listed if found.mode & (OTHERS_PASS | GROUP_PASS) else False
    if listed is not None:
        try:
            return posix_acl.passes(listed, who.uid, who.groups, found.owner, found.group)
        except EditRefused as error:
            return Unread(f"its access list cannot be read: {error}", Why.DAMAGED, folder)
    return bool(found.mode & (GROUP_PASS if found.group in who.groups else OTHERS_PASS))


def blocked_at(root: Root, path: str, who: Person) -> Reading[str]:
    """The first folder on the way to a file that a user may not pass; empty where there is none."""
    parts = path.split("/")[1:-1]
    for depth in range(len(parts) + 1):
        folder = "/" + "/".join(parts[:depth])
        passes = may_pass(root, folder, who)
        if isinstance(passes, Unread):
            return passes
        if not passes:
            return folder
    return ""


def named_files(domain: Domain) -> Iterator[tuple[str, str]]:
    """Role and absolute path of the images, ROMs and firmware that a guest names."""
    yield from (("disk", d.source) for d in domain.devices.disks if d.kind == "file" and d.source.startswith("/"))
    yield from (("rom", h.rom_file) for h in domain.hostdevs if h.rom_file.startswith("/"))
    if domain.boot.loader.startswith("/"):
        yield "firmware", domain.boot.loader


def read_files(root: Root, virt: Reading[Virt], who: Reading[Person]) -> Reading[tuple[GuestFile, ...]]:
    """The files of all guests, with the folder that stops QEMU's user."""
    if isinstance(virt, Unread):
        return virt
    if isinstance(virt.domains, Unread):
        return virt.domains
    found = []
    # QEMU of a session runs as its user.
    for domain in (d for d in virt.domains if not d.owner):
        for role, path in named_files(domain):
            stop = who if isinstance(who, Unread) else blocked_at(root, path, who)
            found.append(GuestFile(path, domain.name, role, stop))
    return tuple(found)


def read_hooks(root: Root) -> Reading[tuple[HookFile, ...]]:
    """The hooks of the QEMU driver with their right to be run."""
    names = if_absent(root.names(f"{HOOKS}/qemu.d"), ())
    if isinstance(names, Unread):
        return names
    found = []
    for path in (f"{HOOKS}/qemu", *(f"{HOOKS}/qemu.d/{n}" for n in names)):
        state = if_absent(root.stat(path), None)
        if isinstance(state, Unread):
            return state
        if state is not None and state.kind == "file":
            found.append(HookFile(path, bool(state.mode & 0o111)))
    return tuple(found)


def login(root: Root) -> Reading[int]:
    """The number of who logged in, whatever sudo made of them since; without a login who runs this program."""
    uid = root.integer(LOGIN)
    if isinstance(uid, int) and 0 <= uid < NOBODY:
        return uid
    return os.getuid() if root.is_live else Unread("who will use it is not known", Why.NOT_HERE, LOGIN)


def read_user(root: Root) -> tuple[Reading[str], Reading[frozenset[str]]]:
    """Who runs this program, and the groups that /etc/group gives; of other machines nobody looks."""
    uid = login(root)
    known, named = users(root), groups(root)
    if isinstance(uid, Unread):
        return uid, uid
    if isinstance(known, Unread):
        return known, known
    name = next((n for n, (u, _) in known.items() if u == uid), None)
    if name is None or isinstance(named, Unread):
        missing = Unread(f"user {uid} is not in the file", Why.ABSENT, "/etc/passwd")
        return missing, named if isinstance(named, Unread) else missing
    own = known[name][1]
    return name, frozenset(g for g, (gid, members) in named.items() if name in members or gid == own)


def read(root: Root, virt: Reading[Virt]) -> Reading[Access]:
    """Users, groups, hooks and the ways to files; Unread where the root shows no /etc at all."""
    if not root.has("etc"):
        return Unread("is not shown here", Why.NOT_HERE, "/etc")
    known = users(root)
    user = qemu_user(root, known)
    who: Reading[Person] = user if isinstance(user, Unread) else person(root, user)
    me, my_groups = read_user(root)
    return Access(
        qemu_user=user,
        qemu_known=user
        if isinstance(user, Unread)
        else known
        if isinstance(known, Unread)
        else user in known or user.isdigit(),
        user=me,
        user_groups=my_groups,
        hooks=read_hooks(root),
        files=read_files(root, virt, who),
    )
