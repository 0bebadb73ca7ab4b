"""The boot chain of the machine, put together from its parts."""

from __future__ import annotations

from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.host.boot import initramfs, intended, kernel, loader, start_scripts
from vfiotui.host.boot.boot_summary import read_hostname, read_reboot
from vfiotui.host.guest import qemu_conf
from vfiotui.host.memory.host_memory import then_reading
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine


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
    return then_reading(text)


def read_cgroup_v2(root: Root) -> Reading[bool]:
    """Whether the unified hierarchy is mounted."""
    if not root.has("sys"):
        return Unread("a root without /sys does not tell", Why.NOT_HERE, "/sys/fs/cgroup")
    names = root.names("/sys/fs/cgroup")
    if isinstance(names, Unread):
        return names
    if "cgroup.controllers" in names or root.exists("/sys/fs/cgroup/machine.slice/cpuset.cpus.effective") is True:
        return True
    # Captures may hold some of its files only: the old kind shows by the folders of its controllers.
    if root.origin is Mode.LIVE or {"cpuset", "memory", "systemd"} & set(names):
        return False
    return Unread("the capture does not hold its files", Why.NOT_HERE, "/sys/fs/cgroup/cgroup.controllers")


def read(root: Root) -> Reading[Boot]:
    """The boot chain; each part says for itself where it could not be read."""
    found = loader.find_loader(root)
    files = intended.loader_files(root)
    running = kernel.read_kernel(root)
    os_name, os_id = read_os(root)
    release = running if isinstance(running, Unread) else running.release
    options, lists, settings, hooks, scripts = (ConfigFiles(root) for _ in range(5))
    return Boot(
        cmdline=read_cmdline(root),
        intended=intended.find_intended(root, found, files),
        kernel=running,
        installed=kernel.installed(root),
        os_name=os_name,
        os_id=os_id,
        loader=found,
        initramfs=initramfs.find_tool(root),
        hostname=read_hostname(root),
        modprobe=options.layered("modprobe.d"),
        initramfs_config=initramfs.read_config(lists),
        loader_config=files,
        modules_load=(*lists.one("/etc/modules"), *lists.layered("modules-load.d")),
        sysctl=(*settings.layered("sysctl.d"), *settings.one("/etc/sysctl.conf")),
        hooks=start_scripts.read_hooks(hooks),
        scripts=start_scripts.read_scripts(scripts),
        qemu_conf=qemu_conf.read(root),
        lockdown=read_lockdown(root),
        cgroup_v2=read_cgroup_v2(root),
        reboot_required=read_reboot(root, release),
        seen=options.seen,
        lists_seen=lists.seen,
        hooks_seen=hooks.seen,
        scripts_seen=scripts.seen,
    )
