"""A command of a mounted system, run inside it with what it needs mounted; nothing stays mounted afterwards."""

from __future__ import annotations

from vfiotui.apply.site import Site

SCRIPT = """
set -e
root=$1
shift
for top in dev proc sys run; do
    mkdir -p "$root/$top"
    mount --rbind "/$top" "$root/$top"
done
exec chroot "$root" "$@"
"""
"""A fixed text; root and command are its parameters. The mounts live in a namespace of its own and end with it."""


def inside(site: Site, argv: tuple[str, ...]) -> list[str]:
    """The words that run a command inside the mounted system (unshare(1), chroot(1))."""
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", SCRIPT, "sh", site.folder, *argv]
