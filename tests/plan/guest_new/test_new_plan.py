"""From answers to a plan of a described host: what it holds passes every check, and what cannot be is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.hosts.guests import CARD, FINE_HOST, XHCI
from tests.machines import facts_of, root_of
from tests.plan.carried_out import carried_out
from tests.plan.guest.definitions import DESCRIPTOR, SECURE
from vfiotui.demo.description import Host
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Plan, from_json, to_json
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.new_guest import SYSTEMS, to_goal
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged
from vfiotui.plan.service import plan_goals
from vfiotui.rules import judge
from vfiotui.state.plan_inputs import RootInputs
from vfiotui.virt.schema import Schema

PROGRAMS = ("qemu-img", "swtpm", "swtpm_setup")
NETWORK = "<network><name>default</name></network>"
PLAIN = """{"interface-types": ["uefi"], "features": [], "mapping": {"device": "flash",
"executable": {"filename": "/usr/share/OVMF/OVMF_CODE_4M.fd", "format": "raw"},
"nvram-template": {"filename": "/usr/share/OVMF/OVMF_VARS_4M.fd", "format": "raw"}}}"""
ISO, DRIVERS, DISK = "/srv/install.iso", "/srv/virtio-win.iso", "/dev/disk/by-id/ata-games"
HOST = replace(
    FINE_HOST,
    guests=(),
    files={
        **FINE_HOST.files,
        SECURE: DESCRIPTOR,
        "/usr/share/qemu/firmware/60-plain.json": PLAIN,
        **{f"/usr/bin/{name}": "" for name in PROGRAMS},
        "/etc/libvirt/qemu/networks/default.xml": NETWORK,
        **dict.fromkeys((ISO, DRIVERS), "x"),
        "/proc/mounts": f"{FINE_HOST.files['/proc/mounts']}hugetlbfs /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n",
    },
)
SCHEMA = Schema(Root.live().bytes)


def without(*paths: str, **changes: Any) -> Host:
    """The host without some files."""
    return replace(HOST, files={p: t for p, t in HOST.files.items() if p not in paths}, **changes)


def planned(host: Host = HOST, **answers: Any) -> Plan:
    root = root_of(host)
    given = {"name": "new", **{k.replace("_", "-"): v for k, v in answers.items()}}
    return plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), [("guest.new", to_goal(given))])


def refused(host: Host = HOST, **answers: Any) -> str:
    with pytest.raises(PlanError) as caught:
        planned(host, **answers)
    return str(caught.value)


def xml_of(plan: Plan) -> str:
    found = [s.after for s in plan.steps if s.subject.startswith("/etc/libvirt/qemu/")]
    assert len(found) == 1 and found[0] is not None
    return found[0].decode()


def domain_of(plan: Plan) -> Domain:
    return parse(xml_of(plan), source="new")


def complaints(findings: Iterable[Finding]) -> list[str]:
    """Warnings and failures about the new guest."""
    bad = (f for f in findings if f.verdict is Verdict.FAILED and f.severity is not Severity.INFO)
    return [f"{f.code}: {f.sentence}" for f in bad if f.subject == "new"]


WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"devices": CARD, "iso": ISO},
    {"devices": [CARD, XHCI.bdf], "display": "looking-glass", "resolution": "3840x2160", "vcpus": 2, "pages": "hook"},
    {"disk": "none", "network": "none", "keep_cores": True, "memory": "4G"},
)


@pytest.mark.parametrize(("system", "way"), list(product(SYSTEMS, range(len(WAYS)))))
def test_every_way_fits_the_schema_and_no_check_warns_of_it(system: str, way: int) -> None:
    more = {"virtio_iso": DRIVERS} if system.startswith("windows") and way else {}
    plan = planned(system=system, **WAYS[way], **more)
    found = SCHEMA.problems(xml_of(plan))
    assert isinstance(found, Unread) or found == ()
    if system != "macos":
        # macOS starts with a chip of its own only, which a person adds.
        without_image = replace(plan, steps=tuple(s for s in plan.steps if s.kind != "disk_image"))
        images = {s.subject: "" for s in plan.steps if s.kind == "disk_image"}
        after = carried_out(replace(HOST, files={**HOST.files, **images}), without_image)
        assert complaints(judge(facts_of(after))) == []


def test_a_plan_from_a_file_is_known_as_our_own() -> None:
    plan = planned(devices=CARD, pages="hook", keep_cores=True)
    again = judged(from_json(to_json(plan)))
    assert (again.strange, again.raised, again.leads) == ((), (), ())
    moved = replace(plan, steps=tuple(replace(s, subject="/etc/passwd-") for s in plan.steps if s.kind == "disk_image"))
    assert judged(moved).strange == ("step 1 makes an image at /etc/passwd-",)
    odd = replace(moved, steps=tuple(replace(s, subject="/srv/a", after=b"vmdk 1;x") for s in moved.steps))
    assert "strange kind" in judged(odd).strange[0]


def test_windows_11_asks_for_secure_boot_tpm_and_its_enlightenments() -> None:
    domain = domain_of(planned(system="windows11", iso=ISO, virtio_iso=DRIVERS))
    assert domain.boot.feature("secure-boot") is True and domain.boot.feature("enrolled-keys") is True
    assert [(t.backend, t.version) for t in domain.devices.tpms] == [("emulator", "2.0")]
    assert {"stimer", "synic", "vpindex", "vapic"} <= domain.hyperv.on and domain.clock.offset == "localtime"
    assert [(d.target, d.bus) for d in domain.devices.disks] == [("sda", "scsi"), ("sdb", "sata"), ("sdc", "sata")]


def test_without_drivers_windows_gets_devices_that_it_knows() -> None:
    plan = planned(system="windows10")
    assert domain_of(plan).devices.disks[0].bus == "sata" and "model type='e1000e'" in xml_of(plan)
    assert any("virtio-iso" in note for note in plan.notes)
    assert domain_of(planned()).devices.disks[0].bus == "virtio"


def test_what_is_missing_is_named_with_its_package() -> None:
    assert "install swtpm" in refused(without("/usr/bin/swtpm"), system="windows11")
    assert "ovmf" in refused(without(SECURE), system="windows11")
    assert planned(without(SECURE, "/usr/bin/swtpm")).steps
    # The demo's tree has qemu-img whatever its files say.
    assert "qemu-img is not installed" in refused(
        replace(HOST, remove=("/usr/bin/qemu-img",), files=without("/usr/bin/qemu-img").files)
    )


def test_without_kvm_qemu_translates_and_it_is_said() -> None:
    plan = planned(replace(HOST, remove=("/dev/kvm",)), system="windows10")
    domain = domain_of(plan)
    assert (domain.domain_type, domain.cpu_mode, domain.hyperv.on) == ("qemu", "maximum", frozenset())
    assert any("no /dev/kvm" in note and "maximum" in note for note in plan.notes)


def test_a_passed_card_is_the_screen_and_brings_its_functions_along() -> None:
    domain = domain_of(planned(devices=CARD))
    assert {h.address for h in domain.pci_hostdevs} == {d.bdf for d in FINE_HOST.pci if d.bdf[:-2] == CARD[:-2]}
    assert domain.devices.videos == ("none",) and domain.devices.graphics == () and domain.balloon == "none"
    assert "<input type='keyboard' bus='virtio'/>" in domain.xml
    glass = domain_of(planned(devices=CARD, display="looking-glass", resolution="2560x1440"))
    assert glass.looking_glass is not None and glass.looking_glass.size == 64 << 20
    assert glass.devices.graphics == ("spice",)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"devices": "00:1e.7"}, "no device at 0000:00:1e.7"),
        ({"display": "monitor"}, "needs a graphics card"),
        ({"vcpus": 999}, "more than the"),
        ({"memory": "16T"}, "leaves the host too little"),
        ({"iso": "/srv/gone.iso"}, "iso: there is nothing at /srv/gone.iso"),
        ({"iso": "/srv"}, "neither a file nor a drive"),
        ({"network": "network:gone"}, "no network 'gone'"),
        ({"disk": ISO}, "there is a file at /srv/install.iso already"),
        ({"disk": "/srv"}, "something that is no file"),
        ({"disk": "/gone/a.qcow2"}, "the folder /gone is not there"),
        ({"disk": "none", "disk_size": "1G"}, "has no size"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(answers: dict[str, Any], words: str) -> None:
    assert words in refused(**answers)


def test_a_name_that_is_taken_is_refused() -> None:
    assert "already" in refused(replace(HOST, guests=FINE_HOST.guests), name=FINE_HOST.guests[0].name)
    damaged = replace(HOST, files={**HOST.files, "/etc/libvirt/qemu/new.xml": "<domain>"})
    assert "already" in refused(damaged)
    both = [("guest.new", to_goal({"name": "new", "disk": "none"}))] * 2
    root = root_of(HOST)
    plan = plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), both[:1])
    assert len(plan.steps) == 1


def test_huge_pages_are_taken_only_where_they_are_free() -> None:
    free = replace(HOST, huge_2m=(4096, 4096))
    assert domain_of(planned(free, memory="8G", disk="none")).huge_pages
    assert not domain_of(planned(free, memory="8194M", disk="none")).huge_pages
    assert not domain_of(planned(free, memory="8G", disk="none", pages="none")).huge_pages
    hooked = planned(replace(HOST, huge_2m=(0, 0)), memory="4G", disk="none", pages="hook")
    assert domain_of(hooked).huge_pages and any("pages" in s.subject for s in hooked.steps)


def test_a_network_of_libvirt_is_taken_where_there_is_one() -> None:
    assert "network='default'" in xml_of(planned(disk="none"))
    bare = without("/etc/libvirt/qemu/networks/default.xml").files
    alone = planned(replace(HOST, files=bare, remove=("/etc/libvirt/qemu/networks/default.xml",)), disk="none")
    assert "<interface type='user'>" in xml_of(alone) and any('network "default"' in n for n in alone.notes)


@pytest.mark.parametrize("name", ["<b>\"x\" & 'y'", "东京 ü", "a b", "$(id)`;#%", "]]>", "--x"])
def test_odd_names_stand_in_the_definition_as_they_are(name: str) -> None:
    root = root_of(HOST)
    goal = ("guest.new", to_goal({"name": name, "disk": "none"}))
    plan = plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), [goal])
    assert parse((plan.steps[0].after or b"").decode(), source="x").name == name
