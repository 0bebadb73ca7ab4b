"""A kernel comes at every instant of an apply and of an undo, by another program: its image stays, whatever happens.

`python -m tests.apply.torture.kernels` tries every instant; see edits.py.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import product
from pathlib import Path

from tests.apply.systems import AFTER, GRUB, RISKS, disk, plan, quiet, system, with_busybox
from tests.apply.torture.edits import NEVER, Clock
from tests.requirements import need
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import run_command, write_file

BUILD = """#!/bin/sh
. /etc/default/grub
for image in /boot/initrd.img-*; do echo "$image $GRUB_CMDLINE_LINUX_DEFAULT" >"$image"; done
"""
FAILS = f"{BUILD}exit 1\n"
STEPS = (
    write_file("/etc/default/grub", GRUB, AFTER, "add iommu=pt", **RISKS),  # type: ignore[arg-type]
    run_command(("build",), "build", products=("/boot/initrd.img-*",), **RISKS),  # type: ignore[arg-type]
)
NEW = "boot/initrd.img-9.9.9"
WAYS = ("apply", "failing apply", "undo")


def build_model(folder: Path) -> None:
    system(folder)
    with_busybox(folder, need("busybox", "busybox-static"))
    (folder / "boot/initrd.img-1").write_text("/boot/initrd.img-1 quiet\n")
    (folder / "usr/sbin/build").write_text(BUILD)
    (folder / "usr/sbin/build").chmod(0o755)


def trial(clock: Clock, model: Path, top: Path, way: str, number: int) -> str:
    """The image comes at one instant, in the end everything is undone; what is wrong then, "" for nothing."""
    folder = Path(tempfile.mkdtemp(dir=top))
    subprocess.run(["cp", "-a", f"{model}/.", str(folder)], check=True)
    if way == "failing apply":
        (folder / "usr/sbin/build").write_text(FAILS)
    before = {name: what for name, what in disk(folder).items() if not name.startswith("lib")}
    target = Target(Root.mounted(str(folder)))
    if way == "undo":
        apply(target, plan(*STEPS), quiet)

    def come() -> None:
        (folder / "lib/modules/9.9.9").mkdir(parents=True)
        (folder / NEW).write_text("initrd of 9.9.9\n")

    work = (lambda: undo(target, "1", quiet)) if way == "undo" else (lambda: apply(target, plan(*STEPS), quiet))
    ended = clock.run(number, come, work)
    came = clock.last >= number
    if (folder / "var/lib/vfiotui/changes").is_dir():
        try:
            undo(target, "1", quiet)
        except ApplyError as error:
            ended = f"{ended}; then {error}"
    now = disk(folder)
    wrong = ""
    if came and NEW not in now:
        wrong = "the image of the new kernel is gone"
    now = {name: what for name, what in now.items() if name != NEW and not name.startswith("lib")}
    if now != before and "1" in ended.partition("; then ")[2] and "already" not in ended:
        wrong = f"{wrong} it is not as before"
    shutil.rmtree(folder)
    return f"{way} event {number}: {wrong} ({ended})" if wrong else ""


def main() -> int:
    """Prints a tally and what went wrong."""
    parser = argparse.ArgumentParser(prog="kernels", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every Nth only")
    every = parser.parse_args().every
    clock, tried, failed = Clock(), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="vft-") as name:
        top = Path(name)
        model = top / "model"
        model.mkdir()
        build_model(model)
        instants = []
        for way in WAYS:
            trial(clock, model, top, way, NEVER)
            instants += list(product((way,), range(1, clock.last + 1)))
        for way, number in instants[::every]:
            tried[way] += 1
            wrong = trial(clock, model, top, way, number)
            if wrong:
                failed += 1
                print(f"kernels: {wrong}", flush=True)
    print(f"kernels: {sum(tried.values())} trials {dict(tried)}, {failed} ended in a third state")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
