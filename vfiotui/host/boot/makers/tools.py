"""Which tool builds this system's initramfs, and the configuration files of every tool."""

from __future__ import annotations

from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.boot import ConfigFile

TOOLS = (
    ("mkinitcpio", ("/usr/bin/mkinitcpio", "/usr/sbin/mkinitcpio"), ("/etc/mkinitcpio.conf",)),
    ("booster", ("/usr/bin/booster",), ("/etc/booster.yaml",)),
    # mkinitramfs stays behind in initramfs-tools-core when dracut takes the place of initramfs-tools.
    ("initramfs-tools", ("/usr/sbin/update-initramfs",), ("/etc/initramfs-tools/initramfs.conf",)),
    ("dracut", ("/usr/bin/dracut", "/usr/sbin/dracut"), ("/etc/dracut.conf", "/usr/lib/dracut/dracut.conf.d")),
)
"""Name, programs, configuration; of several with programs the first wins whose kernel hook is wired."""
WIRED = {
    "mkinitcpio": ("/etc/mkinitcpio.d/linux.preset", "/usr/share/libalpm/hooks/90-mkinitcpio-install.hook"),
    "booster": ("/usr/share/libalpm/hooks/90-booster-install.hook",),
    "initramfs-tools": ("/etc/kernel/postinst.d/initramfs-tools", "/usr/share/kernel/postinst.d/initramfs-tools"),
    "dracut": (
        "/etc/kernel/postinst.d/dracut",
        "/usr/share/kernel/postinst.d/dracut",
        "/usr/lib/kernel/install.d/50-dracut.install",
        "/usr/share/libalpm/hooks/90-dracut-install.hook",
    ),
}
LEFT_BEHIND = ("/usr/sbin/mkinitramfs",)
"""Programs of a tool whose builder is gone: its configuration files prove nothing then."""


def find_tool(root: Root) -> Reading[str]:
    """mkinitcpio, dracut, initramfs-tools, booster or none; by its program, never by the distribution's name."""

    def any_of(paths: tuple[str, ...]) -> bool:
        return any(root.exists(p) is True for p in paths)

    installed = [name for name, programs, _ in TOOLS if any_of(programs)]
    if not installed:
        left = {"initramfs-tools"} if any_of(LEFT_BEHIND) else set()
        installed = [name for name, _, configuration in TOOLS if name not in left and any_of(configuration)]
    if not installed:
        return "none" if root.has("usr") else Unread("the programs of this root are not visible", Why.NOT_HERE, "/usr")
    return next((name for name in installed if any_of(WIRED[name])), installed[0])


def read_config(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """The configuration files of every tool that is there, dracut's vendor layer included."""
    return (
        *files.one("/etc/mkinitcpio.conf"),
        *files.folder("/etc/mkinitcpio.conf.d", ".conf"),
        *files.folder("/etc/mkinitcpio.d", ".preset"),
        *files.one("/etc/dracut.conf"),
        *files.folder("/etc/dracut.conf.d", ".conf"),
        *files.folder("/usr/lib/dracut/dracut.conf.d", ".conf"),
        *files.one("/etc/initramfs-tools/modules"),
        *files.one("/etc/initramfs-tools/initramfs.conf"),
        *files.folder("/etc/initramfs-tools/conf.d"),
        *files.one("/etc/booster.yaml"),
    )
