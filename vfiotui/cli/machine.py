"""From the global options to the machine that is looked at."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading

if TYPE_CHECKING:
    from vfiotui.model.guest.domain import Virt
    from vfiotui.state.plan_inputs import RootInputs


def open_root(args: argparse.Namespace) -> Root:
    """The root that the options name: the live host, a mounted disk, a capture or the demo machine."""
    if args.demo:
        from vfiotui.demo.machine import demo_root_parts, names
        from vfiotui.host.root.memory_tree import MemoryTree
        from vfiotui.model.base.mode import Mode

        if args.machine not in names():
            raise CommandError(
                f"there is no sample machine {args.machine!a}; there are {', '.join(names())}", Exit.USAGE
            )
        nodes, moving = demo_root_parts(args.machine)
        return Root(MemoryTree(nodes), Mode.DEMO, "", moving)
    if args.root is None:
        return Root.live()
    if os.path.isdir(args.root):
        from vfiotui.host.capture.statement import is_unpacked

        if is_unpacked(args.root):
            from vfiotui.host.capture.unpacked import open_folder
            from vfiotui.host.root.archive import BadArchive

            try:
                return open_folder(args.root)
            except BadArchive as error:
                raise CommandError(str(error), Exit.NO_ACCESS) from error
        try:
            return Root.mounted(args.root)
        except OSError as error:
            raise CommandError(
                f"{args.root} cannot be opened: {(error.strerror or str(error)).lower()}", Exit.NO_ACCESS
            ) from error
    from vfiotui.host.root.archive import BadArchive, open_capture

    try:
        return open_capture(args.root)
    except BadArchive as error:
        raise CommandError(str(error), Exit.NO_ACCESS) from error


def look_at_guests(args: argparse.Namespace, root: Root) -> Reading[Virt]:
    """The guests: from libvirt on the live host or where --connect names it, else from the root's files."""
    from vfiotui.host.guest import domains

    if root.is_live or args.connect:
        from vfiotui.host.guest.libvirt_daemon import FOLDERS, listens
        from vfiotui.virt.connect import DEFAULT_URI, advice, not_connected

        if not args.connect and not listens(root):
            # To load libvirt costs as much as all reading of a small host, only to be told the same.
            said = advice(f"no daemon listens below {FOLDERS[0]}", DEFAULT_URI)
            return domains.with_files(root, not_connected(DEFAULT_URI, said))
        from vfiotui.virt import read_domains as once

        return domains.with_files(root, once.read(args.connect))
    return domains.read(root)


def plan_inputs(args: argparse.Namespace, root: Root) -> RootInputs:
    """What plans are made from: the root, and its guests from where `look_at_guests` finds them."""
    from vfiotui.state.plan_inputs import RootInputs

    return RootInputs(root, lambda: look_at_guests(args, root), daemon=bool(root.is_live or args.connect))
