"""Undone while its guest runs, a hook gives the host its CPUs back before it goes itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apply.private_mounts import ran
from tests.apply.systems import plan
from tests.requirements import need
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.formats.libvirt_hooks.cores_hook import PATH, cores_hook
from vfiotui.model.change.change import Effect, release_hook, remove_file, write_file
from vfiotui.model.change.plan import to_json
from vfiotui.model.finding.finding import Risk

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root: run make test as root"),
    pytest.mark.needs_libvirtd,
]
GUEST = "it's win"
UUID = "00000000-0000-4000-8000-000000000001"
SYSTEMCTL = """#!/bin/sh
[ "$1" = show ] || printf '%s %s\\n' "$4" "$5" >>/run/calls
"""
HOST = """
mount -t tmpfs tmpfs /etc/libvirt; mount -t tmpfs tmpfs /var/lib; mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /proc/irq; mount -t tmpfs tmpfs /sys/fs/cgroup; echo cpuset >/sys/fs/cgroup/cgroup.controllers
mount --bind "$1/systemctl" "$4"
vfiotui() { "$python" -m vfiotui "$@" >&2; }
hook() { sh "$2" "$3" "$1" begin - <"$top/guest.xml"; }
top=$1
"""
KEPT_OFF, WHOLE = "user.slice AllowedCPUs=1", "user.slice AllowedCPUs=0-1"
WAYS = {"undo": "vfiotui undo 1 --yes", "undo.sh": "sh /var/lib/vfiotui/changes/0001-*/undo.sh >&2"}
TEXT = cores_hook([GUEST]).encode()
RISKS = {"risk": Risk.R2, "effect": Effect.GUEST}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A guest that is pinned to the first CPU of two, and what stands for systemd."""
    (tmp_path / "guest.xml").write_text(guest_xml(GUEST, UUID, memory_gib=1, pins=(0,)))
    (tmp_path / "systemctl").write_text(SYSTEMCTL)
    (tmp_path / "systemctl").chmod(0o755)
    (tmp_path / "online").write_text("0-1\n")
    return tmp_path


def on_a_host(folder: Path, script: str) -> list[str]:
    systemctl = need("systemctl", "systemd")
    online = 'mount --bind "$top/online" /sys/devices/system/cpu/online\n'
    ready = f"{HOST}{online}{script}"
    return ran(ready, str(folder), PATH, GUEST, os.path.realpath(systemctl)).splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_the_host_has_its_cpus_back(folder: Path, way: str) -> None:
    steps = (
        write_file(PATH, None, TEXT, "keep off", mode=0o755, **RISKS),  # type: ignore[arg-type]
        release_hook(PATH, GUEST, "release", serves=True),
    )
    (folder / "plan.json").write_text(to_json(plan(*steps)))
    told = on_a_host(
        folder,
        f"""
        vfiotui apply "$top/plan.json" --yes
        hook prepare "$2" "$3"; tail -n 1 /run/calls >&2; grep user.slice /run/calls; echo then
        {WAYS[way]}
        grep user.slice /run/calls
        [ ! -e "$2" ] && [ ! -e /run/vfiotui/cores ] && vfiotui changes
        """,
    )
    before, after = told[: told.index("then")], told[told.index("then") + 1 :]
    assert before == [KEPT_OFF] and after == [KEPT_OFF, WHOLE]


def test_a_hook_that_goes_by_plan_releases_first(folder: Path) -> None:
    steps = (
        release_hook(PATH, GUEST, "release", serves=False),
        remove_file(PATH, TEXT, "remove", **RISKS),  # type: ignore[arg-type]
    )
    (folder / "plan.json").write_text(to_json(plan(*steps)))
    (folder / "hook").write_bytes(TEXT)
    told = on_a_host(
        folder,
        """
        mkdir -p "${2%/*}"; cat "$top/hook" >"$2"; chmod 755 "$2"
        hook prepare "$2" "$3"
        vfiotui apply "$top/plan.json" --yes
        grep user.slice /run/calls; [ ! -e "$2" ] && [ ! -e /run/vfiotui/cores ]
        """,
    )
    assert told == [KEPT_OFF, WHOLE]


def test_where_no_guest_runs_nothing_is_called(folder: Path) -> None:
    steps = (
        write_file(PATH, None, TEXT, "keep off", mode=0o755, **RISKS),  # type: ignore[arg-type]
        release_hook(PATH, GUEST, "release", serves=True),
    )
    (folder / "plan.json").write_text(to_json(plan(*steps)))
    told = on_a_host(
        folder,
        """
        vfiotui apply "$top/plan.json" --yes; vfiotui undo 1 --yes
        [ ! -e "$2" ]; ls /run/calls /var/lib/vfiotui/changes/0001-*/log 2>/dev/null || echo none
        """,
    )
    assert told == ["none"]
