"""Several boots that may come: the forecast names every outcome, and the next kernel's own drivers count."""

from __future__ import annotations

from collections.abc import Mapping

from tests.plan.isolate.boots import CARD, NONE, SOUND, VFIO, image_of, machine
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Boot, Kernel
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.image import Image
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.boot.path import BootEntry, BootPath
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.facts import Facts
from vfiotui.plan.isolate.forecasts import forecasts
from vfiotui.plan.isolate.isolation_view import isolation_view

IDS = "vfio-pci.ids=10de:13c2,10de:0fbb"
RELEASE, NEWER = "6.12.9-amd64", "6.15.0-amd64"
OPEN = "GRUB_DEFAULT is saved, and the environment block cannot be read"
EARLY = {VFIO: "", "conf/modules": "vfio_pci\n"}


def entry(name: str, words: str, release: Reading[str] = RELEASE) -> BootEntry:
    line = CommandLine(words, f"/boot/grub/grub.cfg:{len(words)}")
    return BootEntry("grub", name, line.source, "/boot/vmlinuz", release, ("/boot/initrd.img",), line, "")


def next_boots(
    *entries: BootEntry,
    image: Reading[Image] | None = None,
    kernels: tuple[Kernel, ...] = (),
    files: Mapping[str, str] | None = None,
    left_open: str = "",
) -> tuple[Facts, dict[str, Forecast]]:
    facts, snapshot = machine("clean", tuple((files or {}).items()), "initramfs-tools", ())
    assert isinstance(facts.boot, Boot)
    path = BootPath("grub", (), entries, open=left_open)
    facts = replace(facts, boot=replace(facts.boot, path=path, next_kernels=kernels))
    read = image_of(EARLY, "initramfs-tools") if image is None else image
    boots = tuple(NextBoot(e, read) for e in entries)
    found = forecasts(facts, snapshot, boots)
    assert not isinstance(found, Unread)
    return facts, {f.bdf: f for f in found}


def test_the_words_of_the_entry_decide_and_not_those_of_the_sources() -> None:
    sources = {"/etc/default/grub": f'GRUB_CMDLINE_LINUX="{IDS}"\n'}
    _, without = next_boots(entry("Debian", "quiet"), files=sources)
    assert without[CARD].outcomes == ("nouveau",)
    _, given = next_boots(entry("Debian", f"quiet {IDS}"), files={"/etc/default/grub": 'GRUB_CMDLINE_LINUX=""\n'})
    assert given[CARD].outcomes == ("vfio-pci",)


def test_candidates_that_differ_are_named_with_what_leaves_it_open() -> None:
    _, found = next_boots(entry("plain", "quiet"), entry("vfio", f"quiet {IDS}"), left_open=OPEN)
    assert found[CARD].outcomes == ("vfio-pci", "nouveau") and not found[CARD].sure
    assert found[CARD].why == f"{OPEN}: entry 'plain' gives nouveau; entry 'vfio' gives vfio-pci."
    assert found["0000:00:02.0"].sure
    sources = {e.path for e in found[CARD].evidence}
    assert f"/boot/grub/grub.cfg:{len(f'quiet {IDS}')}" in sources
    _, unsaid = next_boots(entry("plain", "quiet"), entry("vfio", f"quiet {IDS}"))
    assert unsaid[CARD].why.startswith("Several entries may be started: ")


def test_candidates_that_agree_are_as_sure_as_one() -> None:
    _, found = next_boots(entry("a", f"quiet {IDS}"), entry("b", f"splash {IDS}"), left_open=OPEN)
    assert found[CARD].outcomes == ("vfio-pci",) and found[SOUND].sure


def test_a_newer_kernel_with_vfio_pci_built_in_does_not_read_modprobe_d() -> None:
    ids = {"/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2,10de:0fbb\nsoftdep nouveau pre: vfio-pci\n"}
    image = image_of({**EARLY, "etc/modprobe.d/vfio.conf": ids["/etc/modprobe.d/vfio.conf"]}, "initramfs-tools")
    builtin = Kernel(NEWER, {}, frozenset({"vfio_pci"}), "/boot/config")
    _, now = next_boots(entry("old", "quiet"), image=image, files=ids)
    assert now[CARD].outcomes == ("vfio-pci",)
    facts, then = next_boots(entry("new", "quiet", NEWER), image=image, kernels=(builtin,), files=ids)
    assert then[CARD].outcomes == ("nouveau",)
    assert isinstance(facts.boot, Boot) and facts.boot.next_kernel == builtin
    both, _ = next_boots(entry("old", "quiet"), entry("new", "quiet", NEWER), kernels=(builtin,), left_open=OPEN)
    assert isinstance(both.boot, Boot) and both.boot.next_kernel == Unread(OPEN, Why.NOT_HERE)


def test_an_entry_whose_kernel_was_not_looked_at_is_not_taken_for_the_running_one() -> None:
    facts, _ = next_boots(entry("new", "quiet", "9.9"))
    assert isinstance(facts.boot, Boot)
    assert facts.boot.next_kernel == Unread("kernel 9.9 was not looked at", Why.NOT_HERE)
    unread = Unread("the kernel is not there", Why.ABSENT, "/boot/vmlinuz")
    other, _ = next_boots(entry("new", "quiet", unread))
    assert isinstance(other.boot, Boot) and other.boot.next_kernel == unread


def test_an_image_that_cannot_be_read_is_named_in_the_evidence() -> None:
    _, found = next_boots(entry("a", f"quiet {IDS}"), image=NONE)
    assert any(e.path.endswith("(it could not be read)") for e in found[CARD].evidence)


def test_the_column_on_disk_shows_the_entry_and_configured_the_sources() -> None:
    facts, snapshot = machine("clean", (("/etc/default/grub", f'GRUB_CMDLINE_LINUX="{IDS}"\n'),), "initramfs-tools", ())
    assert isinstance(facts.boot, Boot)
    one = entry("Debian", "quiet")
    facts = replace(facts, boot=replace(facts.boot, path=BootPath("grub", (), (one,))))
    view = isolation_view(facts, snapshot, (NextBoot(one, image_of(EARLY, "initramfs-tools")),))
    assert not isinstance(view, Unread)
    assert (view.columns[CARD].configured, view.columns[CARD].on_disk) == ("ids", "")
    assert view.forecasts[CARD].text == "nouveau"
