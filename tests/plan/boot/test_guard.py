"""Which hooks the guard gets on systems of several package managers, and what is said where one has none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import CLEAN
from tests.tree_on_disk import write
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.formats.guard_hooks.hooks import HOOKS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files must be root's: run make test as root")
ELF = "\x7fELF"
PROGRAM = "/usr/bin/vfiotui"
KERNELS = ("etc/kernel.d/post-install/zz-vfiotui-guard", "etc/kernel.d/post-remove/zz-vfiotui-guard")


def machine(folder: Path, *programs: str) -> Path:
    """A host with these programs and no tool of Debian's."""
    paths = (PROGRAM, *programs)
    gone = ("/usr/sbin/update-initramfs", "/usr/bin/dpkg", "/usr/bin/apt-get")
    host = replace(CLEAN, files={**CLEAN.files, **dict.fromkeys(paths, ELF)}, modes=dict.fromkeys(paths, 0o755))
    write(build(host), str(folder))
    for path in gone:
        (folder / path.lstrip("/")).unlink(missing_ok=True)
    return folder


def installed(root: Path) -> set[str]:
    return {hook.path.lstrip("/") for hook in HOOKS if (root / hook.path.lstrip("/")).exists()}


@pytest.mark.parametrize(
    ("programs", "hooks", "said"),
    [
        (("/usr/bin/zypper", "/usr/bin/dracut"), {"usr/lib/zypp/plugins/commit/vfiotui-guard"}, ""),
        (("/sbin/apk", "/sbin/mkinitfs"), {"etc/apk/commit_hooks.d/zz-vfiotui-guard"}, ""),
        (
            ("/usr/bin/xbps-install", "/usr/bin/dracut"), set(KERNELS),
            "vfiotui knows no hook of xbps: the guard looks at the next boot after Void's kernel packages only",
        ),
        (
            ("/usr/bin/emerge", "/usr/bin/kernel-install", "/usr/bin/dracut"),
            {"etc/kernel/postinst.d/zz-vfiotui-guard", "etc/kernel/install.d/99-vfiotui-guard.install"},
            "no hook of Portage: the guard looks at the next boot after kernel packages and kernel-install only",
        ),
        (
            ("/usr/bin/eopkg", "/usr/bin/kernel-install"), {"etc/kernel/install.d/99-vfiotui-guard.install"},
            "no hook of eopkg: the guard looks at the next boot after kernel-install only",
        ),
        (
            ("/usr/bin/urpmi", "/usr/bin/dnf", "/usr/bin/kernel-install"),
            {"etc/kernel/install.d/99-vfiotui-guard.install"}, "no hook of urpmi",
        ),
    ],
    ids=lambda case: case[0] if isinstance(case, tuple) else "",
)  # fmt: skip
def test_each_package_manager_gets_its_own_hook(
    tmp_path: Path, programs: tuple[str, ...], hooks: set[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = machine(tmp_path, *programs)
    assert main(["--root", str(root), "guard", "on"]) == Exit.FINE
    printed = " ".join(capsys.readouterr().out.split())
    assert said in printed and ("knows no hook" in printed) == bool(said)
    assert main(["--root", str(root), "guard", "on", "--apply", "--yes"]) == Exit.FINE
    assert installed(root) == hooks
    for path in hooks:
        mode = next(hook.mode for hook in HOOKS if hook.path == f"/{path}")
        assert (root / path).stat().st_mode & 0o777 == mode
    assert main(["--root", str(root), "undo", "1", "--yes"]) == Exit.FINE
    assert installed(root) == set()


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        (("/usr/sbin/slackpkg",), "vfiotui knows no hook of slackpkg, and found no image builder with hooks here"),
        (("/usr/bin/opkg",), "no package manager and no image builder with hooks that vfiotui knows was found here"),
    ],
)
def test_where_there_is_no_hook_the_command_is_named(
    tmp_path: Path, programs: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = machine(tmp_path, *programs)
    assert main(["--root", str(root), "guard", "on"]) != Exit.FINE
    printed = " ".join(capsys.readouterr().err.split())
    assert said in printed and "run 'vfiotui guard check' after each update" in printed
    assert installed(root) == set()
