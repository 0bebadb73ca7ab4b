"""A described machine after a plan: its steps are done, what generators make is made anew, then guests or host restart.

The description is changed and built again, so that what the kernel shows after a boot comes from its words and from
the files, and values that were set by hand are gone.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace

from tests.machines import root_of
from vfiotui.demo.build_boot import PARAMETERS, loaded
from vfiotui.demo.build_guest import DEFINED
from vfiotui.demo.description import GuestDesc, Host
from vfiotui.host.boot import boot as host_boot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.change.change import Change, Effect
from vfiotui.model.change.plan import Plan

GRUB, MENU = "/etc/default/grub", "/boot/grub/grub.cfg"
MENU_TOOLS = ("update-grub", "grub-mkconfig", "grub2-mkconfig")
IMAGE_TOOLS = ("update-initramfs", "mkinitcpio", "dracut")
IMAGE_SOURCES = ("/etc/modprobe.d/", "/etc/initramfs-tools/")
GENERATED = re.compile(
    r"(?m)^(\s*linux\s+\S+ root=\S+ ro)\b.*$(?=(?:.*\n)*?### END /etc/grub\.d/10_linux)|^(linux \S+ root=\S+ ro)\b.*$"
)
"""A line of the menu that 10_linux made, up to where its own words begin."""
POOLS = {
    f"/sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages": pool
    for size, pool in ((2048, "huge_2m"), (1 << 20, "huge_1g"))
}
SET_BY_HAND = ("/sys/", "/proc/")
LOOKS = ("look", "image", "path", "release")
"""Steps that change nothing which a description has."""


def carried_out(host: Host, plan: Plan) -> Host:
    """The machine when all of the plan is in effect; what is left to a person is done as it says.

    AssertionError where a step does not find what it says is there.
    """
    after = host
    for step in plan.steps:
        after = _step(after, step)
    menu = any(s.kind == "command" and s.argv[0] in MENU_TOOLS for s in plan.steps)
    menu = menu or any(tool in left.why for left in plan.left for tool in MENU_TOOLS)
    if menu or any(s.subject == MENU for s in (*plan.steps, *plan.left)):
        after = _with_menu(after)
    if not any(s.kind == "command" and s.argv[0] in IMAGE_TOOLS for s in plan.steps):
        after = _with_image_of(host, after)
    else:
        after = replace(after, built=60.0)
    if plan.waits_for_boot:
        files = {p: t for p, t in after.files.items() if not _changed_value(p, plan)}
        return booted(replace(after, files=files), dict(plan.forecast), host)
    return _restarted(after) if any(s.effect is Effect.GUEST for s in plan.steps) else after


def _step(host: Host, step: Change) -> Host:
    if step.kind in (*LOOKS, "nudge", "link"):
        return host
    if step.kind == "command":
        return _ran(host, step.argv)
    if step.kind == "driver":
        return _with_driver(host, step)
    assert step.kind in ("file", "value", "pages"), f"{step.kind} of {step.subject} is not known here"
    there = root_of(host).bytes(step.subject)
    held = None if isinstance(there, Unread) else there
    if step.kind == "file":
        assert held == step.before, f"{step.subject} holds something else"
        return _with_file(host, step)
    assert held is not None and step.after is not None
    wanted = step.after.decode().strip()
    if step.kind == "pages":
        pool = POOLS[step.subject]
        total, free = getattr(host, pool)
        return replace(host, **{pool: (int(wanted), free + int(wanted) - total)})  # type: ignore[arg-type]
    return _with_value(host, step.subject, wanted)


def _ran(host: Host, argv: tuple[str, ...]) -> Host:
    """What small commands leave behind; generators are played when all is done."""
    match argv:
        case ("chmod", "+x", path):
            return replace(host, modes={**host.modes, path: 0o755})
        case ("setfacl", "-m", _, folder):
            return replace(host, modes={**host.modes, folder: host.modes.get(folder, 0o755) | 1})
        case ("usermod", "-aG", group, user):
            there = root_of(host).text("/etc/group")
            assert not isinstance(there, Unread)
            joined = re.sub(rf"(?m)^({group}:.*?:[^:\n]+)$", rf"\1,{user}", there)
            return replace(host, files={**host.files, "/etc/group": joined})
        case ("systemctl", "disable", "--now", unit):
            return replace(host, enabled=tuple(name for name in host.enabled if name != unit.removesuffix(".service")))
        case ("systemctl", "set-property", *_):
            return replace(host, machine_cpus="")
    return host


def _with_driver(host: Host, step: Change) -> Host:
    driver = None if step.after is None else step.after.decode()
    return replace(host, pci=tuple(replace(d, driver=driver) if d.bdf == step.subject else d for d in host.pci))


def _with_file(host: Host, step: Change) -> Host:
    files: dict[str, str | bytes] = dict(host.files)
    for guest in host.guests:
        if step.subject == f"{DEFINED}/{guest.name.replace('/', '_')}.xml" and step.subject not in files:
            assert step.after is not None
            new = replace(guest, xml=step.after.decode())
            return replace(host, guests=tuple(new if g is guest else g for g in host.guests))
    files.pop(step.subject, None)
    if step.after is None:
        return replace(host, files=files, remove=(*host.remove, step.subject))
    files[step.subject] = step.after
    modes = {**host.modes, step.subject: step.mode} if step.mode is not None else host.modes
    gone = tuple(path for path in host.remove if path != step.subject)
    return replace(host, files=files, modes=modes, remove=gone)


def _with_menu(host: Host) -> Host:
    """The menu as grub-mkconfig makes it of its files, which a shell reads."""
    root = root_of(host)
    names = root.names(f"{GRUB}.d")
    drop_ins = () if isinstance(names, Unread) else [f"{GRUB}.d/{n}" for n in sorted(names) if n.endswith(".cfg")]
    texts = [text for path in (GRUB, *drop_ins) if not isinstance(text := root.text(path), Unread)]
    script = "\n".join([*texts, 'printf "%s %s" "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"'])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30, check=True)
    menu = root.text(MENU)
    if isinstance(menu, Unread):
        return host
    words = " ".join(done.stdout.split())
    made = GENERATED.sub(lambda found: f"{found[1] or found[2]} {words}", menu)
    return replace(host, files={**host.files, MENU: made})


def _with_image_of(before: Host, after: Host) -> Host:
    """Files that go into the initramfs changed, and nothing has built it since: it is the one of before."""

    def sources(host: Host) -> dict[str, str | bytes]:
        return {path: text for path, text in host.files.items() if path.startswith(IMAGE_SOURCES)}

    image = f"/boot/initrd.img-{after.release}"
    old = root_of(before).bytes(image)
    if sources(before) == sources(after) or isinstance(old, Unread):
        return after
    return replace(after, files={**after.files, image: old})


def _restarted(host: Host) -> Host:
    """All guests were shut down and started: their threads have what their definitions say."""
    return replace(host, guests=tuple(_started(guest) for guest in host.guests))


def _started(guest: GuestDesc) -> GuestDesc:
    if guest.pid is None:
        return guest
    pins = dict(re.findall(r"<vcpupin vcpu=['\"](\d+)['\"] cpuset=['\"]([^'\"]+)['\"]", guest.xml))
    count = re.search(r"<vcpu\b[^>]*>(\d+)</vcpu>", guest.xml)
    single = [pins[str(v)] for v in range(guest.vcpus) if str(v) in pins]
    emulator = re.search(r"<emulatorpin cpuset=['\"]([^'\"]+)['\"]", guest.xml)
    iothreads = re.search(r"<iothreadpin iothread=['\"]\d+['\"] cpuset=['\"]([^'\"]+)['\"]", guest.xml)
    return replace(
        guest,
        vcpus=int(count[1]) if count else guest.vcpus,
        pins=tuple(int(p) for p in single) if all(p.isdigit() for p in single) else guest.pins,
        emulator=emulator[1] if emulator else guest.emulator,
        iothread_cpus=iothreads[1] if iothreads else guest.iothread_cpus,
    )


def booted(host: Host, forecast: Mapping[str, tuple[str, ...]], before: Host | None = None) -> Host:
    """The machine after its next boot: the words of the boot path, and the drivers of a prediction, by address.

    `before` is the machine that runs, where its files are others.
    """
    boot = host_boot.read(root_of(host))
    path = boot.path if isinstance(boot, Boot) else boot
    words = path if isinstance(path, Unread) else path.words
    line = CommandLine("", host.cmdline) if isinstance(words, Unread) else words
    drivers = {bdf: found[0] or None for bdf, found in forecast.items() if len(found) == 1}
    first = [w for w in host.cmdline.split() if w.startswith(("BOOT_IMAGE=", "initrd="))][:1]
    rest = [w for w in line.text.split() if not w.startswith(("BOOT_IMAGE=", "initrd="))]
    gone = _parameters(before or host, CommandLine("", host.cmdline))
    kept = {name: value for name, value in host.parameters.items() if name not in gone}
    host = _restarted(_set_at_boot(host))
    return replace(
        host,
        cmdline=" ".join([*first, *rest]),
        pci=tuple(replace(d, driver=drivers.get(d.bdf, d.driver)) for d in host.pci),
        parameters={**kept, **_parameters(host, line)},
        **_from_words(host, line),  # type: ignore[arg-type]
    )


def _set_at_boot(host: Host) -> Host:
    """The values that systemd sets early: `w` lines of tmpfiles.d and those of sysctl.d, as vfiotui writes them."""
    for path, text in list(host.files.items()):
        lines = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).splitlines()
        if re.fullmatch(r"/etc/tmpfiles\.d/[^/]+\.conf", path):
            values = [
                (found[1], found[2]) for line in lines if (found := re.match(r"w\S*\s+(/\S+)(?:\s+-){4}\s+(\S+)", line))
            ]
        elif re.fullmatch(r"/etc/sysctl\.d/[^/]+\.conf", path):
            pairs = [line.partition("=") for line in lines if "=" in line and line[:1] not in "#;"]
            values = [(f"/proc/sys/{key.strip(' -').replace('.', '/')}", value.strip()) for key, _, value in pairs]
        else:
            continue
        for subject, value in values:
            if not isinstance(root_of(host).bytes(subject), Unread):
                host = _with_value(host, subject, value)
    return host


def _with_value(host: Host, path: str, wanted: str) -> Host:
    """A value of the running kernel; of several in a line the wanted one gets the brackets."""
    served = path.replace("/smp_affinity_list", "/effective_affinity_list")
    if served != path:
        host = replace(host, files={**host.files, served: f"{wanted}\n"})
    held = root_of(host).text(path)
    choices = "" if isinstance(held, Unread) else re.sub(r"[\[\]]", "", held.strip())
    if not isinstance(held, Unread) and "[" in held and wanted in choices.split():
        wanted = " ".join(f"[{w}]" if w == wanted else w for w in choices.split())
    return replace(host, files={**host.files, path: f"{wanted}\n"})


def _parameters(host: Host, line: CommandLine) -> dict[str, str]:
    """What words and the lines of modprobe.d set of the modules that are loaded, as the kernel shows it."""
    files = [t for p, t in host.files.items() if re.fullmatch(r"/etc/modprobe\.d/.*\.conf", p)]
    texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in files]
    lines = [found for text in texts for found in re.findall(r"(?m)^options\s+(\S+)\s+(.+)$", text)]
    said = [f"{module}.{option}" for module, options in lines for option in options.split()]
    found = {}
    for word in (*said, *line.text.split()):
        name, _, value = word.partition("=")
        name = name.replace("-", "_")
        if value and name.partition(".")[0] in loaded(host) and "." in name:
            truth = PARAMETERS.get(name) in ("Y", "N")
            found[name] = ("Y" if value in ("1", "y", "Y", "on") else "N") if truth else value
    return found


def _changed_value(path: str, plan: Plan) -> bool:
    """Whether a step set a value of the running kernel, which ends with it."""
    changed = {step.subject for step in plan.steps if step.kind in ("value", "pages")}
    return path.startswith(SET_BY_HAND) and (path in changed or path.replace("free_", "nr_") in changed)


def _from_words(host: Host, line: CommandLine) -> Mapping[str, object]:
    """What the kernel makes of its words, as far as a description has it."""
    found: dict[str, object] = {}
    if line.last("systemd.unified_cgroup_hierarchy") == "1":
        found["remove"] = tuple(path for path in host.remove if not path.startswith("/sys/fs/cgroup/"))
    mounts = re.findall(r"/dev-hugepages(\d+[KMG])\.mount", " ".join(host.files))
    found["hugetlbfs"] = " ".join(dict.fromkeys((*host.hugetlbfs.split(), *mounts)))
    if isinstance(there := host.files.get("/proc/mounts"), str):
        more = "".join(f"hugetlbfs /dev/hugepages{s} hugetlbfs rw,pagesize={s} 0 0\n" for s in mounts)
        found["files"] = {**host.files, "/proc/mounts": f"{there}{more}"}
    cpus = {"isolated": line.last("isolcpus") or "", "nohz_full": line.last("nohz_full") or ""}
    if any(cpus.values()) or host.cpu.isolated or host.cpu.nohz_full:
        cpus["isolated"] = ",".join(w for w in cpus["isolated"].split(",") if w[:1].isdigit())
        found["cpu"] = replace(host.cpu, **cpus)
    if line.last("transparent_hugepage") or "transparent_hugepage=" in host.cmdline:
        found["thp"] = line.last("transparent_hugepage") or "madvise"
    if line.last("hugepages") is not None and line.last("hugepagesz") in (None, "2M"):
        total = int(line.last("hugepages") or 0)
        used = host.huge_2m[0] - host.huge_2m[1]
        found["huge_2m"] = (total, max(total - used, 0))
    return found
