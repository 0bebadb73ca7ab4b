"""The boot chain of the machine, put together from its parts.

With it come the scripts of this host that start guests or run around them: libvirt hooks and local start scripts;
and the tool that builds this host's initramfs, with its configuration files.
"""

from __future__ import annotations

from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.host.boot import configured, kernel, loader, misnamed
from vfiotui.host.boot.binders import read_binders
from vfiotui.host.boot.boot_summary import read_hostname, read_reboot
from vfiotui.host.boot.grub_sources import of_hand_entry
from vfiotui.host.boot.guard import read_guard
from vfiotui.host.boot.makers.makers import dracut_config, read_makers
from vfiotui.host.boot.makers.menu import find_menu_maker
from vfiotui.host.boot.makers.tools import find_tool, read_config
from vfiotui.host.boot.managed import find_managed
from vfiotui.host.boot.path.resolve import find_path
from vfiotui.host.boot.pins import read_pins
from vfiotui.host.guest import qemu_conf
from vfiotui.host.memory.thp import chosen
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Boot, ConfigFile, Loader
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.makers import Makers
from vfiotui.model.boot.path import BootPath

HOOKS = "/etc/libvirt/hooks"
SCRIPT_LIMIT = 256 << 10
"""Bytes; longer scripts are said not to have been read."""
LOCAL = ("/usr/local/bin", "/usr/local/sbin", "/root")
PROGRAM, SCRIPT = b"\x7fELF", b"#!"


def _script(files: ConfigFiles, path: str) -> tuple[ConfigFile, ...]:
    """A text that names QEMU; programs and others are passed over. What a script carries behind a NUL is no text."""
    data = files.root.bytes(path, SCRIPT_LIMIT)
    if isinstance(data, Unread) and data.why is Why.TOO_BIG:
        head = files.root.peek(path, SCRIPT_LIMIT)
        data = head if isinstance(head, bytes) and (head.startswith(PROGRAM) or b"\0" in head) else data
    if isinstance(data, Unread):
        if data.why not in (Why.ABSENT, Why.NOT_A_FILE):
            files.missing.append(data)
        return ()
    if data.startswith(PROGRAM):
        return ()
    text, _, rest = data.partition(b"\0")
    if rest and not data.startswith(SCRIPT):
        files.missing.append(files.root.missed(Unread("holds bytes that are no text", Why.DAMAGED, path)))
        return ()
    return (ConfigFile(path, text.decode("utf-8", "replace")),) if b"qemu" in text else ()


def read_hooks(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """The hooks that libvirt runs for QEMU guests."""
    return (*files.one(f"{HOOKS}/qemu"), *files.folder(f"{HOOKS}/qemu.d"))


def read_scripts(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """Scripts that start QEMU by hand."""
    found: list[ConfigFile] = []
    for place in (*LOCAL, *(f"/home/{user}" for user in files.names("/home"))):
        for name in files.names(place):
            if place in LOCAL[:2] or name.endswith(".sh"):
                found.extend(_script(files, f"{place}/{name}"))
    return tuple(found)


def read_cmdline(root: Root) -> Reading[CommandLine]:
    """What the running kernel was given."""
    text = root.text("/proc/cmdline", 1 << 16)
    return text if isinstance(text, Unread) else CommandLine(text, "/proc/cmdline")


def read_os(root: Root) -> tuple[Reading[str], Reading[str]]:
    """The system's name, and its id with the ids that it is like (os-release(5))."""
    text = root.text("/etc/os-release", 1 << 16)
    if isinstance(text, Unread):
        text = root.text("/usr/lib/os-release", 1 << 16)
    if isinstance(text, Unread):
        return text, text
    values = parse(text)

    def told(name: str) -> str:
        value = value_of(values, name)
        return value if isinstance(value, str) else ""

    return told("PRETTY_NAME") or told("NAME"), f"{told('ID')} {told('ID_LIKE')}".strip()


def read_lockdown(root: Root) -> Reading[str]:
    """The chosen word of the lockdown file; empty where the kernel shows its security files and has none."""
    text = root.text("/sys/kernel/security/lockdown", 4096)
    if isinstance(text, Unread):
        shown = root.names("/sys/kernel/security")
        return "" if text.why is Why.ABSENT and isinstance(shown, tuple) and shown else text
    return then(text, chosen)


def read_cgroup_v2(root: Root) -> Reading[bool]:
    """Whether the unified hierarchy is mounted."""
    if not root.has("sys"):
        return Unread("a root without /sys does not show it", Why.NOT_HERE, "/sys/fs/cgroup")
    names = root.names("/sys/fs/cgroup")
    if isinstance(names, Unread):
        return names
    if "cgroup.controllers" in names or root.exists("/sys/fs/cgroup/machine.slice/cpuset.cpus.effective") is True:
        return True
    # Captures may hold some of its files only: the old kind shows by the folders of its controllers.
    if root.origin is Mode.LIVE or {"cpuset", "memory", "systemd"} & set(names):
        return False
    return Unread("the capture does not hold its files", Why.NOT_HERE, "/sys/fs/cgroup/cgroup.controllers")


def _makers(root: Root, tool: Reading[str], found: Loader, path: Reading[BootPath]) -> Makers:
    made = read_makers(root, tool, found)
    return replace(made, menu=find_menu_maker(root, found, path, made, dracut_config(root, ConfigFiles(root))))


def read(root: Root) -> Reading[Boot]:
    """The boot chain; each part says for itself where it could not be read."""
    found = loader.find_loader(root)
    files = configured.loader_files(root)
    running = kernel.read_kernel(root)
    path = find_path(root, found)
    os_name, os_id = read_os(root)
    release = running if isinstance(running, Unread) else running.release
    options, lists, settings, hooks, scripts = (ConfigFiles(root) for _ in range(5))
    tool = find_tool(root)
    makers = _makers(root, tool, found, path)
    return Boot(
        cmdline=read_cmdline(root),
        configured=of_hand_entry(root, path) or configured.find_configured(root, found, files, path, makers.builds),
        kernel=running,
        installed=kernel.installed(root),
        os_name=os_name,
        os_id=os_id,
        loader=found,
        initramfs=tool,
        hostname=read_hostname(root),
        modprobe=options.layered("modprobe.d"),
        initramfs_config=read_config(lists),
        loader_config=files,
        misnamed=misnamed.read(lists),
        driverctl=misnamed.overrides(lists),
        ukify=lists.several(misnamed.UKI_CONF),
        modules_load=(*lists.one("/etc/modules"), *lists.layered("modules-load.d")),
        sysctl=(*settings.layered("sysctl.d"), *settings.one("/etc/sysctl.conf")),
        hooks=read_hooks(hooks),
        scripts=read_scripts(scripts),
        binders=read_binders(ConfigFiles(root)),
        qemu_conf=qemu_conf.read(root),
        lockdown=read_lockdown(root),
        cgroup_v2=read_cgroup_v2(root),
        reboot_required=read_reboot(root, release),
        seen=options.seen,
        lists_seen=lists.seen,
        hooks_seen=hooks.seen,
        scripts_seen=scripts.seen,
        pins=read_pins(root, found, path),
        managed=find_managed(root, found),
        path=path,
        next_kernels=kernel.read_next(root, running, path),
        makers=makers,
        guard=read_guard(root),
    )
