"""The hooks that call the guard: one file for each interface by which a system tells that its boot was changed.

Sources: Debian Kernel Handbook, chapter 8 (kernel and initramfs hooks are run by run-parts, and may run under debconf,
whose standard output they must not use); apt.conf(5), DPkg::Post-Invoke; kernel-install(8), plugins; mkinitcpio(8),
post hooks; alpm-hooks(5); libdnf5-actions(8); dnf-post-transaction-actions(8); libzypp, "Commit plugin"; apk(8),
commit_hooks.d; Void Handbook, "Kernel hooks"; Gentoo's installkernel(8), which runs postinst.d as Debian's does. dracut
has no hook of its own: what runs it is one of these.
"""

from __future__ import annotations

from vfiotui.formats.guard_hooks.runner import PATH
from vfiotui.model.base.value import dataclass

NAME = "zz-vfiotui-guard"
"""Behind zz-update-grub and all that makes menus: run-parts takes the names in order."""
CALL = f"[ ! -x {PATH} ] || {PATH}"


@dataclass(frozen=True, slots=True)
class Hook:
    """One file that calls the guard."""

    interface: str
    """The tool that runs it, as a person knows it."""
    path: str
    text: str
    mode: int
    marks: tuple[str, ...]
    """Paths of which one is there where the system has the interface."""


def _script(caller: str, when: str, only: str = "") -> str:
    """A hook that is a program; `only` are lines that leave where there is nothing to look at."""
    return f"#!/bin/sh\n# Made by vfiotui (guard.on): looks at the next boot {when}.\n{only}{CALL} {caller}\nexit 0\n"


PACMAN = f"""# Made by vfiotui (guard.on): looks at the next boot after pacman changed what a boot is made of.
[Trigger]
Type = Path
Operation = Install
Operation = Upgrade
Operation = Remove
Target = boot/*
Target = efi/*
Target = usr/lib/modules/*/vmlinuz
Target = usr/lib/modules/*/modules.order
Target = usr/lib/modules/*/updates/*
Target = usr/lib/modules/*/extramodules/*
Target = usr/src/*/dkms.conf
Target = usr/lib/modprobe.d/*
Target = usr/lib/initcpio/*
Target = usr/lib/dracut/*
Target = usr/lib/booster/*
Target = usr/lib/systemd/boot/*
Target = usr/lib/grub/*
Target = usr/lib/udev/rules.d/*
Target = usr/share/limine/*
Target = usr/share/refind/*
Target = usr/lib/syslinux/*
Target = etc/grub.d/*

[Action]
Description = Looking whether the next boot keeps what vfiotui isolated...
When = PostTransaction
Exec = {PATH} pacman
"""
ZYPPER = f"""#!/bin/bash
# Made by vfiotui (guard.on): looks at the next boot after zypper or YaST changed packages.
# libzypp talks to it for a whole commit: a NUL ends each message, and each needs an answer. Standard error goes into
# zypper's log alone.
while IFS= read -r -d '' message; do
    case $message in
    COMMITEND*)
        if {{ : >/dev/tty; }} 2>/dev/null; then exec 2>/dev/tty; fi
        {CALL} zypper >&2 </dev/null
        ;;
    esac
    printf 'ACK\\n\\n\\0'
done
exit 0
"""
HOOKS = (
    Hook(
        "apt", "/etc/apt/apt.conf.d/99vfiotui-guard",
        "// Made by vfiotui (guard.on): looks at the next boot after dpkg ran.\n"
        f'DPkg::Post-Invoke {{ "{CALL} apt || true"; }};\n',
        0o644, ("/usr/bin/apt-get",),
    ),
    Hook(
        "kernel packages", f"/etc/kernel/postinst.d/{NAME}",
        _script("kernel", "after a kernel was installed"), 0o755, ("/usr/bin/dpkg", "/usr/bin/emerge"),
    ),
    Hook(
        "kernel packages", f"/etc/kernel/postrm.d/{NAME}",
        _script("kernel", "after a kernel was removed"), 0o755, ("/usr/bin/dpkg",),
    ),
    Hook(
        "initramfs-tools", f"/etc/initramfs/post-update.d/{NAME}",
        _script("update-initramfs", "after update-initramfs wrote an image"), 0o755, ("/usr/sbin/update-initramfs",),
    ),
    Hook(
        "kernel-install", "/etc/kernel/install.d/99-vfiotui-guard.install",
        _script(
            "kernel-install", "after kernel-install added or removed a kernel",
            "case $1 in add | remove) ;; *) exit 0 ;; esac\n",
        ),
        0o755, ("/usr/bin/kernel-install", "/bin/kernel-install"),
    ),
    Hook(
        "mkinitcpio", f"/etc/initcpio/post/{NAME}",
        _script("mkinitcpio", "after mkinitcpio wrote an image"), 0o755,
        ("/usr/bin/mkinitcpio", "/usr/sbin/mkinitcpio"),
    ),
    Hook("pacman", f"/etc/pacman.d/hooks/{NAME}.hook", PACMAN, 0o644, ("/usr/bin/pacman",)),
    Hook(
        "dnf5", "/etc/dnf/libdnf5-plugins/actions.d/vfiotui-guard.actions",
        f"# Made by vfiotui (guard.on): looks at the next boot.\npost_transaction::::{PATH} dnf\n",
        0o644, ("/usr/lib64/libdnf5/plugins/actions.so", "/usr/lib/libdnf5/plugins/actions.so"),
    ),
    Hook(
        "dnf", "/etc/dnf/plugins/post-transaction-actions.d/vfiotui-guard.action",
        f"# Made by vfiotui (guard.on): looks at the next boot.\n*:any:{PATH} dnf\n",
        0o644, ("/etc/dnf/plugins/post-transaction-actions.conf",),
    ),
    Hook("zypper", "/usr/lib/zypp/plugins/commit/vfiotui-guard", ZYPPER, 0o755, ("/usr/bin/zypper",)),
    Hook(
        "apk", f"/etc/apk/commit_hooks.d/{NAME}",
        _script("apk", "after apk changed packages", '[ "$1" = post-commit ] || exit 0\n'),
        0o755, ("/sbin/apk", "/usr/sbin/apk", "/usr/bin/apk"),
    ),
    Hook(
        "Void's kernel packages", f"/etc/kernel.d/post-install/{NAME}",
        _script("xbps", "after a kernel was configured"), 0o755, ("/usr/bin/xbps-install",),
    ),
    Hook(
        "Void's kernel packages", f"/etc/kernel.d/post-remove/{NAME}",
        _script("xbps", "after a kernel was removed"), 0o755, ("/usr/bin/xbps-install",),
    ),
)  # fmt: skip
"""Every interface; a system may have several."""
