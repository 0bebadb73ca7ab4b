"""Where a tool of the whole system makes images and menu, its way is named, and no step is drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, root_of
from tests.plan.isolate.test_isolate import CARD, HOST_CARD, SOUND
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.managed import TITLES, Managed
from vfiotui.plan.boot.managed import Isolation, image_text, isolation_text, words_text
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

IDS = "vfio-pci.ids=10de:13c2,10de:0fbb"
NATIVE = {
    "nixos": ('boot.kernelParams = [ "iommu=pt" ];', "boot.initrd.kernelModules"),
    "guix": ('kernel-arguments (append \'("iommu=pt")', "initrd-modules (append"),
    "rpm-ostree": ("rpm-ostree kargs --append-if-missing=iommu=pt", "rpm-ostree initramfs --enable --arg="),
    "bootc": ("/usr/lib/bootc/kargs.d", "/usr/lib/dracut/dracut.conf.d"),
    "transactional-update": ("transactional-update grub.cfg", "transactional-update initrd"),
    "steamos": ("steamos-readonly disable", "mkinitcpio -P"),
    "ubuntu-core": ("snap set system system.kernel.", "snap set system system.kernel."),
    "abroot": ("abroot kargs edit", "abroot kargs edit"),
    "truenas": ("midclt call", "isolated_gpu_pci_ids"),
    "unraid": ("/boot/syslinux/syslinux.cfg", "BIND=0000:01:00.0 0000:01:00.1"),
}
CHOSEN = Isolation("10de:13c2,10de:0fbb", (CARD, SOUND), ("nouveau",))


def on(name: str, *goals: tuple[str, str]) -> str:
    """What is said instead of a plan."""
    facts = facts_of(HOST_CARD)
    assert not isinstance(facts.boot, Unread)
    facts = replace(facts, boot=replace(facts.boot, managed=Managed(name, "seen")))
    with pytest.raises(PlanError) as refused:
        make_plan(facts, read_config_snapshot(root_of(HOST_CARD)), list(goals))
    return str(refused.value)


@pytest.mark.parametrize("name", sorted(NATIVE.keys() - {"rpm-ostree"}))
def test_words_name_the_native_way(name: str) -> None:
    assert NATIVE[name][0] in on(name, ("cmdline.add", "iommu=pt"))
    assert "iommu=pt" in on(name, ("cmdline.add", "iommu=pt"))


@pytest.mark.parametrize("name", sorted(NATIVE))
def test_isolation_names_the_native_way(name: str) -> None:
    said = on(name, ("isolate.ids", "01:00.0"))
    assert NATIVE[name][1] in said
    assert "10de:13c2,10de:0fbb" in said or "0000:01:00.0" in said


@pytest.mark.parametrize("name", sorted(TITLES))
def test_no_step_builds_images_there(name: str) -> None:
    said = on(name, ("initramfs.module", "vfio_pci"))
    assert said == image_text(Managed(name)) and TITLES[name] in said


@pytest.mark.parametrize("name", sorted(TITLES))
def test_every_kind_has_its_texts(name: str) -> None:
    managed = Managed(name, "seen")
    both = words_text(managed, ("a=1",), ("b=2",))
    assert "a=1" in both and "b=2" in both
    by_address = isolation_text(managed, Isolation("", (CARD,), ()))
    assert CARD in by_address
    assert name in ("nixos", "truenas", "unraid") or "isolate.dynamic" in by_address


def test_quotes_are_written_as_the_language_has_them() -> None:
    assert '"a=\\"b c\\""' in words_text(Managed("nixos"), ('a="b c"',), ())
    assert "'system.kernel" not in words_text(Managed("ubuntu-core"), ("a",), ())
    assert "='a b'" in words_text(Managed("ubuntu-core"), ("a", "b"), ())


def test_each_module_that_could_come_first_waits_on_nixos() -> None:
    two = isolation_text(Managed("nixos"), replace(CHOSEN, rivals=("nouveau", "nvidiafb")))
    assert 'boot.extraModprobeConfig = "softdep nouveau pre: vfio-pci\\nsoftdep nvidiafb pre: vfio-pci";' in two
    assert "boot.extraModprobeConfig = ''softdep nouveau pre: vfio-pci'';" in isolation_text(Managed("nixos"), CHOSEN)
    assert "extraModprobeConfig" not in isolation_text(Managed("nixos"), replace(CHOSEN, rivals=()))


def test_a_device_that_libvirt_binds_needs_no_image() -> None:
    facts = facts_of(HOST_CARD)
    assert not isinstance(facts.boot, Unread)
    facts = replace(facts, boot=replace(facts.boot, managed=Managed("nixos", "seen")))
    plan = make_plan(facts, read_config_snapshot(root_of(HOST_CARD)), [("isolate.dynamic", "01:00.0")])
    assert all(step.kind == "file" for step in plan.steps)
