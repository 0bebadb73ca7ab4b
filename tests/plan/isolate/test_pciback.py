"""xen-pciback in the prediction and when a device goes back: hide= as its driver reads it, in Xen's dom0 only.

What the driver does: drivers/xen/xen-pciback/pci_stub.c (pcistub_init, pcistub_probe, xen_pcibk_init).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.hosts.base import AUDIO, BRIDGE, IGPU, gpu
from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import CARD, NONE, SOUND, image_of
from vfiotui.demo.description import Host
from vfiotui.formats.modprobe.xen_hide import elements, hiding, without
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.pci.binding_state import PCIBACK
from vfiotui.plan.draft import PlanError
from vfiotui.plan.isolate.prediction import forecast
from vfiotui.plan.service import look_at_isolation, plan_goals
from vfiotui.state.plan_inputs import RootInputs

HIDE = "xen-pciback.hide=(01:00.0)(01:00.1)"
BUILT_IN = "kernel/drivers/xen/xen-pciback/xen-pciback.ko"
LISTED = {"/etc/modules-load.d/xen.conf": "xen-pciback\n"}
SOFT = "softdep nouveau pre: xen-pciback\nsoftdep snd_hda_intel pre: xen-pciback\n"
XEN_MENU = """menuentry 'Debian, with Xen' {
  multiboot2 /xen.gz placeholder
  module2 /vmlinuz-6.12.9-amd64 placeholder root=/dev/sda2 ro %s
  module2 /initrd.img-6.12.9-amd64
}
menuentry 'Debian' {
  linux /vmlinuz-6.12.9-amd64 root=/dev/sda2 ro %s
  initrd /initrd.img-6.12.9-amd64
}
set default=%s
"""


def dom0(words: str, files: dict[str, str] | None = None, default: str = "0", **more: object) -> Host:
    """A dom0 whose card and sound have drivers of the host, and whose menu starts Xen first."""
    host = HOSTS["xen-dom0"]
    menu = {"/boot/grub/grub.cfg": XEN_MENU % (words, words, default)}
    pci = (BRIDGE, IGPU, gpu(CARD, 2, driver="nouveau"), replace(AUDIO, driver="snd_hda_intel"))
    return replace(
        host, pci=pci, default_cmdline=words, cmdline=f"root=/dev/sda2 ro {words}",
        files={**host.files, **menu, **(files or {})}, **more,
    )  # fmt: skip


def inputs_of(host: Host) -> RootInputs:
    return RootInputs(root_of(host), lambda: NONE, daemon=False)


def next_boot(host: Host) -> dict[str, Forecast]:
    """The forecast with an image that holds no drivers."""
    found = forecast(facts_of(host), read_config_snapshot(root_of(host)), image_of({}, "initramfs-tools"))
    assert not isinstance(found, Unread)
    return {f.bdf: f for f in found}


def test_a_driver_in_the_kernel_takes_what_the_word_hides() -> None:
    found = next_boot(dom0(HIDE, builtin=(BUILT_IN,)))
    assert found[CARD].text == found[SOUND].text == "pciback"
    assert "hides (01:00.0)" in found[CARD].why and found[CARD].stays_bound
    assert found["0000:00:02.0"].text != "pciback"


def test_it_is_ahead_of_drivers_and_stubs_in_the_kernel() -> None:
    both = (BUILT_IN, "kernel/drivers/pci/pci-stub.ko", "kernel/drivers/gpu/drm/nouveau/nouveau.ko")
    assert next_boot(dom0(f"{HIDE} pci-stub.ids=10de:13c2", builtin=both))[CARD].text == "pciback"


def test_as_a_module_it_takes_nothing_until_something_loads_it() -> None:
    assert next_boot(dom0(HIDE))[CARD].text == "nouveau"
    assert next_boot(dom0(HIDE, LISTED))[CARD].text == "nouveau or pciback"
    ordered = {**LISTED, "/etc/modprobe.d/xen.conf": SOFT}
    assert next_boot(dom0(HIDE, ordered))[CARD].text == "pciback"
    by_options = {"/etc/modprobe.d/xen.conf": f"options xen-pciback hide=(01:00.0)(01:00.1)\n{SOFT}"}
    assert next_boot(dom0("quiet", by_options))[SOUND].text == "pciback"


def test_outside_of_dom0_the_module_refuses() -> None:
    """The second entry of the menu starts the same kernel without Xen."""
    files = {**LISTED, "/etc/modprobe.d/xen.conf": SOFT}
    assert next_boot(dom0(HIDE, files, default="1"))[CARD].text == "nouveau"


def test_a_value_that_the_driver_cannot_read_hides_nothing() -> None:
    for words in ("xen-pciback.hide=01:00.0", "xen-pciback.hide=(01:00.0),(01:00.1)"):
        assert next_boot(dom0(words, builtin=(BUILT_IN,)))[CARD].text == "nouveau"


def test_vfio_pci_gets_nothing_in_dom0() -> None:
    ids = {"/etc/modprobe.d/v.conf": "options vfio-pci ids=10de:13c2\nsoftdep nouveau pre: vfio-pci\n"}
    found = next_boot(dom0("quiet", ids))[CARD]
    assert found.text == "nouveau" and "Xen owns the IOMMU" in found.why
    assert next_boot(dom0("quiet", ids, default="1"))[CARD].text == "vfio-pci"


def test_the_columns_name_it() -> None:
    host = dom0(HIDE, builtin=(BUILT_IN,))
    view = look_at_isolation(inputs_of(host), facts_of(host))
    assert not isinstance(view, Unread)
    assert view.columns[CARD].configured == PCIBACK and view.is_bound(CARD)


def test_a_device_goes_back_by_its_element_alone() -> None:
    host = dom0(HIDE, builtin=(BUILT_IN,))
    plan = plan_goals(inputs_of(host), [("isolate.off", SOUND)])
    grub = next(s.after.decode() for s in plan.steps if s.subject == "/etc/default/grub" and s.after)
    assert '"xen-pciback.hide=(01:00.0)"' in grub and plan.released == ((SOUND, ""),)
    whole = plan_goals(inputs_of(host), [("isolate.off", f"{CARD},{SOUND}")])
    grub = next(s.after.decode() for s in whole.steps if s.subject == "/etc/default/grub" and s.after)
    assert "pciback" not in grub


def test_a_device_goes_back_out_of_modprobe_d() -> None:
    options = {"/etc/modprobe.d/xen.conf": f"options xen-pciback hide=(01:00.0)(01:00.1)\n{SOFT}"}
    plan = plan_goals(inputs_of(dom0("quiet", options)), [("isolate.off", CARD)])
    after = next(s.after.decode() for s in plan.steps if s.subject == "/etc/modprobe.d/xen.conf" and s.after)
    assert "options xen-pciback hide=(01:00.1)" in after


def test_a_pattern_for_others_is_left_and_the_plan_refused() -> None:
    host = dom0("xen-pciback.hide=(01:00.*)", builtin=(BUILT_IN,))
    with pytest.raises(PlanError, match=r"hides \(01:00\.\*\), which names other devices too"):
        plan_goals(inputs_of(host), [("isolate.off", CARD)])


@pytest.mark.parametrize(
    ("value", "bdf", "element"),
    [
        ("(01:00.0)", CARD, "(01:00.0)"),
        ("(0000:01:00.0)", CARD, "(0000:01:00.0)"),
        ("(1:0.0)", CARD, "(1:0.0)"),
        (" (02:00.0)\t(01:*.*)", CARD, "(01:*.*)"),
        ("(01:00.1)", CARD, ""),
        ("(0001:01:00.0)", CARD, ""),
        ("(01:00.0", CARD, ""),
        ("(01:*.0)", CARD, ""),
        ("(01:00.0)x", CARD, ""),
        ("(ffffffff:ffffffff:ffffffff.ffffffff)", CARD, ""),
        ("\0(01:00.0)", CARD, ""),
        ("", CARD, ""),
    ],
)
def test_elements(value: str, bdf: str, element: str) -> None:
    assert hiding(value, bdf) == element


def test_a_long_value_is_read_at_once() -> None:
    assert len(elements("(01:00.0)" * 100_000) or ()) == 100_000
    assert elements("(" * 1_000_000) is None
    assert without("(01:00.0)" * 3 + "(02:00.0)", CARD) == "(02:00.0)"
