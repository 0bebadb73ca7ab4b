"""The entry without passthrough where entries are files: made by the plan, and the same again by the plugin."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from tests.machines import facts_of, root_of
from tests.plan.isolate.test_isolate import CARD, HOST_CARD, files
from vfiotui.formats.loaders.loader_entry import parse, words
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Loader
from vfiotui.model.change.plan import Plan
from vfiotui.plan.boot.fallback import TITLE, WORDS
from vfiotui.plan.boot.fallback_entry import PLUGIN, entry_text, plugin_text
from vfiotui.plan.boot.loader_files import WITHOUT_ENTRY
from vfiotui.plan.goals import make_plan

FOLDER = "/boot/loader/entries"
ENTRY = """\
title      Fedora
version    6.12.{n}
machine-id 4a67
sort-key   fedora
linux      /vmlinuz-6.12.{n}
initrd     /initramfs-6.12.{n}.img
options    root=UUID=1 ro vfio-pci.ids=10de:13c2 quiet
"""


def plan_of(*programs: str, **entries: str) -> Plan:
    texts = {f"{FOLDER}/{name}.conf": text for name, text in entries.items()}
    host = replace(HOST_CARD, files={**texts, "/boot/loader/loader.conf": "timeout 3\n"}, cmdline="root=UUID=1 ro")
    snapshot = replace(read_config_snapshot(root_of(host)), programs={p: f"/usr/sbin/{p}" for p in programs})
    facts = facts_of(host)
    assert not isinstance(facts.boot, Unread)
    facts = replace(facts, boot=replace(facts.boot, loader=Loader("systemd-boot", True, ())))
    return make_plan(facts, snapshot, [("isolate.auto", CARD)])


def test_the_newest_kernel_gets_a_second_entry_that_sorts_last() -> None:
    plan = plan_of("dracut", "kernel-install", a_9=ENTRY.format(n=9), a_10=ENTRY.format(n=10), b_rescue="linux /r\n")
    found = files(plan)
    text = found[f"{FOLDER}/{WITHOUT_ENTRY}"]
    keys = dict(parse(text))
    assert keys["linux"] == "/vmlinuz-6.12.10" and keys["title"] == f"Fedora ({TITLE})"
    assert words(text) == ("root=UUID=1", "ro", "quiet", *WORDS)
    assert not {"version", "machine-id", "sort-key"} & keys.keys()
    assert PLUGIN in found and any(TITLE in e for e in plan.escape)


def test_without_kernel_install_there_is_no_plugin_and_without_entries_only_the_words() -> None:
    assert PLUGIN not in files(plan_of("dracut", arch=ENTRY.format(n=1)))
    plan = plan_of("dracut", uki="title x\nuki /EFI/Linux/a.efi\n")
    assert not any(WITHOUT_ENTRY in path for path in files(plan))
    assert any("vfiotui=off" in e for e in plan.escape)


def test_the_plugin_makes_the_same_entry_of_a_new_kernel(tmp_path: Path) -> None:
    folder = tmp_path / "loader/entries"
    folder.mkdir(parents=True)
    for name, text in (("a-6.12.9", ENTRY.format(n=9)), ("a-6.12.10", ENTRY.format(n=10)), ("a-rescue", "linux /r\n")):
        (folder / f"{name}.conf").write_text(text)
    own = folder / WITHOUT_ENTRY
    script = plugin_text(TITLE, WORDS)

    def run() -> None:
        done = subprocess.run(
            ["/bin/sh", "-s", "add", "6.12.10"], input=script, text=True, capture_output=True, timeout=30,
            env={"PATH": "/usr/bin:/bin", "KERNEL_INSTALL_BOOT_ROOT": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0 and done.stderr == "", done.stderr

    run()
    assert not own.exists(), "an entry that was taken away stays away"
    own.write_text("old")
    run()
    assert words(own.read_text()) == words(entry_text(ENTRY.format(n=10), TITLE, WORDS))
    assert dict(parse(own.read_text())) == dict(parse(entry_text(ENTRY.format(n=10), TITLE, WORDS)))
